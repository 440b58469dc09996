"""Candidates in their final order, and nobody weighed before it matters."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator

from decisioning.engine.candidates import Candidate
from decisioning.engine.plans import Entry

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


def by_ties(entries: Iterable[Entry], weigh: Weigh, tie: Tie) -> Iterator[Candidate]:
    """Where they come by their weights, only those that weigh the same wait for each other."""
    found: list[Candidate] = []
    for entry in entries:
        candidate = weigh(entry)
        if candidate is None:
            continue
        if found and candidate.millionths != found[0].millionths:
            if len(found) > 1:
                found.sort(key=tie)
            yield from found
            found.clear()
        found.append(candidate)
    if len(found) > 1:
        found.sort(key=tie)
    yield from found
