"""One form for what means the same, so that what is saved reads back exactly as it was given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from catalog.cleaning import clean_offer, clean_space
from catalog.describing import number
from catalog.rendering.representing import KIND_OF_TYPE
from catalog.shapes import (
    CategoryShape,
    EnvironmentShape,
    FallbackOfferShape,
    OfferShape,
    PresentationRuleShape,
    Shape,
    SpaceShape,
)

S = TypeVar("S", bound=Shape)
AnyOffer = TypeVar("AnyOffer", OfferShape, FallbackOfferShape)
SIXTH = Decimal("0.000001")


Kinds = Mapping[str, str]  # the types of content fields, by name


def tidy(shape: S, fields: Kinds) -> S:
    """The form as rows give it back: safe content, no empty rule, sorted tags, a plain number.

    `fields` are the environment's content fields. What is tidy stays as it is.
    """
    changes: Callable[[Any, Kinds], Mapping[str, Any]] | None = TIDIERS.get(type(shape))
    return shape.model_copy(update=dict(changes(shape, fields))) if changes else shape


def tidy_environment(shape: EnvironmentShape, fields: Kinds) -> Mapping[str, Any]:
    return {
        "filter": shape.filter or None,
        "access_labels": in_order(shape.access_labels),
    }


def tidy_space(shape: SpaceShape, fields: Kinds) -> Mapping[str, Any]:
    cleaned, _removed = clean_space(shape, frozenset(fields))
    render = cleaned.render
    return {
        "render": render.model_copy(
            update={
                "html": render.html or None,
                "text": render.text or None,
                "json_": render.json_ or None,
            }
        )
    }


def tidy_category(shape: CategoryShape, fields: Kinds) -> Mapping[str, Any]:
    return {
        "filter": shape.filter or None,
        "multiplier": number(Decimal(str(shape.multiplier)).quantize(SIXTH)),
        "access_labels": in_order(shape.access_labels),
    }


def tidy_offer(shape: OfferShape, fields: Kinds) -> Mapping[str, Any]:
    return {
        "filter": shape.filter or None,
        "contexts": tuple(
            context.model_copy(update={"filter": context.filter or None})
            for context in shape.contexts
        ),
        **tidy_fallback_offer(shape, fields),
    }


def tidy_fallback_offer(shape: AnyOffer, fields: Kinds) -> Mapping[str, Any]:
    cleaned, _removed = clean_offer(
        shape, {name: KIND_OF_TYPE[kind] for name, kind in fields.items()}
    )
    return {
        "content": cleaned.content,
        "translations": cleaned.translations,
        "representations": cleaned.representations,
        "tags": in_order(shape.tags),
        "access_labels": in_order(shape.access_labels),
    }


def tidy_presentation_rule(shape: PresentationRuleShape, fields: Kinds) -> Mapping[str, Any]:
    return {
        "applies_to": shape.applies_to or None,
        "recipients": shape.recipients or None,
        "propositions": shape.propositions or None,
    }


def in_order(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))


TIDIERS: Mapping[type[Shape], Callable[[Any, Kinds], Mapping[str, Any]]] = {
    EnvironmentShape: tidy_environment,
    SpaceShape: tidy_space,
    CategoryShape: tidy_category,
    OfferShape: tidy_offer,
    FallbackOfferShape: tidy_fallback_offer,
    PresentationRuleShape: tidy_presentation_rule,
}
