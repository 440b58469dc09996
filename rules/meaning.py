"""What the operations mean, where Python's own would not do. None is a missing value.

Every function here is total: whatever it is given, it gives a value or None, never an exception.
`sql.py` says the same in PostgreSQL's words; a property test and `rules fuzz` hold both together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from rules.limits import LARGEST_DOUBLE, LARGEST_INT, LEAST_DOUBLE, LEAST_INT

Number = int | float
MICROSECOND = timedelta(microseconds=1)
EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
LATEST = datetime(9999, 12, 30, tzinfo=UTC)
LONGEST = LATEST - EARLIEST


def whole(value: int) -> int | None:
    """An integer of 64 bits, or missing where it would not fit."""
    return value if LEAST_INT <= value <= LARGEST_INT else None


def real(value: float) -> float | None:
    """A double within the bounds that every machine shares: beyond them missing, or nought."""
    size = abs(value)
    if size > LARGEST_DOUBLE:
        return None
    return value if size >= LEAST_DOUBLE else 0.0


def as_double(value: int | None) -> float | None:
    return None if value is None else float(value)


def plus_int(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else whole(left + right)


def minus_int(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else whole(left - right)


def times_int(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else whole(left * right)


def by_int(left: int | None, right: int | None) -> int | None:
    """The quotient, cut off towards nought; missing when divided by nought."""
    if left is None or right is None or right == 0:
        return None
    quotient = abs(left) // abs(right)
    return whole(quotient if (left < 0) == (right < 0) else -quotient)


def modulo_int(left: int | None, right: int | None) -> int | None:
    """What `by_int` leaves over; it has the sign of what was divided."""
    if left is None or right is None or right == 0:
        return None
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def plus_double(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else real(left + right)


def minus_double(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else real(left - right)


def times_double(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else real(left * right)


def by_double(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None or right == 0 else real(left / right)


def minus(value: Number | None) -> Number | None:
    if value is None:
        return None
    return whole(-value) if isinstance(value, int) else -value


def minus_duration(value: timedelta | None) -> timedelta | None:
    return None if value is None else length(-(value // MICROSECOND))


def plus_string(left: str | None, right: str | None) -> str | None:
    return None if left is None or right is None else left + right


def length(microseconds: int) -> timedelta | None:
    """A duration, or missing where it is longer than all of time."""
    if abs(microseconds) > LONGEST // MICROSECOND:
        return None
    return timedelta(microseconds=microseconds)


def plus_duration(left: timedelta | None, right: timedelta | None) -> timedelta | None:
    if left is None or right is None:
        return None
    return length(left // MICROSECOND + right // MICROSECOND)


def minus_durations(left: timedelta | None, right: timedelta | None) -> timedelta | None:
    if left is None or right is None:
        return None
    return length(left // MICROSECOND - right // MICROSECOND)


def later(moment: datetime | None, by: timedelta | None) -> datetime | None:
    """The moment after a duration, or missing where the calendar ends."""
    if moment is None or by is None:
        return None
    try:
        found = moment + by
    except OverflowError:
        return None
    return found if EARLIEST <= found <= LATEST else None


def earlier(moment: datetime | None, by: timedelta | None) -> datetime | None:
    return later(moment, None if by is None else -by)


def between(left: datetime | None, right: datetime | None) -> timedelta | None:
    """How much later `left` is than `right`."""
    return None if left is None or right is None else left - right


def starts_with(text: str | None, beginning: str | None) -> bool:
    return text is not None and beginning is not None and text.startswith(beginning)


def ends_with(text: str | None, ending: str | None) -> bool:
    return text is not None and ending is not None and text.endswith(ending)


def contains(text: str | None, part: str | None) -> bool:
    return text is not None and part is not None and part in text


CAPITALS = {ord(letter): ord(letter) + 32 for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def lower_ascii(text: str | None) -> str | None:
    return None if text is None else text.translate(CAPITALS)


def size(value: str | Sequence[object] | None) -> int | None:
    return None if value is None else len(value)


def is_in(value: object, values: Sequence[object] | None) -> bool:
    return value is not None and values is not None and value in values


def present(*values: object) -> tuple[object, ...]:
    """A list of what is not missing."""
    return tuple(value for value in values if value is not None)


def day(value: date | datetime | None, zone: tzinfo) -> date | None:
    """The day of a moment in a time zone; a day is its own."""
    if isinstance(value, datetime):
        try:
            return value.astimezone(zone).date()
        except OverflowError:
            return None
    return value


today_at = lru_cache(maxsize=64)(day)  # whoever decides asks for one moment again and again


def years(since: date | datetime | None, now: datetime, zone: tzinfo) -> int | None:
    """Completed years; somebody born on 29 February completes one on 1 March of other years."""
    born, today = day(since, zone), today_at(now, zone)
    if born is None or today is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def days(first: date | datetime | None, second: date | datetime | None, zone: tzinfo) -> int | None:
    """Days from the first day to the second, as the calendar of the time zone counts them."""
    start, end = day(first, zone), day(second, zone)
    return None if start is None or end is None else (end - start).days


def doubles(values: Sequence[int] | None) -> tuple[float, ...] | None:
    return None if values is None else tuple(float(value) for value in values)
