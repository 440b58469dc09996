"""Why a rule does not hold for somebody, and the least that would have to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import chain
from typing import Any

from rules.checking import Checked
from rules.compiling import Facts, compile_rules
from rules.kinds import BOOL, Kind
from rules.printing import print_rule
from rules.tree import AllOf, AnyOf, Call, Choose, Compare, Literal, Name, Node, Not, walk


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a rule asks: what it answers, and what the person has that it looks at."""

    node: Node
    text: str
    holds: bool
    values: Mapping[str, Any]  # by name; None is missing


@dataclass(frozen=True, slots=True)
class Change:
    """A condition that would have to become true, or no longer be true."""

    condition: Condition
    must_hold: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a rule holds, every condition in it, and the smallest set that would satisfy it."""

    holds: bool
    conditions: tuple[Condition, ...]
    changes: tuple[Change, ...]


Needs = dict[Node, bool]
MOST_WAYS = 16


def explain(rule: Checked, facts: Facts, now: datetime, zone: tzinfo) -> Explanation:
    """What the compiled rule answers, taken apart."""
    conditions = ask(rule, facts, now, zone)
    answers = {condition.node: condition for condition in conditions}
    search = Search(answers)
    ways = search.ways(rule.tree, goal=True)
    changes = search.changes(ways[0]) if ways else []
    (holds,) = compile_rules([rule]).evaluate(facts, now, zone)
    return Explanation(holds, tuple(conditions), tuple(changes))


def ask(rule: Checked, facts: Facts, now: datetime, zone: tzinfo) -> list[Condition]:
    """Every condition of a rule with its answer, by the same program that decisions run."""
    nodes = list(dict.fromkeys(conditions_of(rule.tree)))
    names = {node: names_in(node) for node in nodes}
    asked = [Checked(node, BOOL, rule.kinds, lists=rule.lists) for node in nodes]
    looked_up = sorted({name for found in names.values() for name in found}, key=str)
    values = [Checked(name, as_value(rule.kinds[name]), rule.kinds) for name in looked_up]
    answers = compile_rules([*asked, *values]).evaluate(facts, now, zone)
    value_of = dict(zip(looked_up, answers[len(nodes) :], strict=True))
    return [
        Condition(
            node, print_rule(node), answer, {str(name): value_of[name] for name in names[node]}
        )
        for node, answer in zip(nodes, answers[: len(nodes)], strict=True)
    ]


def as_value(kind: Kind) -> Kind:
    """A kind that is asked for as a value: a missing yes-or-no is missing, not no."""
    return Kind(kind.base, is_list=True) if kind == BOOL else kind


def conditions_of(node: Node) -> list[Node]:
    """The parts that are yes or no by themselves, in the order of the text."""
    match node:
        case Not(part):
            return conditions_of(part)
        case AllOf(parts) | AnyOf(parts):
            return [found for part in parts for found in conditions_of(part)]
        case Choose(condition, then, otherwise):
            return [found for part in (condition, then, otherwise) for found in conditions_of(part)]
        case Compare() | Call() | Name() | Literal():
            return [node]
    raise TypeError(f"not a condition: {node!r}")


def names_in(node: Node) -> list[Name]:
    return list(dict.fromkeys(part for part in walk(node) if isinstance(part, Name)))


class Search:
    """Looks for the fewest changes; remembers a few ways at each part, so that it stays quick."""

    def __init__(self, answers: Mapping[Node, Condition]) -> None:
        self.answers = answers

    def ways(self, node: Node, *, goal: bool) -> list[Needs]:
        """What the conditions of a part may answer for the part to answer `goal`, best first."""
        match node:
            case Not(part):
                return self.ways(part, goal=not goal)
            case AllOf(parts) | AnyOf(parts):
                each = [self.ways(part, goal=goal) for part in parts]
                every = isinstance(node, AllOf) == goal
                return self.together(each) if every else self.best([*chain(*each)])
            case Choose(condition, then, otherwise):
                chosen = [self.ways(condition, goal=True), self.ways(then, goal=goal)]
                left = [self.ways(condition, goal=False), self.ways(otherwise, goal=goal)]
                return self.best([*self.together(chosen), *self.together(left)])
            case Literal(value):
                return [{}] if value is goal else []
        return [{node: goal}]

    def together(self, each: list[list[Needs]]) -> list[Needs]:
        """All of the parts at once; two that want opposite things do not go together."""
        found: list[Needs] = [{}]
        for ways in each:
            found = self.best(
                [one | other for one in found for other in ways if not opposed(one, other)]
            )
        return found

    def best(self, ways: list[Needs]) -> list[Needs]:
        return sorted(ways, key=lambda needs: len(self.changes(needs)))[:MOST_WAYS]

    def changes(self, needs: Needs) -> list[Change]:
        return [
            Change(self.answers[node], must)
            for node, must in needs.items()
            if self.answers[node].holds != must
        ]


def opposed(one: Needs, other: Needs) -> bool:
    return any(one.get(node, must) != must for node, must in other.items())
