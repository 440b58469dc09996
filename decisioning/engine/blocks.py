"""Lines of offers that are asked together, for those who ask for many people.

They take long to make. A line is one context of an offer whose weight is the same for everybody, or
an offer whose weight hangs on the person. The heaviest come first: of those that are open to
somebody the first is their heaviest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from decisioning.engine.candidates import Candidate
from decisioning.engine.compiled import Facts, Later, Test, asks_offer
from decisioning.engine.masks import Masks
from rules.checking import Checked

if TYPE_CHECKING:
    from decisioning.engine.plans import Entry, Group  # which is above

SMALLEST, LARGEST = 256, 1024  # lines; the first block is often enough
Above = Mapping[int, Sequence[Checked]]  # what is asked before an offer's own filter, by group


def in_blocks(groups: Sequence[Group], of_all: Test | None) -> tuple[Block, ...]:
    above = {
        number: [
            test.rule
            for test in (of_all, *(test for _category, test in group.tests))
            if test is not None and not test.asks_offer
        ]
        for number, group in enumerate(groups)
    }
    each = [line for group in groups for entry in group.entries for line in apart(entry)]
    each.sort(key=lambda entry: (-entry.bound, entry.offer.code))
    blocks, start, size = [], 0, SMALLEST
    while start < len(each):
        blocks.append(Block(each[start : start + size], above))
        start, size = start + size, min(size * 2, LARGEST)
    return tuple(blocks)


def apart(entry: Entry) -> Iterator[Entry]:
    """Each line for itself, where it is known what all of them weigh."""
    if entry.known is None or asks_of_itself(entry):
        yield entry
        return
    alone = replace(entry, once=len(entry.known) == 1)
    for filter_at, millionths, line, constant in entry.known:
        ready = Candidate(alone, entry.offer, millionths, line, constant, {})
        yield replace(alone, bound=millionths, ready=ready)
        if filter_at is None:
            return  # it is open to everybody


def rules_of(entry: Entry) -> Sequence[Checked]:
    return entry.offer.ask.rules if entry.offer.ask else ()


def asks_of_itself(entry: Entry) -> bool:
    return any(map(asks_offer, rules_of(entry)))


class Block:
    """Lines that are asked together."""

    __slots__ = ("above", "entries", "is_weighed", "masks", "ready", "weights")

    def __init__(self, entries: Sequence[Entry], above: Above) -> None:
        self.entries = entries
        self.above = above
        self.ready = tuple(entry.ready for entry in entries if entry.ready)
        self.is_weighed = len(self.ready) == len(entries)
        self.masks: Masks | None = None
        self.weights = Later(())  # of the offers whose weight hangs on the person

    def open_to(self, facts: Facts, at: datetime, zone: tzinfo) -> int:
        """A bit for each line that is open to somebody, or has to be asked by itself."""
        return (self.masks or self.read()).open_to(facts, at, zone)

    def read(self) -> Masks:
        filters: list[list[Checked]] = []
        weights: list[Checked] = []
        placed = []
        for entry in self.entries:
            own, number = rules_of(entry), int(entry.offer.has_filter)
            conditions = [*self.above[entry.group]]
            if entry.ready:
                filter_at = entry.ready.line.filter_at
                conditions += own[:number]
                conditions += [own[filter_at]] if filter_at is not None else []
            elif not asks_of_itself(entry):
                conditions += own[:number]
                entry = replace(entry, block=self, first=len(weights) - number)
                weights += own[number:]
            filters.append(conditions)
            placed.append(entry)
        self.entries = tuple(placed)
        self.weights = Later(weights)
        self.masks = Masks(filters)
        return self.masks
