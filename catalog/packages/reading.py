"""From bytes to a package, with everything that is wrong at once and where it stands.

A package with mistakes is mended as far as that goes — what is wrong is left out or stands in for
itself — so that the rest of it can be judged in the same breath.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from pydantic import ValidationError

from catalog.packages.mistakes import problems_of
from catalog.problems import Problem, is_at
from catalog.shapes import FORMAT, Package

LARGEST = 64 * 1024 * 1024  # bytes
ROUNDS = 10  # of mending
Path = tuple[str | int, ...]
SPELT = re.compile(r"\\u[dD][89a-fA-F]")  # JSON can spell halves of characters
HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Read:
    """A package as far as it could be understood, and what is wrong with it."""

    package: Package | None
    problems: list[Problem] = field(default_factory=list)

    @property
    def touched(self) -> set[str]:
        """The paths at which something else stands now than in the file."""
        return {problem.path for problem in self.problems}


def read(data: bytes) -> Read:
    """The package in a file."""
    if len(data) > LARGEST:
        most = LARGEST // 1024 // 1024
        return nothing("too_large", _("A package has at most %(most)s MB.") % {"most": most})
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = _("This is not UTF-8: see byte %(number)s.") % {"number": error.start + 1}
        return nothing("not_utf8", message)
    try:
        tree = json.loads(text, object_pairs_hook=as_object, parse_constant=NotANumber)
    except json.JSONDecodeError as error:
        known = {"line": error.lineno, "column": error.colno, "message": error.msg}
        message = _("This is not JSON: line %(line)s, column %(column)s: %(message)s.") % known
        return nothing("not_json", message)
    except (RecursionError, ValueError):
        return nothing("not_json", _("This is nested too deeply, or has a number too long."))
    return read_tree(tree, text)


def nothing(code: str, message: str) -> Read:
    return Read(None, [Problem("", code, message)])


def read_tree(tree: Any, text: str) -> Read:
    halves: list[Problem] = []
    if SPELT.search(text) and (places := list(halves_in(tree))):
        message = _("Here stands half a character: write it as UTF-8.")
        tree = json.loads(json.dumps(tree, ensure_ascii=False).encode("utf-8", "replace"))
        text = json.dumps(tree)
        halves = [Problem(written(path), "half_character", message) for path in places]
    if not isinstance(tree, dict):
        return nothing("not_an_object", _("Expected an object: { … }."))
    if tree.get("format") != FORMAT:
        found = tree.get("format")
        message = _("Expected the format “%(expected)s”, not “%(found)s”.")
        known = {"expected": FORMAT, "found": found if isinstance(found, str) else found or ""}
        return Read(None, [Problem("format", "other_format", message % known)])
    problems = [*odd_things(tree), *halves]
    context = {"zone": zone_of(tree)}
    try:
        return Read(Package.model_validate_json(text, context=context), problems)
    except ValidationError as error:
        return mended(tree, error, context, problems)


def zone_of(tree: dict[str, Any]) -> tzinfo:
    """The zone of moments without an offset; that of a bad name is told of elsewhere."""
    environment = tree.get("environment")
    name = environment.get("timezone") if isinstance(environment, dict) else None
    try:
        return ZoneInfo(name) if isinstance(name, str) else UTC
    except (KeyError, ValueError, OSError):
        return UTC


# --- what JSON allows and we do not ---


class Doubled(dict[str, Any]):
    """An object in which a key stands twice."""

    doubles: Sequence[str] = ()


class NotANumber(float):
    """`NaN` and `Infinity`, which are no JSON."""

    def __new__(cls, word: str) -> NotANumber:
        return super().__new__(cls, word)


def as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    doubled = Doubled(found)
    names = [name for name, _value in pairs]
    doubled.doubles = sorted({name for name in names if names.count(name) > 1})
    return doubled


def odd_things(tree: Any, path: Path = ()) -> Iterator[Problem]:
    if isinstance(tree, NotANumber):
        yield Problem(written(path), "not_a_number", _("Expected a number."))
    if isinstance(tree, Doubled):
        for name in tree.doubles:
            message = _("This key stands here twice.")
            yield Problem(written((*path, name)), "key_twice", message)
    for key, value in members_of(tree):
        if isinstance(value, dict | list | NotANumber):
            yield from odd_things(value, (*path, key))


def halves_in(tree: Any, path: Path = ()) -> Iterator[Path]:
    """Where a text, or the name of a key, is no text that could be written."""
    if isinstance(tree, str) and HALF.search(tree):
        yield path
    for key, value in members_of(tree):
        if isinstance(key, str) and HALF.search(key):
            yield path
        else:
            yield from halves_in(value, (*path, key))


def members_of(tree: Any) -> Iterable[tuple[str | int, Any]]:
    match tree:
        case dict():
            return tree.items()
        case list():
            return enumerate(tree)
    return ()


def written(path: Sequence[str | int]) -> str:
    """`offers[3].contexts[0].weight`"""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


# --- mending ---


def mended(
    tree: dict[str, Any], error: ValidationError, context: dict[str, Any], problems: list[Problem]
) -> Read:
    """All mistakes of the form, and the package without them."""
    tree = json.loads(json.dumps(tree))  # a copy of plain objects
    package = None
    tried: set[Path] = set()
    for _round in range(ROUNDS):
        told = {problem.path for problem in problems}
        problems += [
            Problem(written(path), code, message)
            for path, code, message in problems_of(error, tree)
            if not any(is_at(written(path), place) for place in told)
        ]
        for mistake in error.errors(include_url=False, include_context=False):
            place = mistake["loc"]
            if place in tried:  # what stood in for it will not do either
                take_out(tree, place)
            else:
                mend(tree, place, mistake["type"])
            tried.add(place)
        try:
            package = Package.model_validate_json(json.dumps(tree), context=context)
        except ValidationError as again:
            error = again
        else:
            break
    return Read(package, problems)


# What stands in where something has to be.
STAND_INS: dict[str, Any] = {
    "name": "stand-in",
    "code": "stand-in",
    "label": "?",
    "channel": "web",
    "type": "string",
    "rule": "true",
    "limit": 1,
    "space": "stand-in",
    "environment": {},
}


def mend(tree: Any, location: Sequence[str | int], kind: str) -> None:
    """Take out what is wrong at a place, or let something stand in for it."""
    path = existing(tree, location)
    if kind in {"empty_window", "empty_multiplier_window"}:
        whole = reached(tree, path)
        for name in ("start", "end", "multiplier_start", "multiplier_end"):
            whole.pop(name, None)
        return
    if kind == "missing":
        holder, last = reached(tree, path), location[-1]
    elif path:
        holder, last = reached(tree, path[:-1]), path[-1]
    else:
        return
    if isinstance(holder, list):
        holder[int(last)] = {} if isinstance(holder[int(last)], dict | list) else "stand-in"
        if isinstance(location[-1], int) and kind.startswith(("model", "dict")):
            holder[int(last)] = {}
    elif kind != "extra_forbidden" and last in STAND_INS:
        holder[last] = STAND_INS[str(last)]
    else:
        holder.pop(last, None)


def take_out(tree: Any, location: Sequence[str | int]) -> None:
    """Leave out the key below which a place is: a list goes as a whole, or its numbers change."""
    path = existing(tree, location)
    while path and not isinstance(path[-1], str):
        path = path[:-1]
    if path:
        reached(tree, path[:-1]).pop(path[-1], None)


def existing(tree: Any, location: Sequence[str | int]) -> Path:
    """The part of a place that there is: unions and keys of mappings add words of their own."""
    path: list[str | int] = []
    for part in location:
        if isinstance(tree, dict) and part in tree:
            tree = tree[str(part)]
        elif isinstance(tree, list) and isinstance(part, int) and part < len(tree):
            tree = tree[part]
        else:
            continue
        path.append(part)
    return tuple(path)


def reached(tree: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        tree = tree[part]
    return tree
