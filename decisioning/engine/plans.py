"""Which offers are worth asking about at a moment in a space, the heaviest possible first."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import product
from math import inf
from typing import TypeVar

from decisioning.engine import weights
from decisioning.engine.blocks import Block, in_blocks
from decisioning.engine.candidates import Candidate
from decisioning.engine.compiled import (
    CompiledOffer,
    Facts,
    Line,
    Release,
    Test,
    constant_weight,
)
from decisioning.engine.values import Category, Space, Step
from rules.keys import Key, Path, Value

MOST_PAIRS = 32  # of values for which an offer is listed
MOST_PLANS = 256  # a release's plans are few: a space, what is asked for, and the era


@dataclass(frozen=True, slots=True)
class Weighing:
    """A line that is open now. Its weight, where it is the same for all, is known already."""

    line: Line
    known: int | None


Pair = tuple[Value, Value]
K = TypeVar("K")
# Where the answer of a line's filter stands, what it weighs, and its formula's answer.
Way = tuple[int | None, int, Line, float]


@dataclass(frozen=True, slots=True)
class Entry:
    offer: CompiledOffer
    bound: float  # no weight of this offer is above it
    factor: Decimal
    multipliers: tuple[tuple[str, Decimal], ...]
    lines: tuple[Weighing, ...]
    known: tuple[Way, ...] | None  # its lines, heaviest first, where their weights are known
    ready: Candidate | None = None  # one of its lines, where nothing of it hangs on the person
    block: Block | None = None  # where its lines are answered with others
    first: int = 0  # from where these answers are counted
    needs: Key | None = None  # where it is listed by one key and another must be true as well
    group: int = 0
    once: bool = True  # whether it stands in one place alone

    def is_open_to(self, facts: Facts) -> bool:
        if self.needs is None:
            return True
        root, name = self.needs.path
        return facts[root].get(name) in self.needs.values


@dataclass(frozen=True, slots=True)
class Group:
    """Offers below the same filters: whoever fails one of them can have none of these."""

    tests: tuple[tuple[Category, Test], ...]
    entries: tuple[Entry, ...]  # all, by falling bound


@dataclass(frozen=True, slots=True)
class Lists:
    """The same offers once more, of all groups, so that few are looked at for one person.

    What hangs on one value of the person or the call, or on two, stands apart, by those values: an
    offer whose filter names them, or a heavier line that does. Such an offer stands in several
    lists.
    """

    for_all: tuple[Entry, ...] = ()  # by falling bound, as are the others
    by_value: tuple[tuple[Path, Mapping[Value, tuple[Entry, ...]]], ...] = ()
    by_values: tuple[tuple[Path, Path, Mapping[Pair, tuple[Entry, ...]]], ...] = ()

    def open_to(self, facts: Facts) -> list[tuple[Entry, ...]]:
        """The lists in which everything stands that somebody may have."""
        found = [self.for_all]
        for (root, name), lists in self.by_value:
            found.append(lists.get(facts[root].get(name), ()))
        for (root, name), (other, second), pairs in self.by_values:
            found.append(pairs.get((facts[root].get(name), facts[other].get(second)), ()))
        return [each for each in found if each]


@dataclass(frozen=True, slots=True)
class Plan:
    groups: tuple[Group, ...]
    left: tuple[tuple[CompiledOffer, Step, str], ...]  # those that nobody can have now, and why
    lists: Lists | None = None  # the same offers by what people are
    blocks: tuple[Block, ...] = ()  # where there are no lists
    is_weighed: bool = False  # whether no weight of the blocks hangs on the person


def in_turn(lists: Sequence[Iterable[Entry]]) -> Iterable[Entry]:
    """The entries of several lists, the heaviest first."""
    return lists[0] if len(lists) == 1 else heapq.merge(*lists, key=lightness)


def each_once(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Without offers that have stood in a heavier place already."""
    seen: set[str] = set()
    for entry in entries:
        if not entry.once:
            code = entry.offer.offer.code
            if code in seen:
                continue
            seen.add(code)
        yield entry


def lightness(entry: Entry) -> float:
    return -entry.bound


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
        self.of_spaces: dict[tuple[str, int], Plan] = {}  # where a call asks for nothing special

    def asked(
        self, space: Space, categories: Collection[str], themes: Collection[str], at: datetime
    ) -> Plan:
        """For what a call asks of a space."""
        if categories or themes:
            return self.of(space, wanted(self.release, space, categories, themes), at)
        key = (space.name, self.release.era(at))
        plan = self.of_spaces.get(key)
        if plan is None:
            if len(self.of_spaces) >= MOST_PLANS:
                self.of_spaces.clear()
            plan = self.of_spaces[key] = self.of(space, wanted(self.release, space, (), ()), at)
        return plan

    def of(self, space: Space, scope: Wanted, at: datetime) -> Plan:
        key = (space.name, scope, self.release.era(at))
        plan = self.made.get(key)
        if plan is None:
            if len(self.made) >= MOST_PLANS:
                self.made.clear()
            plan = make_plan(self.release.offers, space.name, scope, at)
            if self.in_blocks:
                blocks = in_blocks(plan.groups, self.release.filter)
                is_weighed = all(block.is_weighed for block in blocks)
                plan = replace(plan, blocks=blocks, is_weighed=is_weighed)
            else:
                plan = replace(plan, lists=lists_of(plan.groups))
            self.made[key] = plan
        return plan


