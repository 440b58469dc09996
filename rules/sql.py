"""The same rule as PostgreSQL reads it: an expression with bound parameters.

A condition may come out as NULL where a value is missing, and NULL counts as no: so a condition
stays one that an index can serve, and `NOT` is written `IS NOT TRUE`. What a rule writes never
stands in the text of the statement; it is a parameter. `meaning.py` says what each operation means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rules import limits, patterns
from rules.checking import Checked
from rules.kinds import BOOL, DOUBLE, DURATION, EMPTY_LIST, INT, STRING, TIMESTAMP, Base, Kind
from rules.meaning import EARLIEST, LATEST, LONGEST, MICROSECOND
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
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000  # microseconds
TYPES = {
    Base.BOOL: "boolean",
    Base.INT: "bigint",
    Base.DOUBLE: "double precision",
    Base.STRING: "text",
    Base.DATE: "date",
    Base.TIMESTAMP: "timestamptz",
    Base.DURATION: "bigint",  # microseconds
    Base.ANYTHING: "text",
}
UPPER, LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of a statement, and what its placeholders stand for."""

    text: str
    parameters: tuple[Any, ...]


@dataclass
class Surroundings:
    """What names mean here: columns of the statement, or values that are the same for every row."""

    columns: Mapping[str, str]
    now: datetime
    zone: str
    values: Mapping[str, Any] = field(default_factory=dict)
    membership: str = "FALSE"  # whether somebody is on a list, whose number stands at {}


def to_sql(rule: Checked, around: Surroundings) -> Sql:
    """A condition (NULL counts as no) for a rule, a number or NULL for a weight."""
    writer = Writer(rule, around)
    text = writer.truth(rule.tree) if rule.kind == BOOL else writer.value(rule.tree)
    return Sql(text, tuple(writer.parameters))


def type_of(kind: Kind) -> str:
    return TYPES[kind.base] + "[]" * kind.is_list


def microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


