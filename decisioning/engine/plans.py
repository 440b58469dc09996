"""Which offers are worth asking about at a moment in a space, the heaviest possible first."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from math import inf
from typing import Any

from decisioning.engine.compiled import (
    CompiledOffer,
    Later,
    Line,
    Release,
    Test,
    asks_offer,
    constant_weight,
)
from decisioning.engine.values import Category, Space, Step
from decisioning.engine.weights import product
from rules.checking import Checked

SMALLEST_BLOCK, LARGEST_BLOCK = 16, 256  # entries
MOST_PLANS = 256  # a release's plans are few: a space, what is asked for, and the era


@dataclass(frozen=True, slots=True)
class Weighing:
    """A line that is open now. Its weight, where it is the same for all, is known already."""

    line: Line
    known: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    offer: CompiledOffer
    bound: float  # no weight of this offer is above it
    factor: Decimal
    multipliers: tuple[tuple[str, Decimal], ...]
    lines: tuple[Weighing, ...]
    block: Block | None = None  # with which it is asked
    first: int = 0  # where its answers stand among those of the block


@dataclass(frozen=True, slots=True)
class Group:
    """Offers below the same filters: whoever fails one of them can have none of these."""

    tests: tuple[tuple[Category, Test], ...]
    entries: tuple[Entry, ...]  # by falling bound
    blocks: tuple[Block, ...] = ()  # the same entries, where they are asked together


class Block:
    """Entries whose rules are one function: what several of them ask is asked once.

    To make it takes as long as a thousand answers, so it is for those who ask for many people.
    """

    __slots__ = ("ask", "filters")

    def __init__(self, entries: Iterable[Entry]) -> None:
        rules: list[Checked] = []
        self.filters: list[tuple[Entry, int | None]] = []
        for entry in entries:
            own = entry.offer.ask.rules if entry.offer.ask else ()
            if any(asks_offer(rule) for rule in own):  # it has answers of its own
                self.filters.append((entry, None))
                continue
            placed = replace(entry, block=self, first=len(rules))
            self.filters.append((placed, len(rules) if entry.offer.has_filter else None))
            rules += own
        self.ask = Later(rules)

    def passing(self, answers: tuple[Any, ...]) -> list[Entry]:
        """Those whose own filter lets the person in, or has not been asked yet."""
        return [entry for entry, at in self.filters if at is None or answers[at]]


@dataclass(frozen=True, slots=True)
class Plan:
    groups: tuple[Group, ...]
    left: tuple[tuple[CompiledOffer, Step, str], ...]  # those that nobody can have now, and why


@dataclass(frozen=True, slots=True)
class Wanted:
    """The part of a catalogue that is asked for; None is all of it."""

    categories: frozenset[str] | None
    themes: frozenset[str] | None


def wanted(
    release: Release, space: Space, categories: Collection[str], themes: Collection[str]
) -> Wanted:
    """What a call asks for; what it leaves out altogether the space says."""
    asked = frozenset(name.strip() for name in categories if name.strip())
    about = frozenset(theme.strip().lower() for theme in themes if theme.strip())
    if not asked and not about:
        if space.default_category:
            asked = frozenset([space.default_category])
        about = frozenset(theme.strip().lower() for theme in space.default_themes)
    return Wanted(
        frozenset(asked & release.categories.keys()) if asked else None,
        about or None,
    )


class Plans:
    """The plans of a release, made when they are first asked for."""

    def __init__(self, release: Release, *, in_blocks: bool = False) -> None:
        self.release = release
        self.in_blocks = in_blocks
        self.made: dict[tuple[str, Wanted, int], Plan] = {}

    def of(self, space: Space, scope: Wanted, at: datetime) -> Plan:
        key = (space.name, scope, self.release.era(at))
        plan = self.made.get(key)
        if plan is None:
            if len(self.made) >= MOST_PLANS:
                self.made.clear()
            plan = make_plan(self.release.offers, space.name, scope, at)
            if self.in_blocks:
                plan = Plan(tuple(map(with_blocks, plan.groups)), plan.left)
            self.made[key] = plan
        return plan


def with_blocks(group: Group) -> Group:
    """The heaviest are asked in small blocks: often one of them is enough."""
    blocks, start, size = [], 0, SMALLEST_BLOCK
    while start < len(group.entries):
        blocks.append(Block(group.entries[start : start + size]))
        start, size = start + size, min(size * 2, LARGEST_BLOCK)
    entries = tuple(entry for block in blocks for entry, _at in block.filters)
    return Group(group.tests, entries, tuple(blocks))


def make_plan(offers: Iterable[CompiledOffer], space: str, scope: Wanted, at: datetime) -> Plan:
    groups: dict[tuple[str, ...], list[Entry]] = {}
    left = []
    for offer in offers:
        out = leaves_at(offer, space, scope, at)
        if out is None:
            key = tuple(category.name for category, _test in offer.category_tests)
            groups.setdefault(key, []).append(entry_of(offer, space, at))
        else:
            left.append((offer, *out))
    return Plan(tuple(map(group_of, groups.values())), tuple(left))


def group_of(entries: list[Entry]) -> Group:
    entries.sort(key=lambda entry: (-entry.bound, entry.offer.code))
    return Group(entries[0].offer.category_tests, tuple(entries))


def leaves_at(
    offer: CompiledOffer, space: str, scope: Wanted, at: datetime
) -> tuple[Step, str] | None:
    """The step at which an offer leaves for everybody, with the category that it leaves by."""
    if not in_scope(offer, scope):
        return Step.SCOPE, ""
    if space not in offer.offer.spaces:
        return Step.REPRESENTATION, ""
    if not offer.offer.enabled:
        return Step.DISABLED, ""
    if closed := next((c.name for c in offer.chain if not c.enabled), None):
        return Step.DISABLED, closed
    if not offer.offer.window.holds(at):
        return Step.DATES, ""
    if over := next((c.name for c in offer.chain if not c.window.holds(at)), None):
        return Step.CATEGORY_DATES, over
    return None


def in_scope(offer: CompiledOffer, scope: Wanted) -> bool:
    if any(category.always_include for category in offer.chain):
        return True
    names = {category.name for category in offer.chain}
    if scope.categories is not None and not names & scope.categories:
        return False
    return scope.themes is None or bool(offer.themes & scope.themes)


def entry_of(offer: CompiledOffer, space: str, at: datetime) -> Entry:
    multipliers = tuple((c.name, c.multiplier) for c in offer.chain if multiplies(c, at))
    factor = product(value for _name, value in multipliers)
    lines = tuple(
        Weighing(line, constant_weight(line, factor) if line.weight_at is None else None)
        for line in offer.lines
        if line.context.space in (None, space) and line.context.window.holds(at)
    )
    return Entry(offer, bound_of(lines), factor, multipliers, lines)


def multiplies(category: Category, at: datetime) -> bool:
    return category.multiplier != 1 and category.multiplier_window.holds(at)


def bound_of(lines: Iterable[Weighing]) -> float:
    return max(
        (inf if one.line.weight_at is not None else one.known or 0 for one in lines), default=0
    )
