"""Locks that the kernel releases when their holder dies, however it dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Lock:
    """One file that many processes lock, shared or exclusively. The file itself means nothing."""

    def __init__(self, path: Path) -> None:
        # Not inheritable, so a child does not keep the lock of a parent that died.
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def share(self) -> None:
        """Hold the lock together with others, as soon as nobody holds it alone."""
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def take(self) -> None:
        """Hold the lock alone, as soon as nobody else holds it."""
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def try_take(self) -> bool:
        """True if the lock is now held alone; otherwise it is not held at all, not even shared."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def take_within(self, seconds: float) -> bool:
        """`try_take`, repeated for as long as `seconds`."""
        deadline = time.monotonic() + seconds
        while not self.try_take():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def release(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._file)


@contextmanager
def held_alone(path: Path) -> Iterator[None]:
    """The lock of `path` is held alone for as long as the block lasts."""
    lock = Lock(path)
    try:
        lock.take()
        yield
    finally:
        lock.close()


def is_held(path: Path) -> bool:
    """Whether some process holds the lock of `path`."""
    try:
        lock = Lock(path)
    except FileNotFoundError:
        return False
    try:
        return not lock.try_take()
    finally:
        lock.close()
