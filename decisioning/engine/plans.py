"""Which offers are worth asking about at a moment in a space, the heaviest possible first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from itertools import compress
from math import inf
from typing import Any

from decisioning.engine.compiled import (
    CompiledOffer,
    Facts,
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
from rules.keys import Key, Path, Value
from rules.kinds import BOOL
from rules.tree import Literal

SMALLEST_BLOCK, LARGEST_BLOCK = 16, 256  # entries
YES = Literal(True, BOOL)  # noqa: FBT003 (a value of the rule language)
ALWAYS = Checked(YES, BOOL, {YES: BOOL})
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
    filter_at: int = 0  # where its answers stand among those of the block
    first: int = 0  # from where those of its lines are counted
    needs: Key | None = None  # where it is listed by one key and another must be true as well


@dataclass(frozen=True, slots=True)
class Group:
    """Offers below the same filters: whoever fails one of them can have none of these.

    What hangs on one value of the person or the call stands apart, by that value: an offer whose
    filter names it, or a heavier line that does. Such an offer stands in several lists.
    """

    tests: tuple[tuple[Category, Test], ...]
    entries: tuple[Entry, ...]  # all, by falling bound, as are the lists below
    for_all: tuple[Entry, ...]
    by_value: tuple[tuple[Path, Mapping[Value, tuple[Entry, ...]]], ...]
    blocks: tuple[Block, ...] = ()  # all, where they are asked together

    def open_to(self, facts: Facts) -> Iterator[tuple[Entry, ...]]:
        """The lists in which everything stands that somebody may have."""
        yield self.for_all
        for (root, name), lists in self.by_value:
            found = lists.get(facts[root].get(name))
            if found:
                yield found


class Block:
    """Entries whose rules are one function: what several of them ask is asked once.

    To make it takes as long as a thousand answers, so it is for those who ask for many people.
    """

    __slots__ = ("ask", "entries", "unread")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.unread = entries
        self.entries: tuple[Entry, ...] = ()
        self.ask: Later | None = None

    def answers(self, facts: Facts, at: datetime, zone: tzinfo) -> tuple[Any, ...]:
        """What the rules of all of them say; first, for each entry, its own filter."""
        ask = self.ask
        if ask is None:
            ask = self.ask = self.read()
        return ask(facts, at, zone)

    def read(self) -> Later:
        filters: list[Checked] = []
        more: list[Checked] = []
        placed = []
        for entry in self.unread:
            own = entry.offer.ask.rules if entry.offer.ask else ()
            if any(asks_offer(rule) for rule in own):  # it is asked by itself
                filters.append(ALWAYS)
                placed.append(entry)
                continue
            number = int(entry.offer.has_filter)
            first = len(self.unread) + len(more) - number
            placed.append(replace(entry, block=self, filter_at=len(filters), first=first))
            filters.append(own[0] if number else ALWAYS)
            more += own[number:]
        self.entries = tuple(placed)
        return Later([*filters, *more])

    def passing(self, answers: tuple[Any, ...]) -> Iterator[Entry]:
        """Those whose own filter lets the person in, or has not been asked yet."""
        return compress(self.entries, answers)


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
    return replace(group, blocks=tuple(blocks))


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
    for_all: list[Entry] = []
    by_value: dict[Path, dict[Value, list[Entry]]] = {}
    for entry in entries:
        for (key, needs), bound in bounds_of(entry).items():
            listed = replace(entry, bound=bound, needs=needs)
            if key is None:
                for_all.append(listed)
                continue
            lists = by_value.setdefault(key.path, {})
            for value in key.values:
                lists.setdefault(value, []).append(listed)
    return Group(
        entries[0].offer.category_tests,
        in_order(entries),
        in_order(for_all),
        tuple(
            (path, {value: in_order(found) for value, found in lists.items()})
            for path, lists in by_value.items()
        ),
    )


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
