"""Candidates in their final order, and nobody weighed before it matters."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, tzinfo

from decisioning.engine.blocks import Block
from decisioning.engine.candidates import Candidate
from decisioning.engine.compiled import Facts
from decisioning.engine.plans import Entry, each_once

Weigh = Callable[[Entry], Candidate | None]
Tie = Callable[[Candidate], tuple[float, bytes]]  # who comes first among equals


def by_weight(
    entries: Iterable[Entry], weigh: Weigh, tie: Tie, *, everybody: bool
) -> Iterator[Candidate]:
    """Where an offer may weigh less than it is bound by, it waits for those below."""
    waiting: list[tuple[int, int, Candidate]] = []
    number = 0
    for entry in entries:
        bound = entry.bound
        if bound <= 0 and not everybody:
            break
        while waiting and -waiting[0][0] > bound:
            yield from heaviest_of(waiting, tie)
        candidate = weigh(entry)
        if candidate is not None:
            number += 1
            heapq.heappush(waiting, (-candidate.millionths, number, candidate))
    while waiting:
        yield from heaviest_of(waiting, tie)


def heaviest_of(waiting: list[tuple[int, int, Candidate]], tie: Tie) -> list[Candidate]:
    """The heaviest of those who wait, taken out; several that weigh the same by their ties."""
    weight, _number, first = heapq.heappop(waiting)
    found = [first]
    while waiting and waiting[0][0] == weight:
        found.append(heapq.heappop(waiting)[2])
    if len(found) > 1:
        found.sort(key=tie)
    return found


def in_blocks(blocks: Iterable[Block], facts: Facts, at: datetime, zone: tzinfo) -> Iterator[Entry]:
    """The lines that are open to somebody, those of one offer once; the lowest bit is heaviest."""
    return each_once(open_lines(blocks, facts, at, zone))


def open_lines(
    blocks: Iterable[Block], facts: Facts, at: datetime, zone: tzinfo
) -> Iterator[Entry]:
    for block in blocks:
        mask = block.open_to(facts, at, zone)
        entries = block.entries
        while mask:
            lowest = mask & -mask
            mask ^= lowest
            yield entries[lowest.bit_length() - 1]


def weighed_in_blocks(
    blocks: Iterable[Block], facts: Facts, at: datetime, zone: tzinfo, tie: Tie
) -> Iterator[Candidate]:
    """The same where nothing is left to weigh, and only those that weigh the same wait.

    It is the way of almost everybody, and for their sake it is not made of the other one.
    """
    seen: set[str] = set()
    equals: list[Candidate] = []
    weight = 0
    for block in blocks:
        mask = block.open_to(facts, at, zone)
        ready = block.ready
        while mask:
            lowest = mask & -mask
            mask ^= lowest
            candidate = ready[lowest.bit_length() - 1]
            if not candidate.entry.once:
                code = candidate.offer.offer.code
                if code in seen:
                    continue
                seen.add(code)
            if candidate.millionths != weight:
                if len(equals) > 1:
                    equals.sort(key=tie)
                yield from equals
                equals.clear()
                weight = candidate.millionths
            equals.append(candidate)
    if len(equals) > 1:
        equals.sort(key=tie)
    yield from equals
