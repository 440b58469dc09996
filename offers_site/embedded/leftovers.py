"""Ends what an earlier run has left: found by the notes it wrote."""

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping

import psutil

from offers_site.embedded import notes
from offers_site.embedded.places import Places

SECONDS_TO_STOP = 10


def note(places: Places, pids: Mapping[str, int]) -> None:
    """The children note names these processes, each with its birth, for numbers are used again."""
    children = []
    for name, pid in pids.items():
        with contextlib.suppress(psutil.Error):
            children.append({"name": name, "pid": pid, "born": psutil.Process(pid).create_time()})
    notes.write(places.children_note, children)


def end_leftovers(places: Places) -> None:
    """No process of an earlier run is left. Called when, by the locks, nothing is meant to run."""
    leftovers = list(_leftovers(places))
    for name, process in leftovers:
        order = signal.SIGQUIT if name == "postgres" else signal.SIGKILL
        _end(process.pid, order)
    _, alive = psutil.wait_procs([process for _, process in leftovers], SECONDS_TO_STOP)
    for process in alive:
        _end(process.pid, signal.SIGKILL)
    psutil.wait_procs(alive, SECONDS_TO_STOP)
    _end_orphans(places)
    notes.remove(places.children_note)


def _leftovers(places: Places) -> Iterator[tuple[str, psutil.Process]]:
    for note in notes.read(places.children_note) or []:
        with contextlib.suppress(psutil.Error, KeyError, TypeError):
            process = psutil.Process(note["pid"])
            if abs(process.create_time() - note["born"]) < 1:
                yield note["name"], process


def _end_orphans(places: Places) -> None:
    """Whoever led their group is dead, and its number may belong to others by now: they are known
    by the data directory in their environment too.
    """
    noted = notes.read(places.children_note) or []
    groups = {note.get("pid") for note in noted if isinstance(note, dict)}
    killed = []
    for process in psutil.process_iter() if groups else ():
        with contextlib.suppress(psutil.Error, OSError):
            ours = os.getpgid(process.pid) in groups
            if ours and process.environ().get("OVERTURE_DATA_DIR") == str(places.data):
                process.kill()
                killed.append(process)
    psutil.wait_procs(killed, SECONDS_TO_STOP)


def _end(pid: int, order: signal.Signals) -> None:
    """The group of `pid`, which it leads, is sent `order`."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, order)
