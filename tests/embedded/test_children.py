"""Supervision, with children of a line each."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from offers_site.embedded import children, leftovers, notes
from offers_site.embedded.children import Program, Supervisor, pause
from offers_site.embedded.output import Output
from offers_site.embedded.places import Places

NAMES = ["overture", "one", "two"]
FOR_EVER = "import time; time.sleep(60)"
IGNORE = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)"
DEAF = f"{IGNORE}; {FOR_EVER}"
PARENT = f"import subprocess; subprocess.Popen(['sleep', '60']); {FOR_EVER}"


@pytest.fixture
def places(tmp_path):
    places = Places(tmp_path)
    places.run.mkdir()
    return places


@pytest.fixture
def supervisor(places, monkeypatch):
    monkeypatch.setattr(children, "SHORTEST_PAUSE", 0.05)
    supervisor = Supervisor(places, Output(NAMES))
    yield supervisor
    supervisor.stop(supervisor.names(), is_hurried=lambda: True)
    supervisor.close()


def program(code, name="one", **options):
    command = [sys.executable, "-c", code]
    return Program(name, command, dict(os.environ), directory=Path.cwd(), **options)


def watch(supervisor, until, seconds=10):
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline
        supervisor.look(time.monotonic())
        time.sleep(0.01)


def is_gone(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_the_pause_doubles_up_to_half_a_minute():
    assert [pause(deaths) for deaths in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert pause(10_000) == 30


def test_a_child_that_dies_starts_again(supervisor):
    child = supervisor.start(program(FOR_EVER))
    first = child.process.pid

    os.kill(first, signal.SIGKILL)
    watch(supervisor, lambda: child.process and child.process.pid != first)

    assert child.deaths == 1
    assert supervisor.deaths_of("one") == 1


def test_a_child_that_cannot_live_is_started_less_and_less_often(supervisor):
    child = supervisor.start(program("raise SystemExit(3)"))
    began = time.monotonic()

    watch(supervisor, lambda: child.deaths == 3)

    assert time.monotonic() - began >= 0.05 + 0.1


def test_a_minute_of_life_is_enough_to_begin_anew(supervisor):
    child = supervisor.start(program(FOR_EVER))
    child.deaths = 7
    child.born -= 61

    child.process.kill()
    watch(supervisor, lambda: child.process is None)

    assert child.deaths == 1


def test_a_program_that_is_missing_is_tried_again(supervisor):
    child = supervisor.start(Program("one", ["/nowhere/at/all"], {}, directory=Path("/")))

    assert child.process is None
    watch(supervisor, lambda: child.deaths == 2)


def test_the_orphans_of_a_child_end_before_its_successor_starts(supervisor):
    child = supervisor.start(program(PARENT))
    parent = psutil.Process(child.process.pid)
    watch(supervisor, parent.children)
    (orphan,) = parent.children()

    parent.kill()
    watch(supervisor, lambda: child.process is None)
    watch(supervisor, lambda: is_gone(orphan) or child.process)  # a kill takes its moment

    assert is_gone(orphan)
    assert child.process is None


def test_stopping_ends_the_whole_group(supervisor):
    child = supervisor.start(program(PARENT))
    parent = psutil.Process(child.process.pid)
    watch(supervisor, parent.children)
    family = [parent, *parent.children()]

    supervisor.stop({"one"}, is_hurried=lambda: False)

    assert all(is_gone(process) for process in family)
    assert supervisor.names() == set()


def test_a_child_that_does_not_listen_is_killed_when_its_time_is_over(supervisor):
    child = supervisor.start(program(DEAF, patience=0.3))
    watch(supervisor, lambda: supervisor._output.said["one"])
    process = psutil.Process(child.process.pid)
    began = time.monotonic()

    supervisor.stop({"one"}, is_hurried=lambda: False)

    assert is_gone(process)
    assert 0.3 <= time.monotonic() - began < 3


def test_only_those_named_are_stopped(supervisor):
    supervisor.start(program(FOR_EVER))
    other = supervisor.start(program(FOR_EVER, name="two"))

    supervisor.stop({"one"}, is_hurried=lambda: False)

    assert other.process.poll() is None


def test_the_guard_is_replaced_and_knows_the_children(supervisor):
    child = supervisor.start(program(FOR_EVER))
    first = supervisor._guard
    first.kill()
    watch(supervisor, lambda: supervisor._guard is not first)

    supervisor._guard.stdin.close()  # as the kernel does when the supervisor is killed
    child.process.wait(10)
    supervisor._guard.wait(10)


def test_the_guard_leaves_what_has_ended_in_good_order(supervisor):
    child = supervisor.start(program(FOR_EVER))

    supervisor.close()

    assert child.process.poll() is None


def test_what_an_earlier_run_has_left_is_ended(places):
    left = subprocess.Popen(["sleep", "60"], start_new_session=True)
    leftovers.note(places, {"web": left.pid})

    leftovers.end_leftovers(places)

    left.wait(5)
    assert notes.read(places.children_note) is None


ORPHAN = "import subprocess; print(subprocess.Popen(['sleep', '60']).pid, flush=True); input()"


@pytest.mark.parametrize(("data", "stays"), [("", False), ("/another", True)])
def test_those_whose_leader_was_killed_are_ended_if_they_are_ours(places, data, stays):
    """As the processes of the web, who go on listening."""
    left = subprocess.Popen(
        [sys.executable, "-c", ORPHAN],
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"OVERTURE_DATA_DIR": data or str(places.data)},
    )
    orphan = psutil.Process(int(left.stdout.readline()))
    leftovers.note(places, {"web": left.pid})
    left.kill()
    left.wait()
    left.stdin.close()
    left.stdout.close()

    leftovers.end_leftovers(places)

    _, alive = psutil.wait_procs([orphan], 0.5 if stays else 5)
    assert bool(alive) is stays
    if stays:
        orphan.kill()


def test_a_process_that_has_only_got_the_number_of_one_of_ours_is_left_alone(places):
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    notes.write(places.children_note, [{"name": "web", "pid": stranger.pid, "born": 12345.0}])

    leftovers.end_leftovers(places)

    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


@pytest.mark.parametrize("garbled", ["", "{", '[{"pid": "x"}]', "[1]"])
def test_a_garbled_note_is_no_hindrance(places, garbled):
    places.children_note.write_text(garbled)

    leftovers.end_leftovers(places)
