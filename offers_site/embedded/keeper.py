"""Keeps the servers that commands started, for as long as any command uses them.

`python -m offers_site.embedded.keeper DIRECTORY WHAT` starts what is asked for, writes one line to
its standard output ("ready", or why not), and waits until nobody shares the lock of `using`. The
kernel releases that lock for a command that was killed, so servers never outlive their last user.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from offers_site.embedded import leftovers, notes
from offers_site.embedded.locks import Lock
from offers_site.embedded.places import Places
from offers_site.embedded.refusals import CannotStart, cannot_write
from offers_site.embedded.servers import running, servers

READY = "ready"
SECONDS_BETWEEN_LOOKS = 0.1
SECONDS_FOR_ANOTHER_KEEPER = 15


class Asked(SystemExit):
    """Somebody asked the keeper to end."""


def main(data: str, what: str) -> None:
    for order in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(order, _end)
    places = Places(Path(data))
    keeping = Lock(places.keeping)
    if not keeping.take_within(SECONDS_FOR_ANOTHER_KEEPER):
        report("A command with other settings uses this data directory: wait for its end.")
        return
    notes.write(places.keeper_note, os.getpid())
    try:
        leftovers.end_leftovers(places)
        with running(places, servers(places, what.split(","))) as processes:
            report(READY)
            wait_for_the_last(Lock(places.using), processes)
    except CannotStart as reason:
        report(str(reason))
    except OSError as reason:
        report(str(cannot_write(places.data, reason)))


def _end(order: int, frame: FrameType | None) -> None:
    for ignored in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(ignored, signal.SIG_IGN)
    raise Asked(0)


def report(sentence: str) -> None:
    """The command that started the keeper reads `sentence`, if it still lives."""
    with suppress(OSError):
        os.write(sys.stdout.fileno(), f"{sentence}\n".encode())
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def wait_for_the_last(using: Lock, processes: list[subprocess.Popen[bytes]]) -> None:
    """Returns when nobody uses the servers, or one of them has died; then holds the lock alone."""
    while not using.try_take():
        if any(process.poll() is not None for process in processes):
            return
        time.sleep(SECONDS_BETWEEN_LOOKS)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
