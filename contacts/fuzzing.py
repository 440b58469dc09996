"""Random rules over random people: what Python and PostgreSQL must answer alike.

The generator knows the kinds, so that nearly every rule means something, and likes what is awkward:
the edges of numbers, of the calendar and of Unicode, missing values, mixed numbers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rules.kinds import BOOL, DATE, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Base, Kind
from rules.limits import LARGEST_INT, LEAST_INT
from rules.meaning import EARLIEST, LATEST, real
from rules.tree import (
    AllOf,
    AnyOf,
    Arithmetic,
    Call,
    Choose,
    Compare,
    Comparison,
    Compute,
    ListOf,
    Literal,
    Minus,
    Name,
    Node,
    Not,
    depth,
    walk,
)

STRINGS, INTS = Kind(Base.STRING, is_list=True), Kind(Base.INT, is_list=True)
ATTRIBUTES = {
    "flag": BOOL,
    "other_flag": BOOL,
    "age": INT,
    "points": INT,
    "score": DOUBLE,
    "ratio": DOUBLE,
    "city": STRING,
    "segment": STRING,
    "born": DATE,
    "joined": DATE,
    "created_at": TIMESTAMP,
    "seen_at": TIMESTAMP,
    "tags": STRINGS,
    "years_bought": INTS,
}
LISTS = {"vip": 1, "press": 2, "café": 2**40}
TEXTS = [
    "",
    "a",
    "A",
    "aa",
    "Straße",
    "ÉCOLE",
    "école",
    "e\u0301cole",
    "😀",
    "z",
    "Z",
    "ab\nc",
    "50%",
    "_",
    "\\",
    "İ",
    "ﬁ",
    "'; --",
    "a b",
    "\uffff",
    "\U00010000",
]
INTEGERS = [0, 1, -1, 2, 3, 7, 18, 26, 100, 2**31, 2**53, 2**53 + 1, LARGEST_INT, LEAST_INT, -7]
DOUBLES = [
    0.0,
    1.0,
    -1.0,
    0.1,
    0.5,
    2.5,
    18.0,
    1e-100,
    1e-99,
    1e99,
    -1e100,
    9007199254740992.0,
    1 / 3,
]
DAYS = [
    date(2000, 2, 29),
    date(2001, 2, 28),
    date(2001, 3, 1),
    date(1900, 1, 1),
    date(2026, 3, 29),
    date(2026, 10, 25),
    date(1, 1, 3),
    date(9999, 12, 28),
    date(1999, 12, 31),
]
MOMENTS = [
    datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 59, 59, 999999, UTC),
    datetime(2000, 2, 28, 23, 0, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 1, UTC),
    EARLIEST,
    LATEST,
    datetime(2026, 6, 30, 22, 0, tzinfo=UTC),
]
LENGTHS = [
    timedelta(0),
    timedelta(hours=720),
    timedelta(microseconds=1),
    timedelta(days=-1),
    timedelta(days=3_000_000),
    timedelta(hours=1, microseconds=-1),
    timedelta(days=365),
]
PATTERNS = [
    "^a",
    "a$",
    "a.c",
    "[a-z]+",
    "(é|e)cole",
    r"\d{2,}",
    "^$",
    "a*?",
    r"[^\w]",
    "😀",
    r"\\",
    r"\s",
    "^(?:a|b)+$",
    "[A-Z]",
    ".",
    r"^.{2,3}$",
    "%",
    "_",
    "[é-ü]",
]


Maker = Callable[[int], Node]


class Fuzzer:
    """Makes rules and people from a seed: the same seed makes the same ones."""

    lists: Mapping[str, int] = LISTS

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 (nothing here is secret)
        self.makers: dict[Kind, list[Maker]] = {
            BOOL: [
                *[self.compare] * 6,
                *[self.group] * 4,
                *[self.membership] * 3,
                *[self.text_question] * 2,
                self.negate,
                self.choose_bool,
                self.has,
                *[self.listed] * (2 if self.lists else 0),
            ],
            INT: [*[self.compute_int] * 2, self.minus_int, self.size, self.years, self.days],
            DOUBLE: [self.compute_double, self.minus_double],
            STRING: [self.joined, self.lowered],
            DATE: [lambda left: Call("date", (self.tree(TIMESTAMP, left),))],
            TIMESTAMP: [self.moved],
            DURATION: [self.elapsed, self.summed],
            STRINGS: [lambda left: self.list_of(STRING, left)],
            INTS: [lambda left: self.list_of(INT, left)],
        }

    # --- rules ---

    def rule(self) -> Node:
        """A rule of one to thirty parts, most often small."""
        while True:
            made = normal(self.tree(BOOL, self.chance.choice([1, 2, 2, 3, 3, 4, 5])))
            if depth(made) <= 30 and sum(1 for _ in walk(made)) <= 200:
                return made

    def tree(self, kind: Kind, left: int) -> Node:
        """An expression of a kind, at most `left` levels deep."""
        if left <= 0 or self.chance.random() < 0.2:
            return self.leaf(kind)
        return self.chance.choice(self.makers[kind])(left - 1)

    def leaf(self, kind: Kind) -> Node:
        names = [Name(("contact", name)) for name, known in ATTRIBUTES.items() if known == kind]
        if kind == TIMESTAMP:
            names.append(Name(("now",)))
        if names and self.chance.random() < 0.6:
            return self.chance.choice(names)
        if kind.is_list:
            return self.list_of(kind.element, 0)
        return Literal(self.value(kind), kind)

    def compare(self, left: int) -> Node:
        kind = self.chance.choice(
            [BOOL, INT, INT, DOUBLE, STRING, STRING, DATE, TIMESTAMP, DURATION, STRINGS, INTS]
        )
        other = self.chance.choice([INT, DOUBLE]) if kind.is_number else kind
        operators = list(Comparison)[:2] if kind == BOOL or kind.is_list else list(Comparison)[:6]
        return Compare(self.chance.choice(operators), self.tree(kind, left), self.tree(other, left))

    def group(self, left: int) -> Node:
        parts = tuple(self.tree(BOOL, left) for _ in range(self.chance.choice([2, 2, 3])))
        return AllOf(parts) if self.chance.random() < 0.5 else AnyOf(parts)

    def negate(self, left: int) -> Node:
        return Not(self.tree(BOOL, left))

    def choose_bool(self, left: int) -> Node:
        return self.choose(BOOL, left)

    def choose(self, kind: Kind, left: int) -> Node:
        return Choose(self.tree(BOOL, left), self.tree(kind, left), self.tree(kind, left))

    def membership(self, left: int) -> Node:
        kind = self.chance.choice([STRING, INT, DOUBLE, DATE])
        values = self.chance.choice([STRINGS if kind == STRING else INTS, None])
        if kind == DATE or values is None:
            return Compare(Comparison.IN, self.tree(kind, left), self.list_of(kind, left))
        return Compare(Comparison.IN, self.tree(kind, left), self.tree(values, left))

    def has(self, left: int) -> Node:
        return Call("has", (Name(("contact", self.chance.choice(list(ATTRIBUTES)))),))

    def listed(self, left: int) -> Node:
        return Call("filter", (Literal(self.chance.choice(list(self.lists)), STRING),))

    def text_question(self, left: int) -> Node:
        function = self.chance.choice(["startsWith", "endsWith", "contains", "matches"])
        subject = self.tree(STRING, left)
        if function == "matches":
            return Call(function, (subject, Literal(self.chance.choice(PATTERNS), STRING)))
        return Call(function, (subject, self.tree(STRING, left)))

    def compute_int(self, left: int) -> Node:
        operator = self.chance.choice(list(Arithmetic))
        return Compute(operator, self.tree(INT, left), self.tree(INT, left))

    def compute_double(self, left: int) -> Node:
        operator = self.chance.choice(list(Arithmetic)[:4])
        first, second = self.chance.choice([(DOUBLE, DOUBLE), (INT, DOUBLE), (DOUBLE, INT)])
        return Compute(operator, self.tree(first, left), self.tree(second, left))

    def size(self, left: int) -> Node:
        return Call("size", (self.tree(self.chance.choice([STRING, STRINGS, INTS]), left),))

    def years(self, left: int) -> Node:
        return Call("years", (self.tree(self.chance.choice([DATE, TIMESTAMP]), left),))

    def days(self, left: int) -> Node:
        kinds = self.chance.choices([DATE, TIMESTAMP], k=2)
        return Call("days", tuple(self.tree(kind, left) for kind in kinds))

    def joined(self, left: int) -> Node:
        return Compute(Arithmetic.PLUS, self.tree(STRING, left), self.tree(STRING, left))

    def lowered(self, left: int) -> Node:
        return Call("lowerAscii", (self.tree(STRING, left),))

    def moved(self, left: int) -> Node:
        operator = self.chance.choice([Arithmetic.PLUS, Arithmetic.MINUS])
        return Compute(operator, self.tree(TIMESTAMP, left), self.tree(DURATION, left))

    def elapsed(self, left: int) -> Node:
        return Compute(Arithmetic.MINUS, self.tree(TIMESTAMP, left), self.tree(TIMESTAMP, left))

    def summed(self, left: int) -> Node:
        operator = self.chance.choice([Arithmetic.PLUS, Arithmetic.MINUS])
        return Compute(operator, self.tree(DURATION, left), self.tree(DURATION, left))

    def list_of(self, kind: Kind, left: int) -> Node:
        return ListOf(tuple(self.tree(kind, left) for _ in range(self.chance.choice([1, 2, 3]))))

    def minus_int(self, left: int) -> Node:
        return Minus(self.tree(INT, left))

    def minus_double(self, left: int) -> Node:
        return Minus(self.tree(DOUBLE, left))

    # --- values ---

    def value(self, kind: Kind) -> Any:
        chance = self.chance
        match kind.base:
            case Base.BOOL:
                return chance.random() < 0.5
            case Base.INT:
                return (
                    chance.choice(INTEGERS) if chance.random() < 0.6 else chance.randint(-50, 120)
                )
            case Base.DOUBLE:
                made = chance.choice(DOUBLES) if chance.random() < 0.6 else chance.uniform(-99, 99)
                return real(made)
            case Base.STRING:
                return chance.choice(TEXTS) + (
                    chance.choice(TEXTS) if chance.random() < 0.3 else ""
                )
        awkward: dict[Base, list[Any]] = {
            Base.DATE: DAYS,
            Base.TIMESTAMP: MOMENTS,
            Base.DURATION: LENGTHS,
        }
        return chance.choice(awkward[kind.base])

    def person(self) -> dict[str, Any]:
        """Somebody's attributes; a fifth is missing, and so is an empty text or list."""
        known = {name: self.attribute(kind) for name, kind in ATTRIBUTES.items()}
        there = {name: value for name, value in known.items() if value not in ("", (), None)}
        on = tuple(number for number in self.lists.values() if self.chance.random() < 0.3)
        return {**there, "lists": on} if self.lists else there

    def attribute(self, kind: Kind) -> Any:
        if self.chance.random() < 0.2:
            return None
        if kind.is_list:
            return tuple(self.value(kind.element) for _ in range(self.chance.choice([0, 1, 2, 4])))
        return self.value(kind)

    def people(self, number: int) -> Sequence[dict[str, Any]]:
        return [self.person() for _ in range(number)]


def normal(node: Node) -> Node:  # noqa: C901 (one line for each form)
    """The tree that the parser would make: a minus before a number written down belongs to it."""
    match node:
        case Minus(part):
            inner = normal(part)
            if isinstance(inner, Literal) and isinstance(inner.value, int | float):
                negative = -inner.value
                fits = not isinstance(negative, int) or negative <= LARGEST_INT
                return Literal(negative, inner.kind) if fits else inner
            return Minus(inner)
        case Not(part):
            return Not(normal(part))
        case AllOf(parts):
            return AllOf(tuple(map(normal, parts)))
        case AnyOf(parts):
            return AnyOf(tuple(map(normal, parts)))
        case ListOf(items):
            return ListOf(tuple(map(normal, items)))
        case Call(function, arguments):
            return Call(function, tuple(map(normal, arguments)))
        case Compare(operator, left, right):
            return Compare(operator, normal(left), normal(right))
        case Compute(operator, left, right):
            return Compute(operator, normal(left), normal(right))
        case Choose(condition, then, otherwise):
            return Choose(normal(condition), normal(then), normal(otherwise))
    return node
