"""Each child that is killed is started again, and /readyz is good again."""

import time
from collections.abc import Callable

import psutil

from proofs.installation import Disproved, Installation, must, wait_for

# A worker takes a task from its queue, be it after a while: it says so in its statistics.
WORK = """
import sys, time
from offers_site.celery import app
def done(name):
    found = app.control.inspect(timeout=3, limit=2).stats() or {}
    return [sum(of["total"].values()) for worker, of in found.items() if worker.startswith(name)]
for worker, queue in (("interactive@", "interactive"), ("bulk@", "bulk"), ("bulk@", "send")):
    deadline = time.monotonic() + 30
    while not (before := done(worker)) and time.monotonic() < deadline:
        pass
    app.send_task("jobs.tasks.wake_jobs", queue=queue)
    while done(worker) <= before and time.monotonic() < deadline:
        time.sleep(0.1)
    if time.monotonic() >= deadline:
        sys.exit(f"no work is done for {queue}")
"""
CHILDREN = {
    "postgres": "postgres",
    "redis": "redis-server",
    "web": "granian",
    "interactive": "interactive@%h",
    "bulk": "bulk@%h",
    "beat": "beat",
    "guard": "guard.py",
}
# Killed alone: the workers have to come to themselves without a restart of their own.
SERVERS = ("postgres", "redis")


def prove(make: Callable[[str], Installation]) -> str:
    here = make("children")
    here.start()
    here.write_row(1)
    must_work(here)
    for name in SERVERS:
        restart(here, name, CHILDREN[name])
    must_work(here)
    said = [f"{name} {restart(here, name, word):.1f} s" for name, word in CHILDREN.items()]
    must_work(here)
    kill_workers(here)
    must_work(here)
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


def must_work(here: Installation) -> None:
    """Each queue's work is done."""
    command = here.command("shell", "-v0", "-c", WORK)
    said, _ = command.communicate(timeout=120)
    must(command.returncode == 0, f"after the restarts: {said}")


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
