"""Ends the children of an `up` that was killed. Run as a script, with nothing but Python itself.

The supervisor holds the other end of our standard input and writes which children live: `+ 123 9`
(a process, and the signal that ends it), `- 123`, and `done` when it ends in good order. If the
input ends without that word the supervisor is dead, and its children go with it, grandchildren
included. The kernel closes the pipe, whatever killed the supervisor.
"""

import contextlib
import os
import signal
import sys
import time

SECONDS_TO_STOP = 5


def main() -> None:
    for order in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(order, signal.SIG_IGN)
    living: dict[int, int] = {}
    for line in sys.stdin:
        if line.strip() == "done":
            return
        change(living, line.split())
    end(living)


def change(living: dict[int, int], words: list[str]) -> None:
    if words[0] == "+":
        living[int(words[1])] = int(words[2])
    else:
        living.pop(int(words[1]), None)


def end(living: dict[int, int]) -> None:
    """No group of `living` is left."""
    for group, order in living.items():
        send(group, order)
    deadline = time.monotonic() + SECONDS_TO_STOP
    while any(send(group, 0) for group in living) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in living:
        send(group, signal.SIGKILL)


def send(group: int, order: int) -> bool:
    """False if the group is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, order)
        return True
    return False


if __name__ == "__main__":
    main()
