"""What the library has parsed, as functions of ours.

Of python-liquid we take the grammar. Its own rendering can be made to run for hours (a `when` that
matches many times runs as often, a range is as long as its author likes) and knows one way of
escaping; here every step is counted, and every value has a writer of its own place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from liquid.builtin.expressions import BooleanExpression, FilteredExpression, Path
from liquid.builtin.expressions import logical as said
from liquid.builtin.expressions.primitive import (
    Blank,
    Empty,
    FalseLiteral,
    FloatLiteral,
    IntegerLiteral,
    Nil,
    RangeLiteral,
    StringLiteral,
    TrueLiteral,
)
from liquid.expression import Expression

from catalog.rendering.filters import FILTERS, LOCAL, BadValue
from catalog.rendering.refusals import RenderingFailed
from catalog.rendering.values import to_text

MOST_STEPS = 5_000  # a step takes some microseconds at most
MOST_ROUNDS = 1_000  # of one loop
LARGEST_RESULT = 1024 * 1024  # characters
COST_OF_LOCAL = 10  # steps that a filter takes which writes as people do

Value = Callable[["Frame"], Any]
Step = Callable[["Frame"], None]


class Frame:
    """One rendering: what is known, what was written, and how much it took."""

    __slots__ = ("_own", "lacking", "names", "parts", "size", "skipped", "steps")

    def __init__(self, names: Mapping[str, Any], *, traces: bool = False) -> None:
        self.names = names
        self._own: dict[str, Any] | None = None
        self.parts: list[str] = []
        self.size = 0
        self.steps = MOST_STEPS
        self.lacking: dict[str, None] | None = {} if traces else None
        self.skipped: dict[str, None] | None = {} if traces else None

    @property
    def language(self) -> str:
        return str(self.names.get("language") or "en")

    @property
    def own(self) -> dict[str, Any]:
        """The names, to be changed for this rendering alone."""
        if self._own is None:
            self.names = self._own = dict(self.names)
        return self._own

    def write(self, text: str) -> None:
        self.size += len(text)
        if self.size > LARGEST_RESULT:
            raise RenderingFailed("too large")
        self.parts.append(text)

    def spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise RenderingFailed("too many steps")


class Break(Exception):
    """Leaves a loop."""


class Continue(Exception):
    """Leaves one round of a loop."""


class Unknown(ValueError):
    """An expression that the library reads and we do not."""

    def __init__(self, expression: Expression) -> None:
        super().__init__(str(expression))
        self.at = expression.token.start_index


# --- expressions ---


def value_of(expression: Expression) -> Value:
    """An expression as a function; None is what is missing."""
    if isinstance(expression, FilteredExpression):
        return filtered(expression)
    if isinstance(expression, Path):
        return path(expression)
    if isinstance(expression, LITERALS):
        constant = expression.value
        return lambda frame: constant
    if isinstance(expression, Nil):
        return lambda frame: None
    if isinstance(expression, Empty | Blank):
        return lambda frame: EMPTY
    raise Unknown(expression)


LITERALS = (TrueLiteral, FalseLiteral, IntegerLiteral, FloatLiteral, StringLiteral)
EMPTY = object()  # `empty` and `blank`: what is missing, or has nothing in it


def path(expression: Path) -> Value:
    segments = tuple(
        value_of(one) if isinstance(one, Expression) else one for one in expression.path
    )
    if len(segments) == 2 and all(isinstance(one, str) for one in segments):
        return attribute(str(segments[0]), str(segments[1]))
    root, rest = str(segments[0]), segments[1:]
    words = str(expression)

    def walk(frame: Frame) -> Any:
        found = frame.names.get(root)
        for segment in rest:
            found = step_into(found, segment(frame) if callable(segment) else segment)
        if found is None and frame.lacking is not None:
            frame.lacking[words] = None
        return found

    return walk


def attribute(root: str, name: str) -> Value:
    """`contact.city`, which nearly every path looks like."""

    def look_up(frame: Frame) -> Any:
        holder = frame.names.get(root)
        found = holder.get(name) if type(holder) is dict else None
        if found is None:
            found = step_into(holder, name)
            if found is None and frame.lacking is not None:
                frame.lacking[f"{root}.{name}"] = None
        return found

    return look_up


def step_into(holder: Any, key: Any) -> Any:
    """An element, by name or number; never an attribute of an object."""
    if isinstance(holder, Mapping):
        if isinstance(key, str) and key in holder:
            return holder[key]
        return len(holder) if key == "size" else None
    if isinstance(holder, list | tuple):
        if isinstance(key, int):
            return holder[key] if -len(holder) <= key < len(holder) else None
        ends = {"first": 0, "last": -1}
        if key in ends:
            return holder[ends[key]] if holder else None
    return len(holder) if key == "size" and isinstance(holder, str | list | tuple) else None


def filtered(expression: FilteredExpression) -> Value:
    value = value_of(expression.left)
    for one in expression.filters or ():
        value = through(value, one.name, [value_of(argument.value) for argument in one.args])
    return value


def through(value: Value, name: str, arguments: Sequence[Value]) -> Value:
    function = FILTERS[name]
    is_local = name in LOCAL
    cost = COST_OF_LOCAL if is_local else 1

    def apply(frame: Frame) -> Any:
        frame.spend(cost)
        given = value(frame)
        if given is None and name != "default":
            return None
        try:
            if is_local:
                return function(given, *[one(frame) for one in arguments], language=frame.language)
            return function(given, *[one(frame) for one in arguments])
        except BadValue:
            return None

    return apply


# --- conditions ---


def condition_of(expression: Expression) -> Callable[[Frame], bool]:
    if isinstance(expression, BooleanExpression):
        return condition_of(expression.expression)
    if isinstance(expression, said.LogicalAndExpression):
        left, right = condition_of(expression.left), condition_of(expression.right)
        return lambda frame: left(frame) and right(frame)
    if isinstance(expression, said.LogicalOrExpression):
        left, right = condition_of(expression.left), condition_of(expression.right)
        return lambda frame: left(frame) or right(frame)
    for kind, compare in COMPARISONS.items():
        if isinstance(expression, kind):
            return compared(expression, compare)
    value = value_of(expression)
    return lambda frame: value(frame) not in (None, False)


def compared(expression: Any, compare: Callable[[Any, Any], bool]) -> Callable[[Frame], bool]:
    left, right = value_of(expression.left), value_of(expression.right)
    return lambda frame: compare(left(frame), right(frame))


def equal(left: Any, right: Any) -> bool:
    if EMPTY in (left, right):
        other = right if left is EMPTY else left
        return other is None or (isinstance(other, str) and not other.strip()) or other in ([], {})
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


def less(left: Any, right: Any) -> bool:
    """Text is less than text, a number than a number; nothing else compares."""
    return comparable(left, right) and left < right


def less_or_equal(left: Any, right: Any) -> bool:
    return comparable(left, right) and left <= right


def comparable(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    if isinstance(left, str):
        return isinstance(right, str)
    return isinstance(left, int | float) and isinstance(right, int | float)


def contains(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return right is not None and right is not EMPTY and to_text(right) in left
    return isinstance(left, list | tuple | Mapping) and right in left


COMPARISONS: Mapping[type[Expression], Callable[[Any, Any], bool]] = {
    said.EqExpression: equal,
    said.NeExpression: lambda left, right: not equal(left, right),
    said.LtExpression: less,
    said.LeExpression: less_or_equal,
    said.GtExpression: lambda left, right: less(right, left),
    said.GeExpression: lambda left, right: less_or_equal(right, left),
    said.ContainsExpression: contains,
}


# --- steps ---


def assigned(name: str, value: Value) -> Step:
    def assign(frame: Frame) -> None:
        frame.spend(1)
        frame.own[name] = value(frame)

    return assign


def chosen(
    ways: Sequence[tuple[Callable[[Frame], bool], str, Sequence[Step]]], otherwise: Sequence[Step]
) -> Step:
    """The first of the ways whose condition holds; each with its words."""

    def choose(frame: Frame) -> None:
        frame.spend(1)
        for condition, words, steps in ways:
            if condition(frame):
                run(steps, frame)
                return
            if frame.skipped is not None:
                frame.skipped[words] = None
        run(otherwise, frame)

    return choose


def run(steps: Iterable[Step], frame: Frame) -> None:
    for step in steps:
        step(frame)


def looped(
    name: str,
    over: Callable[[Frame], Sequence[Any]],
    steps: Sequence[Step],
    otherwise: Sequence[Step],
) -> Step:
    def loop(frame: Frame) -> None:
        elements = over(frame)
        if len(elements) > MOST_ROUNDS:
            raise RenderingFailed("too many rounds")
        if not elements:
            run(otherwise, frame)
            return
        names = frame.own
        outer = {key: names.get(key) for key in (name, "forloop")}
        for index, element in enumerate(elements):
            frame.spend(1)
            names[name] = element
            names["forloop"] = place(index, len(elements), outer["forloop"])
            try:
                run(steps, frame)
            except Continue:
                continue
            except Break:
                break
        names.update(outer)

    return loop


def place(index: int, length: int, parent: Any) -> dict[str, Any]:
    return {
        "index": index + 1,
        "index0": index,
        "rindex": length - index,
        "rindex0": length - index - 1,
        "first": index == 0,
        "last": index == length - 1,
        "length": length,
        "parentloop": parent,
    }


def elements_of(expression: Any) -> Callable[[Frame], Sequence[Any]]:
    """What a loop runs over, of a LoopExpression: a list or a range, and its part."""
    all_of = iterable_of(expression.iterable)
    offset = value_of(expression.offset) if expression.offset else None
    limit = value_of(expression.limit) if expression.limit else None
    is_reversed = expression.reversed

    def find(frame: Frame) -> Sequence[Any]:
        found = all_of(frame)
        first = max(whole(offset(frame)), 0) if offset else 0
        most = max(whole(limit(frame)), 0) if limit else None
        part = found[first:] if most is None else found[first : first + most]
        return part[::-1] if is_reversed else part

    return find


def whole(value: Any) -> int:
    return value if type(value) is int else 0


def iterable_of(expression: Expression) -> Callable[[Frame], Sequence[Any]]:
    if isinstance(expression, RangeLiteral):
        start, stop = value_of(expression.start), value_of(expression.stop)
        return lambda frame: range(whole(start(frame)), whole(stop(frame)) + 1)
    value = value_of(expression)

    def find(frame: Frame) -> Sequence[Any]:
        found = value(frame)
        return found if isinstance(found, list | tuple) else ()

    return find
