"""Offers whose rules are one function, for those who ask for many people.

It takes long to make. What several offers ask is asked once, and where the weights are known, the
first line that is open to somebody is their heaviest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from itertools import compress
from typing import TYPE_CHECKING, Any

from decisioning.engine.compiled import Facts, Later, asks_offer
from rules.checking import Checked
from rules.kinds import BOOL
from rules.tree import AllOf, Literal

if TYPE_CHECKING:
    from decisioning.engine.plans import Entry  # which is above

SMALLEST, LARGEST = 16, 256  # entries
YES = Literal(True, BOOL)  # noqa: FBT003 (a value of the rule language)
ALWAYS = Checked(YES, BOOL, {YES: BOOL})


def in_blocks(entries: Sequence[Entry]) -> tuple[Block, ...]:
    """The heaviest are asked in small blocks: often one of them is enough."""
    each = [line for entry in entries for line in apart(entry)]
    each.sort(key=lambda entry: (-entry.bound, entry.offer.code))
    blocks, start, size = [], 0, SMALLEST
    while start < len(each):
        blocks.append(Block(each[start : start + size]))
        start, size = start + size, min(size * 2, LARGEST)
    return tuple(blocks)


def apart(entry: Entry) -> Iterator[Entry]:
    """Each line for itself, where it is known what all of them weigh."""
    if not entry.known or any(map(asks_offer, rules_of(entry))):
        yield entry
        return
    for way in entry.known:
        yield replace(entry, bound=way[1], known=(way,), once=len(entry.known) == 1)
        if way[0] is None:
            return  # it is open to everybody


def rules_of(entry: Entry) -> Sequence[Checked]:
    return entry.offer.ask.rules if entry.offer.ask else ()


class Block:
    """Entries that are asked together."""

    __slots__ = ("ask", "entries", "unread")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.unread = entries
        self.entries: tuple[Entry, ...] = ()
        self.ask: Later | None = None

    def answers(self, facts: Facts, at: datetime, zone: tzinfo) -> tuple[Any, ...]:
        """What the rules of all of them say; first, for each entry, whether it is open."""
        ask = self.ask
        if ask is None:
            ask = self.ask = self.read()
        return ask(facts, at, zone)

    def read(self) -> Later:
        filters: list[Checked] = []
        more: list[Checked] = []
        placed = []
        for entry in self.unread:
            own = rules_of(entry)
            if any(map(asks_offer, own)):  # it is asked by itself
                filters.append(ALWAYS)
                placed.append(entry)
                continue
            number, here = int(entry.offer.has_filter), len(filters)
            conditions = [*own[:number]]
            if entry.known:
                ((filter_at, millionths, line, constant),) = entry.known
                conditions += [own[filter_at]] if filter_at is not None else []
                entry = replace(entry, known=((None, millionths, line, constant),))
                first = 0
            else:
                first = len(self.unread) + len(more) - number
                more += own[number:]
            placed.append(replace(entry, block=self, filter_at=here, first=first))
            filters.append(all_of(conditions))
        self.entries = tuple(placed)
        return Later([*filters, *more])

    def passing(self, answers: tuple[Any, ...]) -> Iterator[Entry]:
        """Those that are open to the person, or have not been asked yet."""
        return compress(self.entries, answers)


def all_of(rules: Sequence[Checked]) -> Checked:
    if len(rules) < 2:
        return rules[0] if rules else ALWAYS
    tree = AllOf(tuple(rule.tree for rule in rules))
    kinds = {node: kind for rule in rules for node, kind in rule.kinds.items()}
    lists = {name: number for rule in rules for name, number in rule.lists.items()}
    return Checked(tree, BOOL, {**kinds, tree: BOOL}, lists=lists)
