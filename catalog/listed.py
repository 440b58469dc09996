"""What the lists of offers show of what stands around an offer: one query for each column."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from catalog.models import Offer, Representation

Read = Callable[[Collection[int]], Mapping[int, Any]]


class Shown(NamedTuple):
    """A space where an offer appears."""

    label: str
    is_enabled: bool


def beside(offers: Iterable[Offer], columns: Collection[str]) -> dict[str, Mapping[int, Any]]:
    """The tags, spaces and access labels of offers by key, as far as there is a column for them."""
    keys = [offer.pk for offer in offers]
    read: dict[str, Read] = {"tags": tags_of, "spaces": spaces_of, "access_labels": labels_of}
    return {name: of(keys) if name in columns else {} for name, of in read.items()}


def tags_of(keys: Collection[int]) -> dict[int, tuple[str, ...]]:
    carried = Offer.tags.through.objects.filter(offer__in=keys)
    return gathered(carried.order_by("tag__name").values_list("offer_id", "tag__name"))


def labels_of(keys: Collection[int]) -> dict[int, tuple[str, ...]]:
    carried = Offer.access_labels.through.objects.filter(offer__in=keys)
    names = carried.order_by("accesslabel__name", "accesslabel_id")
    return gathered(names.values_list("offer_id", "accesslabel__name"))


def spaces_of(keys: Collection[int]) -> dict[int, tuple[Shown, ...]]:
    """Those of each offer in its own order."""
    places = Representation.objects.filter(offer__in=keys).order_by("position", "pk")
    rows = places.values_list("offer_id", "space__label", "is_enabled")
    return gathered((offer, Shown(label, is_enabled)) for offer, label, is_enabled in rows)


def gathered(pairs: Iterable[tuple[int, Any]]) -> dict[int, tuple[Any, ...]]:
    found: dict[int, list[Any]] = {}
    for key, one in pairs:
        found.setdefault(key, []).append(one)
    return {key: tuple(those) for key, those in found.items()}
