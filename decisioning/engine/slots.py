"""Which slots of a call are answered together, and what each of them shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from decisioning.engine.values import Answer, Slot, Space

RANKED = re.compile(r"(.+)_([0-9]+)")
MOST_OFFERS = 50


@dataclass(frozen=True)
class Asked:
    """Slots that are answered by one list: one slot, or several that show ranks of a space."""

    space: Space
    slot: Slot
    count: int
    shown: tuple[tuple[Slot, int | None], ...]  # each with its rank; None: the whole list

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """What rules may ask of the space."""
        return {"name": self.space.name, "channel": self.space.channel}


def together(spaces: Mapping[str, Space], slots: tuple[Slot, ...]) -> Iterator[Asked]:
    """What is decided in one go: `hero_1` and `hero_2` are ranks of one decision."""
    found: list[tuple[object, Slot, int | None, Space]] = []
    for index, slot in enumerate(slots):
        space, rank = space_of(spaces, slot.space)
        if space is None:
            continue
        key: object = index
        if rank:
            key = (space.name, tuple(slot.categories), tuple(slot.themes), repr(slot.call))
        found.append((key, slot, rank, space))
    order: dict[object, list[tuple[Slot, int | None, Space]]] = {}
    for key, slot, rank, space in found:
        order.setdefault(key, []).append((slot, rank, space))
    for members in order.values():
        first, _rank, space = members[0]
        ranks = [rank for _slot, rank, _space in members if rank]
        count = max(ranks) if ranks else first.count or space.default_count
        shown = tuple((slot, rank) for slot, rank, _space in members)
        unusable = frozenset[str]().union(*(slot.unusable for slot, _rank in shown))
        if unusable != first.unusable:  # what one of them cannot show, none of them has
            first = replace(first, unusable=unusable)
        yield Asked(space, first, min(count, MOST_OFFERS), shown)


def space_of(spaces: Mapping[str, Space], name: str) -> tuple[Space | None, int | None]:
    if name in spaces:
        return spaces[name], None
    found = RANKED.fullmatch(name)
    if found and 1 <= int(found[2]) <= MOST_OFFERS and found[1] in spaces:
        return spaces[found[1]], int(found[2])
    return None, None


def part_of(whole: Answer, slot: Slot, rank: int | None) -> Answer:
    """What one slot shows of an answer."""
    if rank is None and slot.slot == whole.slot:
        return whole
    mine = whole.propositions
    if rank is not None:
        mine = tuple(one for one in mine if one.rank == rank)
    return Answer(
        slot=slot.slot,
        space=whole.space,
        asked=whole.asked if rank is None else 1,
        propositions=mine,
        reason=whole.reason if rank is None or not mine else None,
        explained=whole.explained,
    )
