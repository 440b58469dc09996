"""What a cap is called where it is counted, its periods, and what a proposition takes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from decisioning.engine.compiled import Release
from decisioning.engine.decide import counts_at_once
from decisioning.engine.values import Cap, Status

# A cap for life has one period, from before every decision until after all of them.
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
MONDAY = date(1970, 1, 5)
Wanted = dict[str, Any]  # a cap in the form in which the database is told to count on it


def key_of(offer: str, cap: Cap) -> str:
    """What its counters are kept under. Another limit is the same cap; another period is not."""
    who = "contact" if cap.per_contact else "total"
    period = f"{cap.every}{cap.unit}" if cap.every else "life"
    spaces = "each" if cap.each_space else "together"
    return "/".join((offer, cap.counts, who, period, spaces))


def period_of(cap: Cap, at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The period of a cap that holds a moment, by the calendar of a zone; weeks begin on Monday."""
    if not cap.every:
        return FIRST, LAST
    day = at.astimezone(zone).date()
    match cap.unit:
        case "months":
            month = (day.year * 12 + day.month - 1) // cap.every * cap.every
            first, last = month_number(month), month_number(month + cap.every)
        case "weeks":
            week = (day - MONDAY).days // (7 * cap.every) * cap.every
            first = MONDAY + timedelta(weeks=week)
            last = first + timedelta(weeks=cap.every)
        case _:
            number = (day - FIRST.date()).days // cap.every * cap.every
            first = FIRST.date() + timedelta(days=number)
            last = first + timedelta(days=cap.every)
    return midnight(first, zone), midnight(last, zone)


def month_number(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def wanted_by(
    release: Release,
    proposed: Iterable[tuple[str, str, int]],
    at: datetime,
    *,
    of_nobody: bool = False,
) -> list[Wanted]:
    """What these propositions (offer, space, status) take of their offers' caps.

    Where they are nobody's in particular, nobody's own caps count them. Of a cap that counts what
    becomes of propositions nothing is taken yet, but it must have room.
    """
    takes: Counter[tuple[str, str]] = Counter()
    caps: dict[str, Cap] = {}
    for offer, space, status in proposed:
        for cap in caps_of(release, offer):
            if of_nobody and cap.per_contact:
                continue
            place = space if cap.each_space else ""
            at_once = counts_at_once(cap, status)
            if at_once or not cap.per_contact:  # of persons the clock tells that nothing moved
                takes[cap.key, place] += at_once
                caps[cap.key] = cap
    return [
        told(caps[key], space, taken, at, release.zone, must_fit=True)
        for (key, space), taken in takes.items()
    ]


def caps_of(release: Release, offer: str) -> list[Cap]:
    """The caps of a live offer; of several that differ in their limit alone, the smallest."""
    found = release.by_code.get(offer)
    if found is None or not found.offer.caps:
        return []
    by_key: dict[str, Cap] = {}
    for cap in sorted(found.offer.caps, key=lambda cap: cap.limit):
        by_key.setdefault(cap.key, cap)
    return list(by_key.values())


def counted_by(
    release: Release, offer: str, space: str, status: int, at: datetime
) -> Iterator[Wanted]:
    """The caps on which an offer counts once it has reached a status, whether they have room."""
    for cap in caps_of(release, offer):
        if cap.counts == Status(status).name.lower():
            place = space if cap.each_space else ""
            yield told(cap, place, 1, at, release.zone, must_fit=False)


def told(cap: Cap, space: str, taken: int, at: datetime, zone: tzinfo, *, must_fit: bool) -> Wanted:
    since, until = period_of(cap, at, zone)
    return {
        "cap": cap.key,
        "space": space,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "most": cap.limit,
        "taken": taken,
        "must_fit": must_fit,
        "each_person": cap.per_contact,
    }
