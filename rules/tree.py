"""A rule as a tree of values that nobody can change.

Two trees are equal when they say the same, wherever they stood in a text: `span` does not count.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from rules.kinds import Kind

Span = tuple[int, int]
Value = bool | int | float | str | date | datetime | timedelta
NOWHERE: Span = (0, 0)


class Comparison(StrEnum):
    EQUAL = "=="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    IN = "in"


class Arithmetic(StrEnum):
    PLUS = "+"
    MINUS = "-"
    TIMES = "*"
    BY = "/"
    MODULO = "%"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written down. A timestamp, date or duration is one too: `duration("720h")`."""

    value: Value
    kind: Kind
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """Something to look up: `contact.age` is `("contact", "age")`, `now` is `("now",)`."""

    path: tuple[str, ...]
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class ListOf:
    items: tuple["Node", ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Minus:
    part: "Node"
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple["Node", ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple["Node", ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    operator: Comparison
    left: "Node"
    right: "Node"
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Compute:
    operator: Arithmetic
    left: "Node"
    right: "Node"
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Choose:
    """`condition ? then : otherwise`."""

    condition: "Node"
    then: "Node"
    otherwise: "Node"
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of values; of a method the receiver is the first of them."""

    function: str
    arguments: tuple["Node", ...]
    span: Span = field(default=NOWHERE, compare=False)


Node = Literal | Name | ListOf | Not | Minus | AllOf | AnyOf | Compare | Compute | Choose | Call


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Literal() | Name():
            return ()
        case ListOf(items):
            return items
        case Not(part) | Minus(part):
            return (part,)
        case AllOf(parts) | AnyOf(parts):
            return parts
        case Compare(_, left, right) | Compute(_, left, right):
            return (left, right)
        case Choose(condition, then, otherwise):
            return (condition, then, otherwise)
        case Call(_, arguments):
            return arguments


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with each of its parts changed."""
    match node:
        case Literal() | Name():
            return node
        case ListOf(items):
            return replace(node, items=tuple(map(change, items)))
        case Not(part) | Minus(part):
            return replace(node, part=change(part))
        case AllOf(parts) | AnyOf(parts):
            return replace(node, parts=tuple(map(change, parts)))
        case Compare(_, left, right) | Compute(_, left, right):
            return replace(node, left=change(left), right=change(right))
        case Choose(condition, then, otherwise):
            return Choose(change(condition), change(then), change(otherwise), node.span)
        case Call(_, arguments):
            return replace(node, arguments=tuple(map(change, arguments)))


def depth(node: Node) -> int:
    """How many levels a tree has. A chain such as `a + b + c` is one level, as people see it."""
    match node:
        case Compute(_, Compute(_, _, _) as left, right):
            return max(depth(left), 1 + depth(right))
        case _:
            return 1 + max((depth(child) for child in children(node)), default=0)
