"""In which spaces an offer may go live: those that its content is complete for."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.utils.translation import gettext as _

from catalog.contents import missing_in
from catalog.describing import fallback_offer_shape, offer_shape
from catalog.gathering import key_of
from catalog.models import Offer, Representation
from catalog.problems import Problem
from catalog.readiness import NotReady, Obstacle
from catalog.surroundings import Surroundings


def missing_by_space(offer: Offer, around: Surroundings) -> dict[str, list[str]]:
    """The required fields that each representation lacks, of an offer read `with_parts()`."""
    shape = fallback_offer_shape(offer) if offer.is_fallback else offer_shape(offer)
    return {one.space: missing_in(shape, one, around) for one in shape.representations}


def enable(offer: Offer, around: Surroundings, wanted: Collection[str] | None) -> None:
    """Enable an offer in these spaces and in no others; None is every space it is complete for.

    Raises NotReady when one is unknown or not complete, or when none would be enabled.
    """
    missing = missing_by_space(offer, around)
    if wanted is None:
        wanted = [space for space, fields in missing.items() if not fields] or list(missing)
    if refused := obstacles_to_enabling(offer, missing, wanted):
        raise NotReady(refused)
    representations = Representation.objects.filter(offer=offer)
    representations.filter(space__name__in=wanted, is_enabled=False).update(is_enabled=True)
    representations.exclude(space__name__in=wanted).update(is_enabled=False)
    remember(offer, wanted)


def enable_what_is_complete(offers: Iterable[Offer], around: Surroundings) -> None:
    """The same for many, in two statements; raises NotReady with all that is in the way."""
    on: list[int] = []
    off: list[int] = []
    refused: list[Obstacle] = []
    for offer in offers:
        missing = missing_by_space(offer, around)
        wanted = [space for space, fields in missing.items() if not fields]
        if not wanted:
            refused += obstacles_to_enabling(offer, missing, list(missing))
        for one in offer.representations.all():
            (on if one.space.name in wanted else off).append(one.pk)
        remember(offer, wanted)
    if refused:
        raise NotReady(refused)
    Representation.objects.filter(pk__in=on, is_enabled=False).update(is_enabled=True)
    Representation.objects.filter(pk__in=off, is_enabled=True).update(is_enabled=False)


def remember(offer: Offer, enabled: Collection[str]) -> None:
    for one in offer.representations.all():  # as they were read
        one.is_enabled = one.space.name in enabled


def obstacles_to_enabling(
    offer: Offer, missing: dict[str, list[str]], wanted: Collection[str]
) -> list[Obstacle]:
    kind, name = key_of(offer)
    return [
        Obstacle(kind, name, offer.label, Problem("representations", code, message))
        for code, message in refusals(missing, wanted)
    ]


def refusals(missing: dict[str, list[str]], wanted: Collection[str]) -> Iterable[tuple[str, str]]:
    if not wanted:
        yield (
            "nothing_enabled",
            _("Enable at least one representation: this offer would go live nowhere."),
        )
    for space in wanted:
        if space not in missing:
            yield "unknown_space", _("It has no representation for “%(space)s”.") % {"space": space}
        for field in missing.get(space, ()):
            yield (
                "required_missing",
                _("The space “%(space)s” requires the field “%(field)s”.")
                % {"space": space, "field": field},
            )