class Writer:
    """Writes from left to right, so that parameters come in the order of their placeholders."""

    def __init__(self, rule: Checked, around: Surroundings) -> None:
        self.kinds = rule.kinds
        self.lists = rule.lists
        self.around = around
        self.parameters: list[Any] = []

    def parameter(self, value: Any, kind: Kind) -> str:
        if value is None:
            return f"NULL::{type_of(kind)}"
        if kind == DURATION:
            value = value // MICROSECOND
        if kind.is_list:
            value = list(value)
        self.parameters.append(value)
        # CAST and not `::`, which binds tighter than the minus that a driver may write out.
        return f"CAST(%s AS {type_of(kind)})"

    # --- yes or no; NULL is no ---

    def truth(self, node: Node) -> str:
        match node:
            case Not(part):
                return f"({self.truth(part)} IS NOT TRUE)"
            case AllOf(parts):
                return "(" + " AND ".join(self.truth(part) for part in parts) + ")"
            case AnyOf(parts):
                return "(" + " OR ".join(self.truth(part) for part in parts) + ")"
            case Compare():
                return self.compare(node)
            case Choose(condition, then, otherwise):
                case = f"CASE WHEN {self.truth(condition)} THEN {self.truth(then)}"
                return f"({case} ELSE {self.truth(otherwise)} END)"
            case Call():
                return self.asked(node)
        return self.value(node)

    def compare(self, node: Compare) -> str:
        left, right = node.left, node.right
        if node.operator == Comparison.IN:
            return self.membership(left, right)
        if EMPTY_LIST in {self.kinds[left], self.kinds[right]}:
            return self.compare_with_nothing(node)
        double = {self.kinds[left], self.kinds[right]} == {INT, DOUBLE}
        operator = {"==": "=", "!=": "<>"}.get(str(node.operator), str(node.operator))
        order = ' COLLATE "C"' if self.is_text_order(node) else ""
        written = self.number(left, as_double=double) + order
        return f"({written} {operator} {self.number(right, as_double=double)})"

    def compare_with_nothing(self, node: Compare) -> str:
        """An empty list has no type of its own, so the other side is asked how long it is."""
        sides = [side for side in (node.left, node.right) if self.kinds[side] != EMPTY_LIST]
        length = f"cardinality({self.value(sides[0])})" if sides else "0"
        return f"({length} {'=' if node.operator == Comparison.EQUAL else '<>'} 0)"

    def is_text_order(self, node: Compare) -> bool:
        """Texts are ordered by their code points, whatever the database's language."""
        equality = {Comparison.EQUAL, Comparison.UNEQUAL}
        return self.kinds[node.left] == STRING and node.operator not in equality

    def membership(self, left: Node, right: Node) -> str:
        element = self.kinds[right].element
        if element.base == Base.ANYTHING:
            return "FALSE"
        double = {self.kinds[left], element} == {INT, DOUBLE}
        value = self.number(left, as_double=double)
        values = self.value(right)
        if double and element == INT:
            values += "::double precision[]"
        return f"({value} = ANY({values}))"

    def asked(self, node: Call) -> str:
        if node.function == "has":
            return f"({self.value(node.arguments[0])} IS NOT NULL)"
        if node.function == "filter":
            number = self.lists[str(node.arguments[0].value)]  # type: ignore[union-attr] # checked
            return self.around.membership.format(self.parameter(number, INT))
        if node.function == "matches":
            subject, pattern = self.value(node.arguments[0]), node.arguments[1]
            written = patterns.to_postgres(str(pattern.value))  # type: ignore[union-attr] # checked
            return f"({subject} ~ {self.parameter(written, STRING)})"
        first, second = node.arguments
        if node.function == "endsWith":
            return self.ends_with(first, second)
        text, part = self.value(first), self.value(second)
        if node.function == "startsWith":
            return f"starts_with({text}, {part})"
        return f"(strpos({text}, {part}) > 0)"

    def ends_with(self, text: Node, ending: Node) -> str:
        inner = f"SELECT {self.value(text)} AS t, {self.value(ending)} AS e OFFSET 0"
        return f"(SELECT right(t, char_length(e)) = e FROM ({inner}) AS s)"  # noqa: S608 (our words)

    # --- a value; NULL is missing ---

    def value(self, node: Node) -> str:
        match node:
            case Literal(value, kind):
                return self.parameter(value, kind)
            case Name():
                return self.name(node)
            case ListOf(items):
                return self.list_of(node, items)
            case Minus(part):
                return self.minus(part)
            case Compute():
                return self.compute(node)
            case Choose(condition, then, otherwise):
                double = self.kinds[node] == DOUBLE
                case = f"CASE WHEN {self.truth(condition)}"
                chosen = self.number(then, as_double=double)
                return f"({case} THEN {chosen} ELSE {self.number(otherwise, as_double=double)} END)"
            case Call() if self.kinds[node] != BOOL:
                return self.call(node)
        return f"({self.truth(node)} IS TRUE)"

    def name(self, node: Name) -> str:
        if node.path == ("now",):
            return self.parameter(self.around.now, TIMESTAMP)
        column = self.around.columns.get(str(node))
        if column is not None:
            return column
        return self.parameter(self.around.values.get(str(node)), self.kinds[node])

    def number(self, node: Node, *, as_double: bool) -> str:
        written = self.value(node)
        if as_double and self.kinds[node] == INT:
            return f"({written})::double precision"
        return written

    def list_of(self, node: ListOf, items: tuple[Node, ...]) -> str:
        kind = self.kinds[node]
        if not items:
            return "'{}'::text[]"
        double = kind.base == Base.DOUBLE
        written = ", ".join(self.number(item, as_double=double) for item in items)
        return f"array_remove(ARRAY[{written}]::{type_of(kind)}, NULL)"

    def minus(self, part: Node) -> str:
        kind = self.kinds[part]
        if kind == INT:
            return fenced_int(f"-({self.value(part)})::numeric")
        return f"(-({self.value(part)}))"

    def compute(self, node: Compute) -> str:
        kind = self.kinds[node]
        if kind == STRING:
            return f"({self.value(node.left)} || {self.value(node.right)})"
        if kind == TIMESTAMP:
            return self.moved(node)
        if kind == DURATION:
            left, right = self.in_microseconds(node.left), self.in_microseconds(node.right)
            return fenced_duration(f"{left} {node.operator} {right}")
        double = kind == DOUBLE
        left = self.number(node.left, as_double=double)
        right = self.number(node.right, as_double=double)
        return COMPUTED[kind](left, right, node.operator)

    def in_microseconds(self, node: Node) -> str:
        """A moment as microseconds since 1970, or a duration, as a number without bounds."""
        if self.kinds[node] == TIMESTAMP:
            return f"(extract(epoch FROM {self.value(node)}) * 1000000)"
        return f"({self.value(node)})::numeric"

    def moved(self, node: Compute) -> str:
        left, right = self.in_microseconds(node.left), self.in_microseconds(node.right)
        least, most = microseconds(EARLIEST), microseconds(LATEST)
        whole = f"make_interval(days => floor(v / {DAY})::int)"
        rest = f"(v - floor(v / {DAY}) * {DAY})::bigint * interval '1 microsecond'"
        moment = f"(timestamp 'epoch' + {whole} + {rest}) AT TIME ZONE 'UTC'"
        return fenced(f"{left} {node.operator} {right}", f"v BETWEEN {least} AND {most}", moment)

    def call(self, node: Call) -> str:
        match node.function:
            case "size":
                return self.size(node.arguments[0])
            case "lowerAscii":
                text = self.value(node.arguments[0])
                return f"translate({text}, '{UPPER}', '{LOWER}')"
            case "date":
                return self.day(node.arguments[0])
            case "days":
                first, second = (self.day(argument) for argument in node.arguments)
                return f"(-({first} - {second}))::bigint"
        return self.years(node.arguments[0])

    def size(self, node: Node) -> str:
        function = "cardinality" if self.kinds[node].is_list else "char_length"
        return f"{function}({self.value(node)})::bigint"

    def day(self, node: Node) -> str:
        written = self.value(node)
        if self.kinds[node] != TIMESTAMP:
            return written
        return f"({written} AT TIME ZONE {self.parameter(self.around.zone, STRING)})::date"

    def years(self, node: Node) -> str:
        """Days as numbers such as 20261121: their difference counts ten thousand to the year.

        Without a query inside, because with one PostgreSQL would not work in parallel.
        """
        today = self.around.now.astimezone(self.zone()).date()
        number = self.parameter(today.year * 10_000 + today.month * 100 + today.day, INT)
        born = f"to_char(({self.day(node)})::timestamp, 'YYYYMMDD')::bigint"
        return f"floor(({number} - {born}) / 10000::double precision)::bigint"

    def zone(self) -> Any:
        return ZoneInfo(self.around.zone)


