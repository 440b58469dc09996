"""The questions that the builder offers for each kind of attribute, and the tree each stands for.

A question is a pattern in the language of rules: X is the attribute, V a value, VS a list of them,
DAYS a duration of whole days. One pattern serves for reading a tree and for writing it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache

from offers_site.values import moment_by
from rules.kinds import DATE, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Kind
from rules.limits import LARGEST_DOUBLE, LARGEST_INT, LEAST_DOUBLE, LEAST_INT
from rules.literals import read_day
from rules.parsing import parse
from rules.tree import (
    AllOf,
    AnyOf,
    Call,
    Compare,
    Compute,
    ListOf,
    Literal,
    Name,
    Node,
    Not,
    children,
)

AUDIENCE = "audience"  # what a question about membership is about, instead of an attribute

EQUALITY = {"is": "X == V", "is_not": "X != V"}
ORDER = {"at_least": "X >= V", "at_most": "X <= V", "over": "X > V", "under": "X < V"}
CHOICE = {"one_of": "X in VS", "not_one_of": "!(X in VS)"}
KNOWN = {"known": "has(X)", "unknown": "!has(X)"}
TEXTS = {
    **EQUALITY,
    **CHOICE,
    "contains": "X.contains(V)",
    "begins": "X.startsWith(V)",
    "ends": "X.endsWith(V)",
    "matches": "X.matches(V)",
    "not_contains": "!X.contains(V)",
    "not_begins": "!X.startsWith(V)",
    "not_ends": "!X.endsWith(V)",
    "not_matches": "!X.matches(V)",
    **KNOWN,
}
NUMBERS = {**EQUALITY, **ORDER, **CHOICE, **KNOWN}
LISTS = {
    "has_item": "V in X",
    "has_any": "V in X",
    "has_every": "V in X",
    "has_no": "!(V in X)",
    "has_none": "V in X",
    "count_at_least": "size(X) >= V",
    "count_at_most": "size(X) <= V",
    "count_is": "size(X) == V",
    **KNOWN,
}
AGES = {
    "age_at_least": "years(X) >= V",
    "age_under": "years(X) < V",
    "age_over": "years(X) > V",
    "age_at_most": "years(X) <= V",
    "age_is": "years(X) == V",
}
ASKS: Mapping[str, Mapping[str, str]] = {
    "bool": {"yes": "X", "no": "X == false", "not_yes": "!X", "is_true": "X == true", **KNOWN},
    "int": NUMBERS,
    "double": NUMBERS,
    "string": TEXTS,
    "date": {
        **AGES,
        **EQUALITY,
        **ORDER,
        "last_days": "days(X, now) >= 0 && days(X, now) <= V",
        "next_days": "days(now, X) >= 0 && days(now, X) <= V",
        "days_ago": "days(X, now) > V",
        "since_days": "days(X, now) <= V",
        **KNOWN,
    },
    "timestamp": {
        **ORDER,
        "last_days": "X >= now - DAYS && X <= now",
        "next_days": "X >= now && X <= now + DAYS",
        "days_ago": "X < now - DAYS",
        "since_days": "X >= now - DAYS",
        "past": "X <= now",
        "future": "X > now",
        **KNOWN,
    },
    "list<string>": LISTS,
    "list<int>": LISTS,
    AUDIENCE: {"member": "filter(V)", "not_member": "!filter(V)"},
}
NO_VALUE = frozenset({"yes", "no", "not_yes", "is_true", "known", "unknown", "past", "future"})
SEVERAL = frozenset({"one_of", "not_one_of", "has_any", "has_every", "has_none"})
DAYS = frozenset({"last_days", "next_days", "days_ago", "since_days"})
COUNTS = frozenset({*DAYS, "count_at_least", "count_at_most", "count_is", *AGES})
# The same question of several values, put together.
REPEATED: Mapping[str, Callable[[tuple[Node, ...]], Node]] = {
    "has_any": AnyOf,
    "has_every": AllOf,
    "has_none": lambda parts: Not(AnyOf(parts)),
}
HOLES = frozenset({"X", "V", "VS", "DAYS"})
WHOLE = re.compile(r"[+-]?\d{1,19}")
DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
MOST_DAYS = 36_600
Found = dict[str, Node]


@lru_cache(maxsize=256)
def pattern(kind: str, ask: str) -> Node:
    return parse(ASKS[kind][ask])


# --- reading ---


def asked(node: Node, kind: str, ask: str) -> Found | None:
    """What the holes of a question stand for in this tree, or None if it asks something else."""
    if ask in REPEATED:
        return asked_of_several(node, kind, ask)
    found: Found = {}
    return found if fits(pattern(kind, ask), node, found) else None


def asked_of_several(node: Node, kind: str, ask: str) -> Found | None:
    parts = parts_of(node, ask)
    values: list[Node] = []
    about: Node | None = None
    for part in parts:
        found: Found = {}
        if not fits(pattern(kind, ask), part, found) or about not in {None, found["X"]}:
            return None
        about = found["X"]
        values.append(found["V"])
    return {"X": about, "VS": ListOf(tuple(values))} if about is not None else None


def parts_of(node: Node, ask: str) -> tuple[Node, ...]:
    match ask, node:
        case ("has_any", AnyOf(parts)) | ("has_every", AllOf(parts)):
            return parts
        case "has_none", Not(AnyOf(parts)):
            return parts
    return ()


def fits(form: Node, node: Node, found: Found) -> bool:
    if isinstance(form, Name) and form.path[0] in HOLES:
        return takes(form.path[0], node) and found.setdefault(form.path[0], node) == node
    if type(form) is not type(node) or own(form) != own(node):
        return False
    inner, given = children(form), children(node)
    return len(inner) == len(given) and all(
        fits(part, other, found) for part, other in zip(inner, given, strict=True)
    )


def takes(hole: str, node: Node) -> bool:
    match hole, node:
        case "X", Name():
            return True
        case "V", Literal():
            return True
        case "VS", ListOf(items):
            return bool(items) and all(isinstance(item, Literal) for item in items)
        case "DAYS", Literal(_, kind):
            return kind == DURATION
    return False


def own(node: Node) -> object:
    """What a node says itself, besides its parts."""
    match node:
        case Literal(value, kind):
            return value, kind
        case Name(path):
            return path
        case Compare(operator, _, _) | Compute(operator, _, _):
            return operator
        case Call(function, _):
            return function
    return None


# --- writing ---


def answered(kind: str, ask: str, about: Name, values: Sequence[Literal]) -> Node:
    """The tree of a question, with its holes filled."""
    form = pattern(kind, ask)
    if ask in REPEATED:
        parts = tuple(filled(form, {"X": about, "V": value}) for value in values)
        if len(parts) == 1:
            return Not(parts[0]) if ask == "has_none" else parts[0]
        return REPEATED[ask](parts)
    holes: Found = {"X": about, "VS": ListOf(tuple(values))}
    if values:
        holes |= {"V": values[0], "DAYS": values[0]}
    return filled(form, holes)


def filled(form: Node, holes: Found) -> Node:
    match form:
        case Name(path) if path[0] in HOLES:
            return holes[path[0]]
        case Not(part):
            return Not(filled(part, holes))
        case AllOf(parts) | AnyOf(parts):
            return replace(form, parts=tuple(filled(part, holes) for part in parts))
        case Compare(_, left, right) | Compute(_, left, right):
            return replace(form, left=filled(left, holes), right=filled(right, holes))
        case Call(function, arguments):
            return Call(function, tuple(filled(argument, holes) for argument in arguments))
    return form


# --- values as somebody types them ---


def typed(literal: Literal, zone: tzinfo) -> str | None:
    """The text of a value in a field; None where typing it would not give the same value again."""
    match literal.value:
        case bool():
            return None
        case int() | float():
            text = repr(literal.value)
        case str():
            text = literal.value
        case datetime():
            local = literal.value.astimezone(zone).replace(tzinfo=None)
            text = local.isoformat()
        case date():
            text = literal.value.isoformat()
        case timedelta():
            text = str(literal.value.days)
    return text if read_typed(text, literal.kind, zone) == literal else None


def read_typed(text: str, kind: Kind, zone: tzinfo) -> Literal | None:
    """The value that a text stands for where this kind is asked for, or None."""
    readers: Mapping[Kind, Callable[[str], Literal | None]] = {
        STRING: read_text,
        INT: read_number,
        DOUBLE: read_number,
        DATE: read_date,
        DURATION: read_days,
        TIMESTAMP: lambda text: read_local(text, zone),
    }
    read = readers.get(kind)
    return read(text) if read is not None else None


def read_text(text: str) -> Literal | None:
    """A text of one line, which is all that a field can hold."""
    fits_in = bool(text) and text.isprintable() and not any("\ud800" <= c <= "\udfff" for c in text)
    return Literal(text, STRING) if fits_in else None


def read_number(text: str) -> Literal | None:
    text = text.strip().replace("\u202f", "").replace("\u00a0", "").replace(",", ".")
    if WHOLE.fullmatch(text):
        whole = int(text)
        return Literal(whole, INT) if LEAST_INT <= whole <= LARGEST_INT else None
    if not DECIMAL.fullmatch(text):
        return None
    number = float(text)
    fits_in = number == 0 or LEAST_DOUBLE <= abs(number) <= LARGEST_DOUBLE
    return Literal(number, DOUBLE) if fits_in else None


def read_count(text: str) -> Literal | None:
    number = read_number(text)
    return number if number is not None and number.kind == INT else None


def read_days(text: str) -> Literal | None:
    number = read_count(text)
    if number is None or not 0 <= (days := int(str(number.value))) <= MOST_DAYS:
        return None
    return Literal(timedelta(days=days), DURATION)


def read_date(text: str) -> Literal | None:
    day = read_day(text.strip())
    return Literal(day, DATE) if isinstance(day, date) else None


def read_local(text: str, zone: tzinfo) -> Literal | None:
    """The moment that clocks of a zone show so."""
    try:
        moment = moment_by(datetime.fromisoformat(text.strip()), zone)
    except (ValueError, OverflowError):
        return None
    return Literal(moment, TIMESTAMP) if moment.microsecond == 0 else None


def asked_kind(kind: Kind | None, ask: str) -> Kind | None:
    """The kind of the values that a question takes."""
    if ask in COUNTS:
        return DURATION if ask in DAYS and kind == TIMESTAMP else INT
    if kind is None:
        return STRING
    return kind.element if kind.is_list else kind
