"""Does a package make sense where it would be applied? Every problem with its path in the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from catalog.accepting import fixed
from catalog.checking import check_shape
from catalog.models import Environment, Offer
from catalog.packages.attributes import check_attributes, completed, known_attributes
from catalog.packages.reading import Read
from catalog.problems import Problem, below, is_at
from catalog.shapes import Package, Shape
from catalog.surroundings import (
    Surroundings,
    surroundings_of,
    surroundings_of_new,
    with_package,
)

# The lists of a package, with the key that tells their members from one another.
LISTS: Mapping[str, str] = {
    "content_fields": "name",
    "filters": "name",
    "categories": "name",
    "spaces": "name",
    "offers": "code",
    "fallback_offers": "code",
    "presentation_rules": "name",
}


def members(package: Package) -> Iterator[tuple[str, Shape]]:
    """Every object of the lists, with its path."""
    for field in LISTS:
        for number, shape in enumerate(getattr(package, field)):
            yield f"{field}[{number}]", shape


def around(package: Package, environment: Environment | None) -> Surroundings:
    known = (
        surroundings_of(environment) if environment else surroundings_of_new(package.environment)
    )
    return with_package(known, package)


def judge(
    read: Read, package: Package, environment: Environment | None, known: Surroundings
) -> list[Problem]:
    """What is wrong with a package, or doubtful about it. What was mended is not told twice."""
    attributes = known_attributes(package.attributes)
    found = [
        *below("environment", fixed(environment, package.environment)),
        *below("environment", check_shape(package.environment, known)),
        *check_attributes(completed(package.attributes, attributes), attributes, known),
        *twice(package),
        *other_kinds(package, environment),
    ]
    for path, shape in members(package):
        found += below(path, check_shape(shape, known))
    return in_order([*read.problems, *untouched(found, read.touched)])


def untouched(problems: Iterable[Problem], touched: set[str]) -> list[Problem]:
    """Without those at places where something was mended, or below them."""
    if not touched:
        return list(problems)
    return [
        problem for problem in problems if not any(is_at(problem.path, place) for place in touched)
    ]


def twice(package: Package) -> list[Problem]:
    """Names that stand in one list more than once."""
    found = []
    for field, key in LISTS.items():
        seen: set[str] = set()
        for number, shape in enumerate(getattr(package, field)):
            name = getattr(shape, key)
            if name in seen:
                message = _("“%(name)s” stands here twice.") % {"name": name}
                found.append(Problem(f"{field}[{number}].{key}", "duplicate", message))
            seen.add(name)
    return found


def other_kinds(package: Package, environment: Environment | None) -> list[Problem]:
    """Codes are unique among offers and fallback offers together."""
    codes = {offer.code for offer in package.offers}
    there: Mapping[str, str] = {}
    if environment is not None:
        there = dict(Offer.objects.filter(environment=environment).values_list("code", "kind"))
    found = []
    for field, other in (("offers", Offer.Kind.FALLBACK), ("fallback_offers", Offer.Kind.OFFER)):
        for number, shape in enumerate(getattr(package, field)):
            clashes = field == "fallback_offers" and shape.code in codes
            if clashes or there.get(shape.code) == other:
                message = (
                    _("There is an offer with this code.")
                    if other == Offer.Kind.OFFER
                    else _("There is a fallback offer with this code.")
                )
                found.append(Problem(f"{field}[{number}].code", "code_taken", message))
    return found


# In the order in which packages are written.
ORDER = ("", "format", "environment", "attributes", *LISTS)


def in_order(problems: Sequence[Problem]) -> list[Problem]:
    """Errors first; each in the order of the file, as far as its paths tell."""

    def place(problem: Problem) -> tuple[bool, int, list[tuple[int, str]]]:
        field = problem.path.partition(".")[0].partition("[")[0]
        rank = ORDER.index(field) if field in ORDER else len(ORDER)
        return not problem.is_error, rank, natural(problem.path)

    return sorted(problems, key=place)


def natural(path: str) -> list[tuple[int, str]]:
    """Numbers of a path as numbers: `offers[10]` after `offers[9]`."""
    parts = path.replace("]", "").replace("[", ".").split(".")
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
