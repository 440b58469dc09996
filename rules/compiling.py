"""From checked trees to one Python function for the whole set, made from generated source.

What several rules ask is asked once. Nothing is interpreted when the function runs: names are
looked up once, literals are constants, and a comparison is a Python comparison. Every expression is
total, so the order in which parts are computed cannot matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from rules import meaning, patterns
from rules.checking import Checked
from rules.kinds import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Base, Kind
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
    walk,
)

Facts = Mapping[str, Mapping[str, Any]]
Evaluate = Callable[[Facts, datetime, tzinfo], tuple[Any, ...]]

LISTS = Name(("contact", "lists"))  # the numbers of the lists that somebody is on
OPERATORS = {Comparison.EQUAL: "==", Comparison.UNEQUAL: "!="}
ARITHMETIC: Mapping[tuple[Arithmetic, Kind], str] = {
    (Arithmetic.PLUS, INT): "plus_int",
    (Arithmetic.MINUS, INT): "minus_int",
    (Arithmetic.TIMES, INT): "times_int",
    (Arithmetic.BY, INT): "by_int",
    (Arithmetic.MODULO, INT): "modulo_int",
    (Arithmetic.PLUS, DOUBLE): "plus_double",
    (Arithmetic.MINUS, DOUBLE): "minus_double",
    (Arithmetic.TIMES, DOUBLE): "times_double",
    (Arithmetic.BY, DOUBLE): "by_double",
    (Arithmetic.PLUS, STRING): "plus_string",
    (Arithmetic.PLUS, DURATION): "plus_duration",
}
CALLS = {
    "startsWith": "starts_with",
    "endsWith": "ends_with",
    "contains": "contains",
    "lowerAscii": "lower_ascii",
    "size": "size",
}
MEANING = {
    name: value for name, value in vars(meaning).items() if callable(value) and name[0].islower()
}


@dataclass(frozen=True, slots=True)
class Program:
    """A set of rules as one function. It is handed what is known of a person, and answers all.

    `facts` has a mapping for each root: `facts["contact"]["age"]`; the numbers of the lists that
    somebody is on are `facts["contact"]["lists"]`. Rules answer True or False,
    weights a number or None.
    """

    source: str
    evaluate: Evaluate


def compile_rules(rules: Sequence[Checked]) -> Program:
    """One function that answers every rule and weight of the set, in their order."""
    writer = Writer(rules)
    source = writer.source(rules)
    scope: dict[str, Any] = {**MEANING, **writer.constants, "__builtins__": SAFE_BUILTINS}
    exec(compile(source, "<rules>", "exec"), scope)  # noqa: S102 (source that we wrote ourselves)
    return Program(source, scope["evaluate"])


SAFE_BUILTINS = {"float": float}


class Writer:
    """Writes the source: names first, then what is shared, then the answers."""

    def __init__(self, rules: Sequence[Checked]) -> None:
        self.kinds: dict[Node, Kind] = {}
        for rule in rules:
            self.kinds.update(rule.kinds)
        self.lists = {name: number for rule in rules for name, number in rule.lists.items()}
        asked = Counter(node for rule in rules for node in walk(rule.tree))
        self.shared = {node for node, times in asked.items() if times > 1 and is_worth(node)}
        self.constants: dict[str, Any] = {}
        self.constant_names: dict[Any, str] = {}
        self.locals: dict[tuple[str, Node], str] = {}
        self.names: dict[Name, str] = {}
        self.lines: list[str] = []

    def source(self, rules: Sequence[Checked]) -> str:
        answers = [
            self.truth(rule.tree) if rule.kind == BOOL else self.value(rule.tree) for rule in rules
        ]
        roots = sorted({name.path[0] for name in self.names if name.path != ("now",)})
        head = ["def evaluate(facts, now, zone):"]
        head += [f'    get_{root} = facts["{root}"].get' for root in roots]
        head += [
            f'    {local} = get_{name.path[0]}("{".".join(name.path[1:])}")'
            if len(name.path) > 1
            else f'    {local} = facts["{name.path[0]}"].get("")'
            for name, local in self.names.items()
            if name.path != ("now",)
        ]
        listed = ", ".join(answers) + ("," if len(answers) == 1 else "")
        return "\n".join([*head, *self.lines, f"    return ({listed})"]) + "\n"

    # --- a value, which may be None ---

    def value(self, node: Node) -> str:
        return self.once("value", node, self.written_value)

    def once(self, way: str, node: Node, write: Callable[[Node], str]) -> str:
        """The expression of a node, or the local that holds it when several rules ask for it."""
        if node not in self.shared:
            return write(node)
        known = self.locals.get((way, node))
        if known is None:
            expression = write(node)
            known = self.locals[way, node] = f"t{len(self.locals)}"
            self.lines.append(f"    {known} = {expression}")
        return known

    def written_value(self, node: Node) -> str:
        match node:
            case Literal():
                return self.literal(node)
            case Name():
                return self.name(node)
            case ListOf(items):
                return self.list_of(node, items)
            case Minus(part):
                function = "minus_duration" if self.kinds[part] == DURATION else "minus"
                return f"{function}({self.value(part)})"
            case Compute():
                return self.compute(node)
            case Choose(condition, then, otherwise):
                chosen, left = self.as_kind(then, node), self.as_kind(otherwise, node)
                return f"({chosen} if {self.truth(condition)} else {left})"
            case Call() if self.kinds[node] != BOOL:
                return self.call(node)
        return self.written_truth(node)

    def as_kind(self, part: Node, whole: Node) -> str:
        """A part's value, as a double where the whole is one and the part is not."""
        return self.number(part, as_double=self.kinds[whole] == DOUBLE)

    def number(self, node: Node, *, as_double: bool) -> str:
        if as_double and self.kinds[node] == INT:
            if isinstance(node, Literal):
                return repr(float(node.value))  # type: ignore[arg-type] # the kind says so
            return f"as_double({self.value(node)})"
        return self.value(node)

    def literal(self, node: Literal) -> str:
        if isinstance(node.value, bool | int | float):
            return repr(node.value)
        return self.constant(node.value)

    def constant(self, value: Any) -> str:
        key = (type(value), value)
        if key not in self.constant_names:
            self.constant_names[key] = f"c{len(self.constants)}"
            self.constants[self.constant_names[key]] = value
        return self.constant_names[key]

    def name(self, node: Name) -> str:
        if node.path == ("now",):
            return "now"
        if node not in self.names:
            self.names[node] = f"v{len(self.names)}"
        return self.names[node]

    def list_of(self, node: ListOf, items: tuple[Node, ...]) -> str:
        double = self.kinds[node].base == Base.DOUBLE
        if all(isinstance(item, Literal) for item in items):
            values = [item.value for item in items if isinstance(item, Literal)]
            return self.constant(tuple(float(v) if double else v for v in values))  # type: ignore[arg-type] # likewise
        written = ", ".join(self.number(item, as_double=double) for item in items)
        return f"present({written})"

    def compute(self, node: Compute) -> str:
        kind, left, right = self.kinds[node], node.left, node.right
        if kind == TIMESTAMP:
            moment, by = (left, right) if self.kinds[left] == TIMESTAMP else (right, left)
            function = "later" if node.operator == Arithmetic.PLUS else "earlier"
            return f"{function}({self.value(moment)}, {self.value(by)})"
        if kind == DURATION and node.operator == Arithmetic.MINUS:
            function = "between" if self.kinds[left] == TIMESTAMP else "minus_durations"
            return f"{function}({self.value(left)}, {self.value(right)})"
        double = kind == DOUBLE
        written = f"{self.number(left, as_double=double)}, {self.number(right, as_double=double)}"
        return f"{ARITHMETIC[node.operator, kind]}({written})"

    def call(self, node: Call) -> str:
        arguments = ", ".join(self.value(argument) for argument in node.arguments)
        match node.function:
            case "years":
                return f"years({arguments}, now, zone)"
            case "days":
                return f"days({arguments}, zone)"
            case "date":
                return f"day({arguments}, zone)"
        return f"{CALLS[node.function]}({arguments})"

    # --- yes or no, which is never None ---

    def truth(self, node: Node) -> str:
        return self.once("truth", node, self.written_truth)

    def written_truth(self, node: Node) -> str:
        match node:
            case Literal(value):
                return repr(value)
            case Not(part):
                return f"(not {self.truth(part)})"
            case AllOf(parts):
                return "(" + " and ".join(self.truth(part) for part in parts) + ")"
            case AnyOf(parts):
                return "(" + " or ".join(self.truth(part) for part in parts) + ")"
            case Compare():
                return self.compare(node)
            case Choose(condition, then, otherwise):
                chosen, left = self.truth(then), self.truth(otherwise)
                return f"({chosen} if {self.truth(condition)} else {left})"
            case Call():
                return self.asked(node)
        return f"({self.value(node)} is True)"

    def asked(self, node: Call) -> str:
        if node.function == "has":
            return f"({self.value(node.arguments[0])} is not None)"
        if node.function == "filter":
            (named,) = node.arguments
            assert isinstance(named, Literal)  # noqa: S101 (the checker has seen to it)
            return f"is_in({self.lists[str(named.value)]}, {self.name(LISTS)})"
        if node.function == "matches":
            text, pattern = node.arguments
            assert isinstance(pattern, Literal)  # noqa: S101 (the checker has seen to it)
            search = self.constant_search(str(pattern.value))
            return self.unless_missing([text], lambda value: f"{search}({value}) is not None")
        return self.call(node)

    def constant_search(self, pattern: str) -> str:
        """The name of the compiled pattern's search."""
        name = self.constant(("pattern", pattern))
        self.constants[name] = patterns.compiled(pattern).search
        return name

    def unless_missing(self, parts: list[Node], write: Callable[..., str]) -> str:
        """A question about parts, which is answered with no when one of them is missing."""
        written = [self.held(part) for part in parts]
        guards = [
            f"{text} is not None"
            for part, text in zip(parts, written, strict=True)
            if may_miss(part)
        ]
        return "(" + " and ".join([*guards, write(*written)]) + ")"

    def held(self, node: Node) -> str:
        """A value in a local or a constant: it stands twice, in the guard and in the question."""
        written = self.value(node)
        if written.isidentifier() or isinstance(node, Literal):
            return written
        local = self.locals[f"held {len(self.locals)}", node] = f"t{len(self.locals)}"
        self.lines.append(f"    {local} = {written}")
        return local

    def compare(self, node: Compare) -> str:
        left, right = node.left, node.right
        if node.operator == Comparison.IN:
            return self.membership(left, right)
        double = {self.kinds[left], self.kinds[right]} == {INT, DOUBLE}
        if self.kinds[left].is_list:
            return self.unless_missing(
                [left, right], lambda a, b: f"present(*{a}) {node.operator} present(*{b})"
            )

        def write(a: str, b: str) -> str:
            if double:
                a = f"float({a})" if self.kinds[left] == INT else a
                b = f"float({b})" if self.kinds[right] == INT else b
            return f"{a} {node.operator} {b}"

        return self.unless_missing([left, right], write)

    def membership(self, left: Node, right: Node) -> str:
        kinds = {self.kinds[left], self.kinds[right].element}
        value = self.value(left)
        if kinds == {INT, DOUBLE}:
            return self.mixed_membership(left, right)
        if isinstance(right, ListOf) and all(isinstance(item, Literal) for item in right.items):
            values = frozenset(item.value for item in right.items if isinstance(item, Literal))
            return f"({value} in {self.constant(values)})"
        return f"is_in({value}, {self.value(right)})"

    def mixed_membership(self, left: Node, right: Node) -> str:
        """An int in a list of doubles, or the reverse: both as doubles."""
        if self.kinds[left] == INT:
            return f"is_in({self.number(left, as_double=True)}, {self.value(right)})"
        return f"is_in({self.value(left)}, doubles({self.value(right)}))"


def may_miss(node: Node) -> bool:
    return not isinstance(node, Literal | AllOf | AnyOf | Not | Compare) and node != Name(("now",))


def is_worth(node: Node) -> bool:
    """Whether it pays to compute a part once and keep it: names and literals are kept anyway."""
    return not isinstance(node, Literal | Name | ListOf)