def fenced(expression: str, condition: str, result: str) -> str:
    """`result` where `condition` holds for v, the expression, which is computed only once."""
    case = f"CASE WHEN {condition} THEN {result} END"
    return f"(SELECT {case} FROM (SELECT {expression} AS v OFFSET 0) AS s)"  # noqa: S608 (likewise)


def fenced_int(expression: str) -> str:
    bounds = f"v BETWEEN {limits.LEAST_INT} AND {limits.LARGEST_INT}"
    return fenced(expression, bounds, "v::bigint")


def fenced_duration(expression: str) -> str:
    most = LONGEST // MICROSECOND
    return fenced(expression, f"v BETWEEN {-most} AND {most}", "v::bigint")


def int_computed(left: str, right: str, operator: Arithmetic) -> str:
    match operator:
        case Arithmetic.BY:
            return fenced_int(f"div(({left})::numeric, NULLIF({right}, 0)::numeric)")
        case Arithmetic.MODULO:
            return fenced_int(f"mod(({left})::numeric, NULLIF({right}, 0)::numeric)")
    return fenced_int(f"({left})::numeric {operator} ({right})::numeric")


def double_computed(left: str, right: str, operator: Arithmetic) -> str:
    divisor = f"NULLIF({right}, 0)" if operator == Arithmetic.BY else right
    least, most = f"{limits.LEAST_DOUBLE:g}", f"{limits.LARGEST_DOUBLE:g}"
    result = f"CASE WHEN abs(v) < {least}::double precision THEN 0 ELSE v END"
    bounds = f"abs(v) <= {most}::double precision"
    return fenced(f"({left}) {operator} ({divisor})", bounds, result)


COMPUTED: Mapping[Kind, Callable[[str, str, Arithmetic], str]] = {
    INT: int_computed,
    DOUBLE: double_computed,
}