def make_plan(offers: Iterable[CompiledOffer], space: str, scope: Wanted, at: datetime) -> Plan:
    groups: dict[tuple[str, ...], list[Entry]] = {}
    numbers: dict[tuple[str, ...], int] = {}
    left = []
    for offer in offers:
        out = leaves_at(offer, space, scope, at)
        if out is None:
            key = tuple(category.name for category, _test in offer.category_tests)
            group = groups.setdefault(key, [])
            number = numbers.setdefault(key, len(numbers))
            group.append(replace(entry_of(offer, space, at), group=number))
        else:
            left.append((offer, *out))
    found = (Group(own[0].offer.category_tests, in_order(own)) for own in groups.values())
    return Plan(tuple(found), tuple(left))


def lists_of(groups: Iterable[Group]) -> Lists:
    for_all: list[Entry] = []
    by_value: dict[Path, dict[Value, list[Entry]]] = {}
    by_values: dict[tuple[Path, Path], dict[Pair, list[Entry]]] = {}
    for entry in (entry for group in groups for entry in group.entries):
        bounds = bounds_of(entry)
        for (key, other), bound in bounds.items():
            listed = replace(entry, bound=bound, once=len(bounds) == 1)
            if key is None:
                for_all.append(listed)
            elif other is None or len(key.values) * len(other.values) > MOST_PAIRS:
                listed = replace(listed, needs=other)
                lists = by_value.setdefault(key.path, {})
                for value in key.values:
                    lists.setdefault(value, []).append(listed)
            else:
                pairs = by_values.setdefault((key.path, other.path), {})
                for pair in product(key.values, other.values):
                    pairs.setdefault(pair, []).append(listed)
    return Lists(
        in_order(for_all),
        tuple((path, each_in_order(lists)) for path, lists in by_value.items()),
        tuple((*paths, each_in_order(pairs)) for paths, pairs in by_values.items()),
    )


def each_in_order(lists: Mapping[K, list[Entry]]) -> dict[K, tuple[Entry, ...]]:
    return {value: in_order(found) for value, found in lists.items()}


def in_order(entries: list[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda entry: (-entry.bound, entry.offer.code)))


def bounds_of(entry: Entry) -> dict[tuple[Key | None, Key | None], float]:
    """What no weight is above: for everybody, and for those of whom one or two keys are true."""
    whole = entry.offer.offer.key
    bounds: dict[tuple[Key | None, Key | None], float] = {}
    for one in entry.lines:
        mine, bound = one.line.context.key, bound_of([one])
        pair = (whole, mine) if mine is None or (whole and not whole.is_flag) else (mine, whole)
        if bound > 0:
            bounds[pair] = max(bounds.get(pair, 0), bound)
    return bounds


def leaves_at(
    offer: CompiledOffer, space: str, scope: Wanted, at: datetime
) -> tuple[Step, str] | None:
    """The step at which an offer leaves for everybody, with the category that it leaves by."""
    return next(ways_out(offer, space, scope, at), None)


def ways_out(
    offer: CompiledOffer, space: str, scope: Wanted, at: datetime
) -> Iterator[tuple[Step, str]]:
    """All that keeps an offer from everybody, in the order in which it is asked."""
    if not in_scope(offer, scope):
        yield Step.SCOPE, ""
    if space not in offer.offer.spaces:
        yield Step.REPRESENTATION, ""
    if not offer.offer.enabled:
        yield Step.DISABLED, ""
    yield from ((Step.DISABLED, c.name) for c in offer.chain if not c.enabled)
    if not offer.offer.window.holds(at):
        yield Step.DATES, ""
    over = (c.name for c in offer.chain if not c.window.holds(at))
    yield from ((Step.CATEGORY_DATES, name) for name in over)


def in_scope(offer: CompiledOffer, scope: Wanted) -> bool:
    if any(category.always_include for category in offer.chain):
        return True
    names = {category.name for category in offer.chain}
    if scope.categories is not None and not names & scope.categories:
        return False
    return scope.themes is None or bool(offer.themes & scope.themes)


def entry_of(offer: CompiledOffer, space: str, at: datetime) -> Entry:
    multipliers = tuple((c.name, c.multiplier) for c in offer.chain if multiplies(c, at))
    factor = weights.product(value for _name, value in multipliers)
    lines = tuple(
        Weighing(line, constant_weight(line, factor) if line.weight_at is None else None)
        for line in offer.lines
        if line.context.space in (None, space) and line.context.window.holds(at)
    )
    return Entry(offer, bound_of(lines), factor, multipliers, lines, ways_of(lines))


def ways_of(lines: Iterable[Weighing]) -> tuple[Way, ...] | None:
    """Of equals the first stays the first."""
    found: list[Way] = []
    for one in lines:
        if one.line.weight_at is not None:
            return None
        if one.known and one.line.constant is not None:
            found.append((one.line.filter_at, one.known, one.line, one.line.constant))
    return tuple(sorted(found, key=lambda way: -way[1]))


def multiplies(category: Category, at: datetime) -> bool:
    return category.multiplier != 1 and category.multiplier_window.holds(at)


def bound_of(lines: Iterable[Weighing]) -> float:
    return max(
        (inf if one.line.weight_at is not None else one.known or 0 for one in lines), default=0
    )
