import os
import stat
from pathlib import Path

import pytest

from offers_site.embedded.places import LONGEST_SOCKET_DIRECTORY, Places
from offers_site.embedded.refusals import CannotStart
from offers_site.embedded.running import prepare_metrics
from offers_site.embedded.servers import prepare_sockets, remove_sockets


def test_sockets_stand_in_the_data_directory():
    assert Places(Path("/srv/overture")).sockets == Path("/srv/overture/run/sockets")


@pytest.mark.parametrize("name", ["a" * 100, "my offers", "one,two", "50%", "été", "a?b", "a#b"])
def test_a_name_that_sockets_cannot_have_is_replaced_by_a_short_one(name):
    sockets = Places(Path("/srv") / name).sockets

    assert sockets.parent == Path("/tmp")  # noqa: S108 (what is tested)
    assert len(os.fsencode(sockets)) <= LONGEST_SOCKET_DIRECTORY


def test_two_directories_never_share_their_sockets():
    assert Places(Path("/srv/a b")).sockets != Places(Path("/srv/a  b")).sockets


def test_the_place_of_the_sockets_does_not_hang_on_the_terminal(monkeypatch):
    before = Places(Path("/srv/a b")).sockets
    monkeypatch.setenv("TMPDIR", "/var/tmp")  # noqa: S108 (what is tested)

    assert Places(Path("/srv/a b")).sockets == before


def test_nobody_else_can_enter_the_directory_of_the_sockets(tmp_path):
    places = Places(tmp_path / "data with a space")

    prepare_sockets(places, None)

    assert stat.S_IMODE(places.sockets.stat().st_mode) == 0o700
    remove_sockets(places)
    assert not places.sockets.exists()


def test_counters_stand_in_memory_for_a_full_disk_would_kill_whoever_counts(tmp_path, monkeypatch):
    monkeypatch.setattr("offers_site.embedded.places.IN_MEMORY", tmp_path)
    first, second = Places(tmp_path / "a"), Places(tmp_path / "b")

    prepare_metrics(first)
    (first.metrics / "counter_1.db").touch()
    prepare_metrics(first)

    assert first.metrics.parent == tmp_path
    assert list(first.metrics.iterdir()) == []
    assert stat.S_IMODE(first.metrics.stat().st_mode) == 0o700
    assert second.metrics != first.metrics


def test_counters_stand_in_the_data_directory_where_memory_has_no_name(tmp_path, monkeypatch):
    monkeypatch.setattr("offers_site.embedded.places.IN_MEMORY", tmp_path / "none")

    assert Places(tmp_path).metrics == tmp_path / "run" / "metrics"


def test_what_somebody_else_put_in_place_of_the_counters_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("offers_site.embedded.places.IN_MEMORY", tmp_path)
    places = Places(tmp_path / "data")
    places.metrics.write_text("a file, which is not ours to delete")

    with pytest.raises(CannotStart, match="belongs to another user"):
        prepare_metrics(places)


@pytest.fixture
def short(tmp_path_factory):
    """A directory whose name is short enough to hold its sockets."""
    return tmp_path_factory.mktemp("s")


def test_a_directory_of_sockets_that_others_can_enter_is_refused(short):
    places = Places(short)
    places.sockets.mkdir(parents=True)
    places.sockets.chmod(0o777)

    with pytest.raises(CannotStart, match="open to others"):
        prepare_sockets(places, None)


def test_a_link_in_place_of_the_sockets_is_refused(short):
    places = Places(short)
    places.run.mkdir()
    (short / "elsewhere").mkdir(mode=0o700)
    places.sockets.symlink_to(short / "elsewhere")

    with pytest.raises(CannotStart):
        prepare_sockets(places, None)
