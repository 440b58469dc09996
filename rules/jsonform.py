"""A tree as JSON, for the builder in the browser and for storage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from rules.kinds import BOOL, DATE, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Kind
from rules.literals import (
    read_day,
    read_duration,
    read_moment,
    write_duration,
    write_moment,
)
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
    Value,
)

Json = dict[str, Any]


class BadJson(ValueError):
    """The data does not describe a tree."""


def to_json(node: Node) -> Json:  # noqa: C901 (one line for each form)
    match node:
        case Literal(value, kind):
            return {"value": json_value(value), "kind": str(kind)}
        case Name():
            return {"name": str(node)}
        case ListOf(items):
            return {"list": [to_json(item) for item in items]}
        case Not(part):
            return {"not": to_json(part)}
        case Minus(part):
            return {"minus": to_json(part)}
        case AllOf(parts):
            return {"all": [to_json(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [to_json(part) for part in parts]}
        case Compare(operator, left, right) | Compute(operator, left, right):
            return {"op": str(operator), "left": to_json(left), "right": to_json(right)}
        case Choose(condition, then, otherwise):
            return {"if": to_json(condition), "then": to_json(then), "else": to_json(otherwise)}
        case Call(function, arguments):
            return {"call": function, "args": [to_json(argument) for argument in arguments]}


def json_value(value: Value) -> bool | int | float | str:
    match value:
        case datetime():
            return write_moment(value)
        case date():
            return value.isoformat()
        case timedelta():
            return write_duration(value)
        case _:
            return value


def from_json(data: object) -> Node:
    """The tree that JSON describes, or BadJson."""
    if not isinstance(data, Mapping):
        raise BadJson(f"not a part of a rule: {data!r}")
    for key, read in READERS.items():
        if key in data:
            try:
                return read(data)
            except (KeyError, TypeError, ValueError, RecursionError) as error:
                raise BadJson(f"not a part of a rule: {data!r}") from error
    raise BadJson(f"not a part of a rule: {data!r}")


def read_value(data: Mapping[str, Any]) -> Node:
    kind, value = data["kind"], data["value"]
    readers: dict[str, tuple[Kind, type, Callable[[Any], Value | None]]] = {
        "bool": (BOOL, bool, bool),
        "string": (STRING, str, str),
        "double": (DOUBLE, float, float),
        "date": (DATE, str, read_day),
        "timestamp": (TIMESTAMP, str, read_moment),
        "duration": (DURATION, str, read_duration),
        "int": (INT, int, int),
    }
    becomes, given, read = readers[kind]
    if given is float and type(value) is int:
        value = float(value)
    if type(value) is not given:
        raise BadJson(f"not a {kind}: {value!r}")
    meant = read(value)
    if meant is None:
        raise BadJson(f"not a {kind}: {value!r}")
    return Literal(meant, becomes)


def read_operation(data: Mapping[str, Any]) -> Node:
    left, right = from_json(data["left"]), from_json(data["right"])
    if data["op"] in set(Comparison):
        return Compare(Comparison(data["op"]), left, right)
    return Compute(Arithmetic(data["op"]), left, right)


def read_minus(data: Mapping[str, Any]) -> Node:
    """Minus; of a number written down, the number itself, as the parser does."""
    part = from_json(data["minus"])
    if isinstance(part, Literal) and isinstance(part.value, int | float):
        return Literal(-part.value, part.kind)
    return Minus(part)


def read_parts(data: object) -> tuple[Node, ...]:
    if not isinstance(data, list):
        raise BadJson(f"not a list: {data!r}")
    return tuple(from_json(part) for part in data)


def read_group(group: type[AllOf] | type[AnyOf], data: object) -> Node:
    """A group of several; a group of one is that one, and an empty one means nothing."""
    parts = read_parts(data)
    if not parts:
        raise BadJson("a group of nothing")
    return group(parts) if len(parts) > 1 else parts[0]


READERS: dict[str, Callable[[Mapping[str, Any]], Node]] = {
    "value": read_value,
    "name": lambda data: Name(tuple(str(data["name"]).split("."))),
    "list": lambda data: ListOf(read_parts(data["list"])),
    "not": lambda data: Not(from_json(data["not"])),
    "minus": read_minus,
    "all": lambda data: read_group(AllOf, data["all"]),
    "any": lambda data: read_group(AnyOf, data["any"]),
    "op": read_operation,
    "if": lambda data: Choose(
        from_json(data["if"]), from_json(data["then"]), from_json(data["else"])
    ),
    "call": lambda data: Call(str(data["call"]), read_parts(data["args"])),
}
