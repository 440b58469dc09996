"""Does a tree mean something? Every part gets a kind, or a mistake that says what was expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rules import patterns
from rules.kinds import (
    BOOL,
    DATE,
    DOUBLE,
    DURATION,
    EMPTY_LIST,
    INT,
    ORDERED,
    STRING,
    TIMESTAMP,
    Base,
    Kind,
)
from rules.nearness import is_near, nearest
from rules.refusals import BadRule, Code, Mistake
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
    rebuilt,
    walk,
)
from rules.vocabulary import Vocabulary


@dataclass(frozen=True)
class Checked:
    """A tree whose filters are written out and whose every part has a kind.

    A list of people stays as it was named; `lists` has the numbers of those that are.
    """

    tree: Node
    kind: Kind
    kinds: Mapping[Node, Kind]
    warnings: tuple[Mistake, ...] = ()
    lists: Mapping[str, int] = field(default_factory=dict)

    def kind_of(self, node: Node) -> Kind:
        return self.kinds[node]


def check_rule(tree: Node, words: Vocabulary) -> Checked:
    """The tree as a yes-or-no question; raises BadRule with every mistake in it."""
    return check(tree, words, lambda kind: kind == BOOL, ("bool",))


def check_weight(tree: Node, words: Vocabulary) -> Checked:
    """The tree as a number; raises BadRule with every mistake in it."""
    return check(tree, words, lambda kind: kind.is_number, ("int", "double"))


def check(
    tree: Node, words: Vocabulary, wanted: Callable[[Kind], bool], expected: tuple[str, ...]
) -> Checked:
    whole = write_out_filters(tree, words)
    checker = Checker(words)
    kind = checker.kind(whole)
    if kind is not None and not wanted(kind):
        checker.refuse(Code.WRONG_KIND, whole, str(kind), *expected)
    if checker.mistakes or kind is None:
        raise BadRule(tuple(sorted(checker.mistakes, key=lambda mistake: mistake.start)))
    lists = {name: words.lists[name] for name in named_filters(whole)}
    return Checked(whole, kind, checker.kinds, tuple(choice_warnings(whole, words)), lists)


def named_filters(tree: Node) -> set[str]:
    """The filters that a tree names itself."""
    found = set()
    for node in walk(tree):
        match node:
            case Call("filter", (Literal(str(name)),)):
                found.add(name)
    return found


def write_out_filters(tree: Node, words: Vocabulary, above: tuple[str, ...] = ()) -> Node:
    """The tree with each `filter("name")` replaced by what that filter says; lists stay."""
    match tree:
        case Call("filter", (Literal(str(name)),), span) if name not in words.lists:
            if name in above:
                raise BadRule((Mistake(Code.CIRCULAR_FILTER, *span, name),))
            if name not in words.filters:
                known = tuple(nearest(name, {*words.filters, *words.lists}))
                raise BadRule((Mistake(Code.UNKNOWN_FILTER, *span, name, known),))
            return write_out_filters(words.filters[name], words, (*above, name))
    return rebuilt(tree, lambda part: write_out_filters(part, words, above))


def choice_warnings(tree: Node, words: Vocabulary) -> list[Mistake]:
    """Comparisons with a value that the attribute never has."""
    found = []
    for node in walk(tree):
        match node:
            case Compare(Comparison.EQUAL | Comparison.UNEQUAL, Name() as name, Literal() as value):
                compared: Sequence[Node] = (value,)
            case Compare(Comparison.IN, Name() as name, ListOf(items)):
                compared = items
            case _:
                continue
        choices = words.choices.get(str(name), ())
        found += [
            Mistake(Code.NOT_A_CHOICE, *item.span, str(item.value), choices)
            for item in compared
            if choices and isinstance(item, Literal) and item.value not in choices
        ]
    return found


class Checker:
    """Walks a tree once; a part that is wrong has no kind, and what holds it is not blamed too."""

    def __init__(self, words: Vocabulary) -> None:
        self.words = words
        self.kinds: dict[Node, Kind] = {}
        self.mistakes: list[Mistake] = []

    def refuse(self, code: Code, node: Node, found: str, *expected: str) -> None:
        self.mistakes.append(Mistake(code, *node.span, found, expected))

    def kind(self, node: Node) -> Kind | None:
        found = self.kind_of_form(node)
        if found is not None:
            self.kinds[node] = found
        return found

    def kind_of_form(self, node: Node) -> Kind | None:
        match node:
            case Literal(_, kind):
                return kind
            case Name():
                return self.name(node)
            case ListOf(items):
                return self.list_of(node, items)
            case Not(part):
                self.expect(part, BOOL)
                return BOOL
            case AllOf(parts) | AnyOf(parts):
                for part in parts:
                    self.expect(part, BOOL)
                return BOOL
            case _:
                return self.kind_of_operation(node)

    def kind_of_operation(self, node: Node) -> Kind | None:
        match node:
            case Minus(part):
                return self.minus(part)
            case Compare():
                return self.compare(node)
            case Compute():
                return self.compute(node)
            case Choose():
                return self.choose(node)
            case Call():
                return self.call(node)
        raise TypeError(f"not a node: {node!r}")

    def expect(self, node: Node, *wanted: Kind) -> Kind | None:
        """The kind of a part, if it is one of those that are wanted here."""
        kind = self.kind(node)
        if kind is None or kind in wanted:
            return kind
        self.refuse(Code.WRONG_KIND, node, str(kind), *map(str, wanted))
        return None

    def name(self, node: Name) -> Kind | None:
        kind = self.words.names.get(str(node))
        if kind is None:
            self.refuse(Code.UNKNOWN_NAME, node, str(node), *self.similar(str(node)))
        return kind

    def similar(self, name: str) -> list[str]:
        """What an unknown name may have meant, best first: names of its root, if there is one."""
        root = name.partition(".")[0] + "."
        near = [known for known in self.words.names if known.startswith(root)]
        if near:
            return nearest(name, near)
        near = [known for known in self.words.names if is_near(name, known)]
        return nearest(name, near) or sorted({n.partition(".")[0] for n in self.words.names})

    def list_of(self, node: ListOf, items: tuple[Node, ...]) -> Kind | None:
        if not items:
            return EMPTY_LIST
        kinds = [self.kind(item) for item in items]
        known = {kind for kind in kinds if kind is not None}
        if len(known) != len(set(kinds)):
            return None
        if known == {INT, DOUBLE}:
            return Kind(Base.DOUBLE, is_list=True)
        first = known.pop()
        if known or first.is_list:
            self.refuse(Code.MIXED_LIST, node, ", ".join(str(kind) for kind in kinds))
            return None
        return Kind(first.base, is_list=True)

    def minus(self, part: Node) -> Kind | None:
        return self.expect(part, INT, DOUBLE, DURATION)

    def compare(self, node: Compare) -> Kind | None:
        left, right = self.kind(node.left), self.kind(node.right)
        if left is None or right is None:
            return BOOL
        if node.operator == Comparison.IN:
            if not right.is_list:
                self.refuse(Code.WRONG_KIND, node.right, str(right), f"list<{left}>")
            elif right != EMPTY_LIST and not left.is_comparable_to(right.element):
                self.refuse(Code.NOT_COMPARABLE, node, f"{left} in {right}", str(right.element))
            return BOOL
        fits = left.is_comparable_to(right)
        if node.operator not in {Comparison.EQUAL, Comparison.UNEQUAL}:
            fits = fits and {left, right} <= ORDERED
        if not fits:
            self.refuse(Code.NOT_COMPARABLE, node, f"{left} {node.operator} {right}", str(left))
        return BOOL

    def compute(self, node: Compute) -> Kind | None:
        left, right = self.kind(node.left), self.kind(node.right)
        if left is None or right is None:
            return None
        result = computed_kind(node.operator, left, right)
        if result is None:
            self.refuse(Code.NOT_COMPUTABLE, node, f"{left} {node.operator} {right}")
        return result

    def choose(self, node: Choose) -> Kind | None:
        self.expect(node.condition, BOOL)
        then, otherwise = self.kind(node.then), self.kind(node.otherwise)
        if then is None or otherwise is None:
            return None
        if then.is_number and otherwise.is_number and then != otherwise:
            return DOUBLE
        if then != otherwise:
            self.refuse(Code.WRONG_KIND, node.otherwise, str(otherwise), str(then))
            return None
        return then

    def call(self, node: Call) -> Kind | None:
        special = SPECIAL.get(node.function)
        if special is not None:
            return special(self, node)
        takes, gives = SIGNATURES[node.function]
        if self.has_arguments(node, len(takes)):
            for argument, wanted in zip(node.arguments, takes, strict=True):
                self.expect(argument, *wanted)
        return gives

    def has_arguments(self, node: Call, number: int) -> bool:
        if len(node.arguments) == number:
            return True
        found = str(len(node.arguments))
        self.refuse(Code.WRONG_NUMBER_OF_ARGUMENTS, node, found, str(number))
        return False

    def has(self, node: Call) -> Kind | None:
        if self.has_arguments(node, 1):
            (argument,) = node.arguments
            if isinstance(argument, Name):
                self.kind(argument)
            else:
                self.refuse(Code.NAME_NEEDED, argument, "", "contact.…")
        return BOOL

    def matches(self, node: Call) -> Kind | None:
        if not self.has_arguments(node, 2):
            return BOOL
        text, pattern = node.arguments
        self.expect(text, STRING)
        if not isinstance(pattern, Literal) or not isinstance(pattern.value, str):
            self.refuse(Code.LITERAL_NEEDED, pattern, "")
            return BOOL
        self.kind(pattern)
        complaint = patterns.complaint(pattern.value)
        if complaint:
            self.refuse(Code.BAD_PATTERN, pattern, complaint)
        return BOOL

    def size(self, node: Call) -> Kind | None:
        if self.has_arguments(node, 1):
            kind = self.kind(node.arguments[0])
            if kind is not None and kind != STRING and not kind.is_list:
                self.refuse(Code.WRONG_KIND, node.arguments[0], str(kind), "string", "list")
        return INT

    def filter(self, node: Call) -> Kind | None:
        """Only a list is still a filter here: whatever is a rule has been written out."""
        match node.arguments:
            case (Literal(str(name)),) if name in self.words.lists:
                return BOOL
        return self.literal_only(node)

    def literal_only(self, node: Call) -> Kind | None:
        """`timestamp(…)`, `duration(…)` and `filter(…)` take a text that is written down."""
        if self.has_arguments(node, 1):
            self.refuse(Code.LITERAL_NEEDED, node.arguments[0], "")
        return None


SPECIAL: Mapping[str, Callable[[Checker, Call], Kind | None]] = {
    "has": Checker.has,
    "matches": Checker.matches,
    "size": Checker.size,
    "timestamp": Checker.literal_only,
    "duration": Checker.literal_only,
    "filter": Checker.filter,
}
TEXT, DAY = (STRING,), (DATE, TIMESTAMP)
SIGNATURES: Mapping[str, tuple[tuple[tuple[Kind, ...], ...], Kind]] = {
    "startsWith": ((TEXT, TEXT), BOOL),
    "endsWith": ((TEXT, TEXT), BOOL),
    "contains": ((TEXT, TEXT), BOOL),
    "lowerAscii": ((TEXT,), STRING),
    "years": ((DAY,), INT),
    "days": ((DAY, DAY), INT),
    "date": ((DAY,), DATE),
}


def computed_kind(operator: Arithmetic, left: Kind, right: Kind) -> Kind | None:
    """The kind of `left operator right`, or None where that means nothing."""
    if left.is_number and right.is_number:
        if operator == Arithmetic.MODULO:
            return INT if left == right == INT else None
        return INT if left == right == INT else DOUBLE
    return MOMENTS.get((operator, left, right))


MOMENTS: Mapping[tuple[Arithmetic, Kind, Kind], Kind] = {
    (Arithmetic.PLUS, STRING, STRING): STRING,
    (Arithmetic.PLUS, TIMESTAMP, DURATION): TIMESTAMP,
    (Arithmetic.PLUS, DURATION, TIMESTAMP): TIMESTAMP,
    (Arithmetic.PLUS, DURATION, DURATION): DURATION,
    (Arithmetic.MINUS, TIMESTAMP, DURATION): TIMESTAMP,
    (Arithmetic.MINUS, TIMESTAMP, TIMESTAMP): DURATION,
    (Arithmetic.MINUS, DURATION, DURATION): DURATION,
}
