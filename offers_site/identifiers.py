"""Identifiers that sort by the moment they were made."""

import os
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)
AT_ONCE = 64
VARIANTS = {f"{digit:x}": "89ab"[digit >> 2] for digit in range(16)}  # two bits say which it is

_lock = threading.Lock()
_last = 0


def uuid7() -> uuid.UUID:
    """A UUID of version 7: the time in 4,096ths of a millisecond, then 62 bits of chance.

    Within one process each is greater than the one before.
    """
    global _last
    with _lock:
        _last = ticks = max(_last + 1, time.time_ns() * 4096 // 1_000_000)
    return _made_of(ticks, os.urandom(8))


def uuid7_at(at: datetime, chance: bytes | None = None) -> uuid.UUID:
    """A UUID of version 7 for what happens at a moment; `chance`, eight bytes, makes it certain."""
    return _made_of(_ticks_at(at), chance or os.urandom(8))


def texts_at(moment: datetime, *, at_once: int = AT_ONCE) -> Iterator[str]:
    """The texts of ever more of them, for who makes several, or thousands, for one moment."""
    milliseconds, fraction = divmod(_ticks_at(moment), 4096)
    time = f"{milliseconds:012x}"
    start = f"{time[:8]}-{time[8:]}-7{fraction:03x}-"
    while True:
        chance = os.urandom(8 * at_once).hex()  # asking the system takes longer than what it gives
        for at in range(0, 16 * at_once, 16):
            variant = VARIANTS[chance[at]]
            yield f"{start}{variant}{chance[at + 1 : at + 4]}-{chance[at + 4 : at + 16]}"


def moment_of(identifier: uuid.UUID) -> datetime:
    """The millisecond that a UUID of version 7 was made for."""
    return EPOCH + timedelta(milliseconds=identifier.int >> 80)


@lru_cache(maxsize=64)  # whoever makes many makes them for one moment
def _ticks_at(at: datetime) -> int:
    return max((at - EPOCH) // MICROSECOND, 0) * 4096 // 1000


def _made_of(ticks: int, chance: bytes) -> uuid.UUID:
    milliseconds, fraction = divmod(ticks, 4096)
    rest = int.from_bytes(chance, "big") >> 2
    return uuid.UUID(
        int=(milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | rest
    )


def first_at(at: datetime) -> uuid.UUID:
    """Before it stands what happened earlier than a moment, to the millisecond."""
    return uuid.UUID(int=max((at - EPOCH) // MILLISECOND, 0) << 80)
