"""What is wrong with a form, or doubtful about it: where, and in a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing about a form, at a path such as `contexts[0].weight`."""

    path: str
    code: str
    message: str
    severity: Severity = "error"

    @property
    def is_error(self) -> bool:
        return self.severity == "error"

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class NotAcceptable(Exception):
    """A form that cannot be saved, with everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


def errors(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.is_error]


def below(path: str, problems: Iterable[Problem]) -> list[Problem]:
    """The problems of a part, told from the whole: `offers[3]` before `contexts[0].weight`."""
    return [replace(problem, path=joined(path, problem.path)) for problem in problems]


def joined(path: str, rest: str) -> str:
    if not rest or not path:
        return path or rest
    return path + rest if rest.startswith("[") else f"{path}.{rest}"


def is_at(path: str, place: str) -> bool:
    """Whether a path is a place or stands below it."""
    return path == place or (path.startswith(place) and path[len(place)] in ".[")


def language() -> str:
    """The language in which rules and their mistakes are told now."""
    return "fr" if (get_language() or "").startswith("fr") else "en"


def twice(names: Iterable[str], path: str, key: str = "") -> list[Problem]:
    """A problem for each name that has stood before."""
    seen: set[str] = set()
    found = []
    for number, name in enumerate(names):
        if name in seen:
            place = f"{path}[{number}].{key}" if key else f"{path}[{number}]"
            message = _("“%(name)s” stands here twice.") % {"name": name}
            found.append(Problem(place, "duplicate", message))
        seen.add(name)
    return found


class NameTaken(Exception):
    """There is already something with this name or code."""


class StillUsed(Exception):
    """Something else needs it."""
