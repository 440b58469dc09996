"""The design side of an environment as a package."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from accounts.models import User
from catalog import releasing
from catalog.describing import environment_shape
from catalog.gathering import Gathered, Kind, add_attributes, add_filters, attribute_shape
from catalog.models import Category, Environment, Offer
from catalog.offershapes import offer_shapes
from catalog.packages.planning import FIELDS, name_of
from catalog.rows import KINDS, Row
from catalog.shapes import (
    FORMAT,
    CategoryShape,
    FallbackOfferShape,
    FilterShape,
    OfferShape,
    Package,
    Shape,
)
from catalog.tree import tree_of
from catalog.veiling import WHAT_HIDES, veil_of
from contacts.models import Attribute


def design_package(environment: Environment, *, user: User | None = None) -> Package:
    """Everything in design, or what a person may see of it, always in the same order.

    The number of queries does not grow with the catalogue.
    """
    found: dict[str, tuple[Any, ...]] = {}
    for field, (kind, _kind) in FIELDS.items():
        seen = visible(kind, environment, user)
        found[field] = tuple(
            shape for pk, shape in shapes_of(kind, environment) if seen is None or pk in seen
        )
    veil = veil_of(environment, user)
    found["spaces"] = tuple(map(veil.without_names, found["spaces"]))
    around = environment_shape(environment)
    named = names_around(environment, around, found)
    found["filters"] = tuple(
        sorted(
            (shape for shape in named.shapes.values() if isinstance(shape, FilterShape)),
            key=name_of,
        )
    )
    attributes = {
        name: shape for (kind, name), shape in named.shapes.items() if kind == Kind.ATTRIBUTE
    }
    for attribute in identifying(found["spaces"], attributes):
        attributes[attribute.name] = attribute_shape(attribute)
    package = Package(format=FORMAT, environment=around)
    return package.model_copy(update={**found, "attributes": attributes})


def shapes_of(kind: type[Shape], environment: Environment) -> list[tuple[int, Any]]:
    """The keys and forms of one kind, in the order in which packages have them."""
    if KINDS[kind].model is Offer:
        offers = Offer.objects.filter(environment=environment, **(KINDS[kind].among or {}))
        return list(offer_shapes(offers).values())
    rows = in_order(kind, KINDS[kind].read(environment=environment))
    return [(row.pk, KINDS[kind].shape_of(row)) for row in rows]


def in_order(kind: type[Shape], rows: list[Row]) -> list[Row]:
    if kind is CategoryShape:
        return [category for category, _depth in tree_of(rows).walk()]
    if hasattr(rows[0] if rows else None, "position"):
        return sorted(rows, key=lambda row: (row.position, row.pk))
    if hasattr(rows[0] if rows else None, "order"):
        return sorted(rows, key=lambda row: (row.order, row.name))
    return sorted(rows, key=lambda row: row.name)


def visible(kind: type[Shape], environment: Environment, user: User | None) -> set[int] | None:
    """The keys of what a person may see; None is all."""
    if user is None or kind not in {CategoryShape, OfferShape, FallbackOfferShape}:
        return None
    rows: Any = Category.objects if kind is CategoryShape else Offer.objects
    seen = rows.visible_to(user).filter(environment=environment)
    return set(seen.values_list("pk", flat=True))


def names_around(
    environment: Environment, around: Shape, found: dict[str, tuple[Any, ...]]
) -> Gathered:
    """With the shared audiences and the attributes that these forms name."""
    shapes: dict[tuple[str, str], Shape] = {(Kind.ENVIRONMENT, environment.name): around}
    for field, (_shape, kind) in FIELDS.items():
        shapes.update(((kind, name_of(shape)), shape) for shape in found[field])
    gathered = Gathered(shapes)
    add_filters(environment, gathered)
    add_attributes(gathered)
    return gathered


def identifying(spaces: Iterable[Any], known: Iterable[str]) -> list[Attribute]:
    """The declared attributes by which spaces know people, besides those that rules name."""
    names = {name for space in spaces for name in space.identification} - set(known)
    return list(Attribute.objects.in_use().filter(name__in=names)) if names else []


def live_package(
    environment: Environment, number: int | None = None, *, user: User | None = None
) -> Package:
    """What is live or was in a release, or what a person may see of it; raises NoSuchRelease."""
    package = releasing.live_package(environment, number)
    veil = veil_of(environment, user)
    hidden = veil.hidden_among(
        {
            (str(FIELDS[field][1]), name_of(shape)): shape.model_dump(include=set(WHAT_HIDES))
            for field in LABELLED
            for shape in getattr(package, field)
        }
    )
    veil = replace(veil, hidden=veil.hidden | hidden)
    seen: dict[str, tuple[Any, ...]] = {
        field: tuple(
            shape
            for shape in getattr(package, field)
            if (str(FIELDS[field][1]), name_of(shape)) not in hidden
        )
        for field in LABELLED
    }
    seen["spaces"] = tuple(map(veil.without_names, package.spaces))
    return package.model_copy(update=seen)


LABELLED = ("categories", "offers", "fallback_offers")
