"""From forms to the columns of their rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from catalog.models import Offer, Status
from catalog.shapes import (
    CapShape,
    CategoryShape,
    ContentFieldShape,
    ContextShape,
    EnvironmentShape,
    FallbackOfferShape,
    FilterShape,
    OfferShape,
    PresentationRuleShape,
    RepresentationShape,
    Shape,
    SpaceShape,
)

if TYPE_CHECKING:
    from catalog.references import References

Columns = dict[str, Any]


def environment_columns(shape: EnvironmentShape, known: References) -> Columns:
    return {
        "name": shape.name,
        "label": shape.label,
        "description": shape.description,
        "people": shape.audience,
        "timezone": shape.timezone,
        "language": shape.language,
        "filter": shape.filter or "",
        "four_eyes": shape.four_eyes,
        "is_sandbox": shape.sandbox,
        "call_data": {
            name: datum.model_dump(mode="json") for name, datum in shape.call_data.items()
        },
        "samples": [sample.model_dump(mode="json") for sample in shape.samples],
    }


def content_field_columns(shape: ContentFieldShape, known: References) -> Columns:
    return {"name": shape.name, "label": shape.label, "type": shape.type, "help": shape.help}


def filter_columns(shape: FilterShape, known: References) -> Columns:
    return {
        "name": shape.name,
        "label": shape.label,
        "description": shape.description,
        "rule": shape.rule,
    }


def space_columns(shape: SpaceShape, known: References) -> Columns:
    """A fallback offer that is not there yet is linked later (`saving.link_fallback_offers`)."""
    return {
        "name": shape.name,
        "label": shape.label,
        "description": shape.description,
        "channel": shape.channel,
        "unitary": shape.unitary,
        "default_count": shape.default_count,
        "default_category_id": shape.default_category and known.categories[shape.default_category],
        "default_themes": list(shape.default_themes),
        "fields": [field.model_dump() for field in shape.fields],
        "render_html": shape.render.html or "",
        "render_text": shape.render.text or "",
        "render_json": shape.render.json_ or "",
        "identification": list(shape.identification),
        "implicit_identification": shape.implicit_identification,
        "needs_token": shape.needs_token,
        "anonymous_space_id": shape.anonymous_space and known.spaces[shape.anonymous_space],
        "record": shape.record,
        "status_on_proposition": status_number(shape.status_on_proposition),
        "status_on_acceptance": status_number(shape.status_on_acceptance),
        "store_on_proposition": dict(shape.store_on_proposition),
        "store_on_status": dict(shape.store_on_status),
        "fallback_offer_id": shape.fallback_offer
        and known.fallback_offers.get(shape.fallback_offer),
        "fill_with_fallback": shape.fill_with_fallback,
        "tie_policy": shape.tie_policy,
        "max_per_category": shape.diversity.max_per_category,
        "category_depth": shape.diversity.category_depth,
    }


def category_columns(shape: CategoryShape, known: References) -> Columns:
    return {
        "name": shape.name,
        "label": shape.label,
        "description": shape.description,
        "parent_id": shape.parent and known.categories[shape.parent],
        "enabled": shape.enabled,
        "start": shape.start,
        "end": shape.end,
        "themes": list(shape.themes),
        "multiplier": Decimal(str(shape.multiplier)),
        "multiplier_start": shape.multiplier_start,
        "multiplier_end": shape.multiplier_end,
        "filter": shape.filter or "",
        "always_include": shape.always_include,
    }


def offer_columns(shape: OfferShape, known: References) -> Columns:
    return {
        **words_columns(shape),
        "kind": Offer.Kind.OFFER,
        "category_id": shape.category and known.categories[shape.category],
        "enabled": shape.enabled,
        "start": shape.start,
        "end": shape.end,
        "filter": shape.filter or "",
        "coupon_id": shape.coupon and known.coupons[shape.coupon],
    }


def fallback_offer_columns(shape: FallbackOfferShape, known: References) -> Columns:
    return {**words_columns(shape), "kind": Offer.Kind.FALLBACK}


def words_columns(shape: OfferShape | FallbackOfferShape) -> Columns:
    return {
        "code": shape.code,
        "label": shape.label,
        "description": shape.description,
        "content": dict(shape.content),
        "translations": {code: dict(content) for code, content in shape.translations.items()},
    }


def context_columns(shape: ContextShape, known: References) -> Columns:
    return {
        "label": shape.label,
        "weight": shape.weight,
        "filter": shape.filter or "",
        "space_id": shape.space and known.spaces[shape.space],
        "start": shape.start,
        "end": shape.end,
    }


def representation_columns(shape: RepresentationShape, known: References) -> Columns:
    return {
        "space_id": known.spaces[shape.space],
        "content": dict(shape.content),
        "translations": {code: dict(content) for code, content in shape.translations.items()},
    }


def cap_columns(shape: CapShape, known: References) -> Columns:
    every = shape.every.model_dump(exclude_none=True) if shape.every else {}
    ((unit, length),) = every.items() or (("", None),)
    return {
        "limit": shape.limit,
        "counts": shape.counts,
        "per": shape.per,
        "every": length,
        "unit": unit,
        "spaces": shape.spaces,
    }


def presentation_rule_columns(shape: PresentationRuleShape, known: References) -> Columns:
    return {
        "name": shape.name,
        "label": shape.label,
        "description": shape.description,
        "channel": shape.channel,
        "active": shape.active,
        "order": shape.order,
        "applies_to": shape.applies_to or "",
        "period": shape.period,
        "max": shape.max,
        "same_channel": shape.same_channel,
        "scope": shape.scope,
        "statuses": [status_number(word) for word in shape.statuses],
        "recipients": shape.recipients or "",
        "propositions": shape.propositions or "",
        "count_this_call": shape.count_this_call,
    }


def status_number(word: str) -> int:
    return Status[word.upper()].value


COLUMNS: Mapping[type[Shape], Callable[[Any, References], Columns]] = {
    EnvironmentShape: environment_columns,
    ContentFieldShape: content_field_columns,
    FilterShape: filter_columns,
    SpaceShape: space_columns,
    CategoryShape: category_columns,
    OfferShape: offer_columns,
    FallbackOfferShape: fallback_offer_columns,
    PresentationRuleShape: presentation_rule_columns,
}
