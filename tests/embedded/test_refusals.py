import errno
import json
import os
import socket
from pathlib import Path

import pytest

from offers_site.embedded import datadir, refusals
from offers_site.embedded.addresses import check_port, local_url, resolved
from offers_site.embedded.places import Places
from offers_site.embedded.refusals import CannotStart

DATA = Path("/srv/overture")


@pytest.fixture
def places(tmp_path):
    places = Places(tmp_path / "data")
    datadir.open_directory(places)
    return places


def test_nobody_else_reads_mail_or_changes_what_is_there(tmp_path):
    before = os.umask(0)
    try:
        places = Places(tmp_path / "data")
        datadir.open_directory(places)
    finally:
        os.umask(before)

    assert oct(places.data.stat().st_mode) == "0o40755"
    assert oct(places.mail.stat().st_mode) == "0o40700"
    assert oct(places.run.stat().st_mode) == "0o40700"


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (
            refusals.cannot_write(DATA, OSError(errno.EROFS, "")),
            "/srv/overture is on a read-only disk: name a directory that can be written with"
            " --data-dir.",
        ),
        (
            refusals.cannot_write(DATA, OSError(errno.ENOSPC, "")),
            "/srv/overture is on a disk that is full: make room, or name another directory with"
            " --data-dir.",
        ),
        (
            refusals.cannot_write(DATA, OSError(errno.EIO, "")),
            "/srv/overture cannot be used: Input/output error.",
        ),
        (
            refusals.too_little_room(DATA, 5 * 2**20, 200 * 2**20),
            "The disk of /srv/overture has only 5 MB free and Overture needs 200 MB: make room, or"
            " name another directory with --data-dir.",
        ),
        (
            refusals.already_running(DATA, 12, "http://localhost:8000"),
            "Overture already runs on /srv/overture (process 12, http://localhost:8000): stop it"
            " first, or name another directory with --data-dir.",
        ),
        (
            refusals.unreachable("database", "DATABASE_URL", "connection failed: no.\nmore\n"),
            "The database of DATABASE_URL cannot be reached: connection failed: no.",
        ),
        (
            refusals.server_failed(
                "PostgreSQL", "LOG:  starting\nFATAL:  it is broken\nLOG:  bye\n"
            ),
            "PostgreSQL could not start: FATAL:  it is broken.",
        ),
        (
            refusals.server_failed("PostgreSQL", "PANIC: write: No space left on device\n"),
            "PostgreSQL could not start because the disk is full: make room.",
        ),
        (refusals.server_failed("Redis", ""), "Redis could not start: it said nothing."),
    ],
)
def test_every_refusal_is_one_sentence_that_says_what_to_do(refusal, sentence):
    assert str(refusal) == sentence


def test_a_data_directory_is_made_and_left_without_traces(places):
    assert sorted(path.name for path in places.data.iterdir()) == ["mail", "run"]
    assert list(places.run.iterdir()) == []


def test_a_file_is_no_data_directory(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(CannotStart, match="is not a directory"):
        datadir.open_directory(Places(tmp_path / "file"))


def test_a_directory_of_another_user_is_refused(places, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: places.data.stat().st_uid + 1)

    with pytest.raises(CannotStart, match=f"^{places.data} belongs to user "):
        datadir.open_directory(places)


def test_a_full_disk_is_refused(places, monkeypatch):
    monkeypatch.setattr(datadir, "NEEDED_BYTES", 2**60)

    with pytest.raises(CannotStart, match="MB free and Overture needs"):
        datadir.check_room(places)


def test_a_new_directory_is_marked(places):
    datadir.check_marker(places)

    assert json.loads(places.marker.read_text()) == {"format": 1, "postgres": 18}
    datadir.check_marker(places)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"format": 2, "postgres": 18}', "newer Overture"),
        ('{"format": ', "is damaged"),
        ("[]", "is damaged"),
        ('{"format": "1"}', "is damaged"),
    ],
)
def test_a_strange_mark_is_refused(places, content, sentence):
    places.marker.write_text(content)

    with pytest.raises(CannotStart, match=sentence):
        datadir.check_marker(places)
    assert places.marker.read_text() == content


def test_the_cluster_of_another_postgresql_is_refused(places):
    places.postgres.mkdir()
    (places.postgres / "PG_VERSION").write_text("17\n")

    with pytest.raises(CannotStart, match="made by PostgreSQL 17 and this Overture brings"):
        datadir.check_marker(places)


def test_a_busy_port_is_refused():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        with pytest.raises(CannotStart, match=f"^Port {port} on 127.0.0.1 is in use"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)


def test_a_foreign_address_is_refused():
    with pytest.raises(CannotStart, match=r"no address 192\.0\.2\.1:"):
        check_port("192.0.2.1", 8000)
    with pytest.raises(CannotStart, match=r"no address nowhere\.invalid:"):
        resolved("nowhere.invalid", 8000)


def test_a_machine_without_ipv4_learns_what_to_write():
    assert str(refusals.unknown_host("127.0.0.1")) == (
        "This machine has no address 127.0.0.1: choose another one with --host, as --host ::1."
    )


@pytest.mark.parametrize(
    "host", ["", "[::1]", "127.0.0.1:80", "http://offers", "fe80::1%eth0", "a b"]
)
def test_what_is_no_host_is_refused_as_that(host):
    with pytest.raises(CannotStart) as refusal:
        resolved(host, 8000)
    assert str(refusal.value) == (
        f"--host takes a name or an address of this machine, as 127.0.0.1 or ::1, not {host!r}."
    )


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://localhost:8000"),
        ("localhost", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("192.0.2.1", "http://192.0.2.1:8000"),
        ("2001:db8::1", "http://[2001:db8::1]:8000"),
        ("0.0.0.0", f"http://{socket.gethostname()}:8000"),  # noqa: S104 (only named)
    ],
)
def test_the_address_that_is_printed_can_be_typed(host, url):
    assert local_url(host, 8000) == url
