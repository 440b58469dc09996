"""Nothing reaches live incomplete or broken: what stands in the way, and where to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from catalog.approving import Side
from catalog.checking import check_shape
from catalog.gathering import Gathered, Key, Kind, gather, key_of, shape_to_publish
from catalog.models import Environment, Offer
from catalog.problems import Problem
from catalog.shapes import CONTENT_FIELDS
from catalog.surroundings import Surroundings, surroundings_of
from offers_site.languages import in_every_language
from rules.refusals import Code

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

# Doubts that can be saved in design, but that do not go live.
INCOMPLETE = frozenset({"required_missing"})
# Doubts for whoever approves: nothing breaks, but nobody would ever see it.
POINTLESS = frozenset({"never"})
# Said of a package. Of an offer, what is missing says it, and enabling is part of approving.
SAID_ELSEWHERE = frozenset({"no_representation"})


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One problem of one object, by the name under which people find it."""

    kind: str
    name: str
    label: str
    problem: Problem

    def __str__(self) -> str:
        return f"{self.label} ({self.name}), {self.problem}"


class NotReady(Exception):
    """Something would be live that does not work; it carries everything that is in the way.

    `find` finds it again, where somebody is to read it in another language.
    """

    def __init__(
        self,
        obstacles: Iterable[Obstacle],
        sentence: _StrOrPromise = "",
        *,
        find: Callable[[], Iterable[Obstacle]] | None = None,
    ) -> None:
        self.obstacles = tuple(obstacles)
        self.sentence = sentence
        self.find = find
        super().__init__(str(sentence) or "; ".join(map(str, self.obstacles[:20])))

    @cached_property
    def by_language(self) -> dict[str, NotReady]:
        """The same refusal as it is said in every language."""
        find = self.find or (lambda: self.obstacles)
        return in_every_language(lambda: NotReady(find(), self.sentence))

    def about(self, keys: Iterable[Key]) -> set[Key]:
        """Those of the keys that themselves stand in the way."""
        return {(one.kind, one.name) for one in self.obstacles} & set(keys)


def obstacles(gathered: Gathered, around: Surroundings) -> list[Obstacle]:
    """What keeps gathered objects from going live; nothing of what is merely doubtful."""
    return [
        Obstacle(kind, name, str(getattr(shape, "label", name)), problem)
        for (kind, name), shape in gathered.shapes.items()
        if kind != Kind.ATTRIBUTE
        for problem in check_shape(shape, around)
        if problem.is_error or problem.code in INCOMPLETE
    ]


# What is wrong with a rule, as opposed to what is wrong with a name.
OF_RULES = frozenset({"broken_filter", *map(str, Code)})


def broken_rules(gathered: Gathered, around: Surroundings) -> list[Obstacle]:
    """Of what was live once: rules that mean nothing any more."""
    return [one for one in obstacles(gathered, around) if one.problem.code in OF_RULES]


def check_ready(environment: Environment, gathered: Gathered) -> None:
    """Raise NotReady with everything that is in the way."""
    around = surroundings_of(environment)
    refuse_if_any(lambda: obstacles(gathered, around))


def refuse_if_any(find: Callable[[], list[Obstacle]]) -> None:
    """Raise NotReady when something is found to be in the way."""
    if found := find():
        raise NotReady(found, find=find)


def in_the_way(
    offer: Offer, side: Side | None = None, *, around: Surroundings | None = None
) -> list[Obstacle]:
    """What keeps an offer, read `with_parts()`, from being approved, in all or on one side."""
    around = around or surroundings_of(offer.environment)
    kind, name = key_of(offer)
    return [
        Obstacle(kind, name, offer.label, problem)
        for problem in check_shape(shape_to_publish(offer), around)
        if problem.is_error or problem.code in INCOMPLETE | POINTLESS
        if side is None or side_of_path(problem.path) == side
    ]


def side_of_path(path: str) -> Side:
    field = path.partition(".")[0].partition("[")[0]
    return Side.CONTENT if field in CONTENT_FIELDS else Side.ELIGIBILITY


def doubts(offer: Offer, around: Surroundings | None = None) -> list[Problem]:
    """What is odd about an offer without keeping it from going live."""
    around = around or surroundings_of(offer.environment)
    kept = INCOMPLETE | POINTLESS | SAID_ELSEWHERE
    return [
        problem
        for problem in check_shape(shape_to_publish(offer), around)
        if not problem.is_error and problem.code not in kept
    ]


def everything_in_the_way(offer: Offer) -> list[Obstacle]:
    """What keeps an offer, read `with_parts()`, from going live, in itself and around it."""
    around = surroundings_of(offer.environment)
    gathered = gather(offer.environment, offers=[offer])
    own = key_of(offer)
    others = [one for one in obstacles(gathered, around) if (one.kind, one.name) != own]
    return in_the_way(offer, around=around) + others
