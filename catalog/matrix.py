"""Offers by spaces: where each stands, what it lacks there, and how much of that there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, NullIf

from catalog.contents import missing_fields
from catalog.models import Offer, Representation, Space

# What a text has in it when it says something.
SOMETHING = r"\S"


@dataclass(frozen=True)
class Cell:
    """One offer in one space."""

    is_there: bool = False
    is_enabled: bool = False  # it may go live there
    is_own: bool = False  # it says something of its own there
    missing: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        return self.is_there and not self.missing

    @property
    def state(self) -> str:
        if not self.is_there:
            return "nowhere"
        if self.missing:
            return "missing"
        return "complete" if self.is_enabled else "off"


NOT_THERE = Cell()


def required_of(space: Space) -> list[str]:
    return [each["name"] for each in space.fields if each["required"]]


def cells_of(offer: Offer, required: Mapping[int, Sequence[str]]) -> dict[int, Cell]:
    """By space, of an offer whose representations and content are read."""
    return {
        one.space_id: Cell(
            is_there=True,
            is_enabled=one.is_enabled,
            is_own=bool(one.content or one.translations),
            missing=tuple(
                missing_fields(offer.content, one.content, required.get(one.space_id, ()))
            ),
        )
        for one in offer.representations.all()
    }


# --- the same, asked of the database ---


def with_debts(places: QuerySet[Representation], spaces: Iterable[Space]) -> Any:
    """With `lacks_something`: whether a field that the space requires is empty there."""
    required = {space.pk: required_of(space) for space in spaces}
    fields = sorted({name for names in required.values() for name in names})
    said = {name: f"said_{number}" for number, name in enumerate(fields)}
    lacking = [
        When(
            space=key,
            then=reduce(or_, (~Q(**{f"{said[name]}__regex": SOMETHING}) for name in names)),
        )
        for key, names in required.items()
        if names
    ]
    return places.annotate(**{alias: said_in(name) for name, alias in said.items()}).annotate(
        lacks_something=Case(*lacking, default=Value(value=False), output_field=BooleanField())
    )


def said_in(name: str) -> Coalesce:
    """What is said in a field: the representation's own words before the offer's."""
    own, general = (text_in(path, name) for path in ("content", "offer__content"))
    nothing = Value("", TextField())
    return Coalesce(NullIf(own, nothing), general, nothing)


def text_in(path: str, name: str) -> Func:
    key = Cast(Value(name), TextField())
    return Func(
        F(path), key, template="(%(expressions)s)", arg_joiner=" ->> ", output_field=TextField()
    )


def in_state(state: str, spaces: Sequence[Space], space: str = "") -> Q:
    """The offers that stand so in some space, or in the one of a name."""
    places = Representation.objects.filter(offer=OuterRef("pk"))
    if space:
        places = places.filter(space__name=space)
    match state:
        case "nowhere":
            return ~Q(Exists(places))
        case "missing":
            return Q(Exists(with_debts(places, spaces).filter(lacks_something=True)))
        case "complete":
            return Q(Exists(with_debts(places, spaces).filter(lacks_something=False)))
        case "off":
            return Q(Exists(places.filter(is_enabled=False)))
        case "own":
            return Q(Exists(places.filter(OWN)))
    return Q(Exists(places)) if space else Q()


OWN = ~Q(content={}) | ~Q(translations={})


@dataclass(frozen=True)
class Total:
    """How many offers stand in one space, and how."""

    space: Space
    there: int = 0
    complete: int = 0
    missing: int = 0
    own: int = 0
    off: int = 0

    @property
    def share(self) -> float:
        """The complete ones of those there, in hundredths."""
        return round(self.complete / self.there * 100, 2) if self.there else 0


def totals_of(offers: QuerySet[Offer], spaces: Sequence[Space]) -> list[Total]:
    """Of each space, over all of these offers. Costs one query."""
    places = Representation.objects.filter(offer__in=offers.order_by().values("pk"))
    counted = (
        with_debts(places, spaces)
        .order_by()
        .values("space")
        .annotate(
            there=Count("pk"),
            complete=Count("pk", filter=Q(lacks_something=False)),
            missing=Count("pk", filter=Q(lacks_something=True)),
            own=Count("pk", filter=OWN),
            off=Count("pk", filter=Q(is_enabled=False)),
        )
        .values_list("space", "there", "complete", "missing", "own", "off")
    )
    numbers = {key: tuple(each) for key, *each in counted}
    return [Total(space, *numbers.get(space.pk, ())) for space in spaces]
