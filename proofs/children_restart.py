"""Each child that is killed is started again, and /readyz is good again."""

import time
from collections.abc import Callable

import psutil

from proofs.installation import Disproved, Installation, must, wait_for

CHILDREN = {
    "postgres": "postgres",
    "redis": "redis-server",
    "web": "granian",
    "interactive": "interactive@%h",
    "bulk": "bulk@%h",
    "beat": "beat",
    "guard": "guard.py",
}


def prove(make: Callable[[str], Installation]) -> str:
    here = make("children")
    here.start()
    here.write_row(1)
    said = [f"{name} {restart(here, name, word):.1f} s" for name, word in CHILDREN.items()]
    kill_workers(here)
    must(here.rows() == [1], "a row was lost")
    here.stop()
    return ", ".join(said)


def restart(here: Installation, name: str, word: str) -> float:
    """Seconds until a killed child has a successor and the installation is ready."""
    victim = here.child(word)
    members = [victim, *victim.children(recursive=True)]
    began = time.monotonic()
    victim.kill()
    wait_for(lambda: has_successor(here, word, victim), 40, f"{name} was not started again")
    here.must_be_ready()
    orphans = [process for process in members if is_alive(process)]
    must(not orphans, f"orphans of {name} still run: {orphans}")
    return time.monotonic() - began


def has_successor(here: Installation, word: str, victim: psutil.Process) -> bool:
    try:
        return here.child(word).pid != victim.pid
    except Disproved:
        return False


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill_workers(here: Installation) -> None:
    """One process of the web's and one of a worker's are killed; their parents replace them."""
    for word in ("granian", "bulk@%h"):
        parent = here.child(word)
        wait_for(parent.children, 20, f"{word} has no processes")
        before = len(parent.children())
        parent.children()[0].kill()
        wait_for(
            lambda parent=parent, before=before: len(parent.children()) >= before,  # type: ignore[misc] # bound early
            20,
            f"a process of {word} was not replaced",
        )
    here.must_be_ready()
