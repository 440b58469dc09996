"""What the children say, on our standard output, without their waiting for whoever reads it."""

import contextlib
import os
import queue
import sys
import threading
import time
from collections import deque
from typing import IO

MOST_WAITING = 10_000
LONGEST_LINE = 64 * 1024
LINES_KEPT = 50
COLOURS = ("36", "33", "35", "32", "34", "31", "96")
STANDARD_OUTPUT = 1


class Output:
    """Lines from many children become one stream.

    A reader that is slow or gone costs lines, and says how many; it never holds up a child.
    """

    def __init__(self, names: list[str]) -> None:
        self._waiting: queue.Queue[bytes] = queue.Queue(MOST_WAITING)
        self._lost = 0
        self._prefixes = prefixes(names, coloured=is_coloured())
        self.said: dict[str, deque[str]] = {name: deque(maxlen=LINES_KEPT) for name in names}
        threading.Thread(target=self._write, name="output", daemon=True).start()

    def follow(self, name: str, pipe: IO[bytes]) -> None:
        """Every line that comes out of `pipe` is shown as one of `name`."""
        thread = threading.Thread(target=self._read, args=(name, pipe), name=name, daemon=True)
        thread.start()

    def say(self, sentence: str, name: str = "overture") -> None:
        self._put(self._prefixes[name] + sentence.encode(errors="replace") + b"\n")

    def announce(self, lines: list[str]) -> None:
        """The lines stand plainly on the output, set off from what surrounds them."""
        self._put("".join(f"{line}\n" for line in ["", *lines, ""]).encode(errors="replace"))

    def drain(self, seconds: float) -> None:
        """What was said has been written, or `seconds` are over."""
        deadline = time.monotonic() + seconds
        while self._waiting.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)

    def _read(self, name: str, pipe: IO[bytes]) -> None:
        with pipe, contextlib.suppress(OSError, ValueError):
            while line := pipe.readline(LONGEST_LINE):
                if text := line.rstrip():
                    self.said[name].append(text.decode(errors="replace"))
                    self._put(self._prefixes[name] + text + b"\n")

    def _put(self, line: bytes) -> None:
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self._lost += 1

    def _write(self) -> None:
        broken = False
        while True:
            line = self._waiting.get()
            if self._lost and not broken:
                lost, self._lost = self._lost, 0
                line = self._prefixes["overture"] + f"{lost} lines were left out\n".encode() + line
            broken = broken or not _write_all(line)
            self._waiting.task_done()


def _write_all(text: bytes) -> bool:
    """False if nobody can read it any more."""
    while text:
        try:
            text = text[os.write(STANDARD_OUTPUT, text) :]
        except BlockingIOError:
            time.sleep(0.05)
        except OSError:
            return False
    return True


def is_coloured() -> bool:
    return os.isatty(STANDARD_OUTPUT) and not os.environ.get("NO_COLOR")


def prefixes(names: list[str], *, coloured: bool) -> dict[str, bytes]:
    """What stands before a line of each child: its name, padded, in a colour of its own."""
    width = max(len(name) for name in names)
    found = {}
    for position, name in enumerate(names):
        colour = COLOURS[position % len(COLOURS)]
        plain = f"{name:<{width}} | "
        found[name] = (f"\x1b[{colour}m{plain}\x1b[0m" if coloured else plain).encode()
    return found


def hold_standard_files() -> None:
    """Files 0, 1 and 2 are open: else the next file to be opened becomes our standard output."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (for the life of the process)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
