"""The forms of many offers, read as bare values: rows of models take several times as long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from catalog.models import Cap, Context, Offer, Representation
from catalog.shapes import FallbackOfferShape, OfferShape

Lines = dict[int, tuple[Any, ...]]
WORDS = ("code", "label", "description", "content", "translations")
LIMITS = ("category__name", "enabled", "start", "end", "filter", "coupon__code")


def offer_shapes(offers: QuerySet[Offer]) -> dict[str, tuple[int, Any]]:
    """By code the key and the form of each offer, of either kind, in seven queries."""
    parts = {
        "contexts": contexts(offers),
        "caps": caps(offers),
        "representations": representations(offers),
        "tags": names(offers, Offer.tags.through, "tag__name"),
        "access_labels": names(offers, Offer.access_labels.through, "accesslabel__code"),
    }
    found: dict[str, tuple[int, Any]] = {}
    rows = offers.order_by().values_list("pk", "kind", *WORDS, *LIMITS)
    for pk, kind, *values in rows:
        form = dict(zip((*WORDS, *LIMITS), values, strict=True))
        form["category"] = form.pop("category__name")
        form["coupon"] = form.pop("coupon__code")
        form["filter"] = form["filter"] or None
        form.update((name, lines.get(pk, ())) for name, lines in parts.items())
        found[form["code"]] = (pk, shape_of(kind, form))
    return {code: found[code] for code in sorted(found)}


def shape_of(kind: str, form: dict[str, Any]) -> OfferShape | FallbackOfferShape:
    if kind == Offer.Kind.OFFER:
        return OfferShape.model_validate(form)
    known = FallbackOfferShape.model_fields
    return FallbackOfferShape.model_validate(
        {name: value for name, value in form.items() if name in known}
    )


def contexts(offers: QuerySet[Offer]) -> Lines:
    rows = Context.objects.filter(offer__in=offers.order_by()).order_by("position", "pk")
    keys = ("label", "weight", "filter", "space", "start", "end")
    values = rows.values_list("offer", "label", "weight", "filter", "space__name", "start", "end")
    found = gathered((pk, dict(zip(keys, line, strict=True))) for pk, *line in values)
    for lines in found.values():
        for line in lines:
            line["filter"] = line["filter"] or None
    return found


def representations(offers: QuerySet[Offer]) -> Lines:
    rows = Representation.objects.filter(offer__in=offers.order_by()).order_by("position", "pk")
    values = rows.values_list("offer", "space__name", "content", "translations")
    return gathered(
        (pk, {"space": space, "content": content, "translations": translations})
        for pk, space, content, translations in values
    )


def caps(offers: QuerySet[Offer]) -> Lines:
    rows = Cap.objects.filter(offer__in=offers.order_by()).order_by("position", "pk")
    values = rows.values_list("offer", "limit", "counts", "per", "spaces", "every", "unit")
    return gathered(
        (
            pk,
            {
                "limit": limit,
                "counts": counts,
                "per": per,
                "spaces": spaces,
                "every": {unit: every} if every else None,
            },
        )
        for pk, limit, counts, per, spaces, every, unit in values
    )


def names(offers: QuerySet[Offer], through: Any, column: str) -> Lines:
    """What offers are linked with, by name and in its order."""
    links = through._default_manager.filter(offer__in=offers.order_by())
    found = gathered(links.values_list("offer_id", column))
    return {pk: tuple(sorted(each)) for pk, each in found.items()}


def gathered(lines: Iterable[tuple[int, Any]]) -> Lines:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for pk, line in lines:
        found[pk].append(line)
    return {pk: tuple(each) for pk, each in found.items()}
