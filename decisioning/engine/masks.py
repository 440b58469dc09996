"""Which of many filters let somebody in, as the bits of one number.

Most filters ask a few things, such as an age or a country, again and again. What all of them say of
one value is one number, kept for the next person who has it; a person is let in where all of their
numbers have a bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from decisioning.engine.compiled import Facts, Later
from decisioning.engine.values import EPOCH
from rules.checking import Checked
from rules.kinds import BOOL, DATE, DOUBLE, INT, STRING, Kind
from rules.tree import AllOf, Call, Literal, Name, Node, children, rebuilt

MOST_VALUES = 10_000  # that are kept of one thing
KEPT = frozenset({INT, DOUBLE, STRING, DATE})  # kinds of which equal values mean the same
HIDDEN = frozenset({"years", "days", "date", "filter"})  # they look at the clock, or at lists
VALUE = Name(("value",))


class Masks:
    """Filters, each of which is several rules that must all hold; the first is the lowest bit."""

    __slots__ = ("every", "tables", "values")

    def __init__(self, filters: Sequence[Iterable[Checked]]) -> None:
        self.every = (1 << len(filters)) - 1
        without: dict[Node, int] = {}  # the filters that are left where a condition does not hold
        kinds: dict[Node, Kind] = {}
        lists: dict[str, int] = {}
        for number, rules in enumerate(filters):
            for rule in rules:
                kinds |= rule.kinds
                lists |= rule.lists
                for condition in conditions_of(rule.tree):
                    without[condition] = without.get(condition, self.every) & ~(1 << number)
        things: dict[Node, list[Node]] = {}
        for condition in without:
            things.setdefault(thing_of(condition, kinds), []).append(condition)
        for thing, conditions in list(things.items()):
            if len(conditions) == 1:  # its answer says as much as the value
                things[conditions[0]] = things.pop(thing)
        self.values = Later([Checked(thing, kinds[thing], kinds, lists=lists) for thing in things])
        self.tables = [
            Table(thing, {condition: without[condition] for condition in conditions}, kinds)
            for thing, conditions in things.items()
        ]

    def open_to(self, facts: Facts, at: datetime, zone: tzinfo) -> int:
        mask = self.every
        values = self.values
        for table, value in zip(
            self.tables, (values.ask or values.made())(facts, at, zone), strict=True
        ):
            known = table.known.get(value)
            mask &= table.ask(value) if known is None else known
        return mask


class Table:
    """What conditions say of the values of one thing."""

    __slots__ = ("known", "tests", "without")

    def __init__(
        self, thing: Node, without: Mapping[Node, int], kinds: Mapping[Node, Kind]
    ) -> None:
        self.known: dict[Any, int] = {}
        self.without = tuple(without.values())
        told: dict[Node, Kind] = {}
        trees = [said_of(VALUE, thing, condition, kinds, told) for condition in without]
        self.tests = Later([Checked(tree, BOOL, told) for tree in trees])

    def ask(self, value: Any) -> int:
        mask = -1
        answers = self.tests({"value": {"": value}}, EPOCH, UTC)
        for holds, without in zip(answers, self.without, strict=True):
            if not holds:
                mask &= without
        if len(self.known) >= MOST_VALUES:
            self.known.clear()
        self.known[value] = mask
        return mask


def conditions_of(tree: Node) -> Iterator[Node]:
    """What must hold, each for itself."""
    if isinstance(tree, AllOf):
        for part in tree.parts:
            yield from conditions_of(part)
    elif not (isinstance(tree, Literal) and tree.value is True):
        yield tree


def thing_of(condition: Node, kinds: Mapping[Node, Kind]) -> Node:
    """The one thing on whose value a condition hangs, or the whole condition."""
    things = set(things_in(condition))
    if len(things) == 1:
        (thing,) = things
        if kinds[thing] in KEPT:
            return thing
    return condition


def things_in(node: Node) -> Iterator[Node]:
    if isinstance(node, Name) or (isinstance(node, Call) and node.function in HIDDEN):
        yield node
    else:
        for child in children(node):
            yield from things_in(child)


def said_of(
    value: Node, thing: Node, node: Node, kinds: Mapping[Node, Kind], told: dict[Node, Kind]
) -> Node:
    """The same, asked of a value that is at hand; `told` gets the kinds of what it consists of."""
    if node == thing:
        found = value
    else:
        found = rebuilt(node, lambda child: said_of(value, thing, child, kinds, told))
    if node in kinds:
        told[found] = kinds[node]
    return found
