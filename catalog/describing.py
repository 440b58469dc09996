"""From rows to shapes: what the design side says at this moment."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from catalog.models import (
    Cap,
    Category,
    ContentField,
    Context,
    Environment,
    Filter,
    Offer,
    PresentationRule,
    Representation,
    Space,
    Status,
)
from catalog.shapes import (
    CallDatum,
    CapShape,
    CategoryShape,
    ContentFieldShape,
    ContextShape,
    Diversity,
    EnvironmentShape,
    Every,
    FallbackOfferShape,
    FieldOfSpace,
    FilterShape,
    OfferShape,
    PresentationRuleShape,
    Rendering,
    RepresentationShape,
    Sample,
    SpaceShape,
)


def environment_shape(environment: Environment) -> EnvironmentShape:
    return EnvironmentShape(
        name=environment.name,
        label=environment.label,
        description=environment.description,
        audience=plain(environment.people),
        timezone=environment.timezone,
        language=environment.language,
        filter=environment.filter or None,
        four_eyes=environment.four_eyes,
        sandbox=environment.is_sandbox,
        call_data={
            name: CallDatum(**{**datum, "choices": tuple(datum.get("choices", ()))})
            for name, datum in environment.call_data.items()
        },
        samples=tuple(Sample(**sample) for sample in environment.samples),
        access_labels=labels_of(environment),
    )


def filter_shape(one: Filter) -> FilterShape:
    return FilterShape(name=one.name, label=one.label, description=one.description, rule=one.rule)


def content_field_shape(field: ContentField) -> ContentFieldShape:
    return ContentFieldShape(
        name=field.name, label=field.label, type=plain(field.type), help=field.help
    )


def space_shape(space: Space) -> SpaceShape:
    return SpaceShape(
        name=space.name,
        label=space.label,
        description=space.description,
        channel=plain(space.channel),
        unitary=space.unitary,
        default_count=space.default_count,
        default_category=space.default_category.name if space.default_category else None,
        default_themes=tuple(space.default_themes),
        fields=tuple(FieldOfSpace(**field) for field in space.fields),
        render=Rendering.model_validate(
            {
                "html": space.render_html or None,
                "text": space.render_text or None,
                "json": space.render_json or None,
            }
        ),
        identification=tuple(space.identification),
        implicit_identification=space.implicit_identification,
        needs_token=space.needs_token,
        anonymous_space=space.anonymous_space.name if space.anonymous_space else None,
        record=space.record,
        status_on_proposition=plain(Status(space.status_on_proposition).word),
        status_on_acceptance=plain(Status(space.status_on_acceptance).word),
        store_on_proposition=space.store_on_proposition,
        store_on_status=space.store_on_status,
        fallback_offer=space.fallback_offer.code if space.fallback_offer else None,
        fill_with_fallback=space.fill_with_fallback,
        tie_policy=plain(space.tie_policy),
        diversity=Diversity(
            max_per_category=space.max_per_category, category_depth=space.category_depth
        ),
    )


def category_shape(category: Category) -> CategoryShape:
    return CategoryShape(
        name=category.name,
        label=category.label,
        description=category.description,
        parent=category.parent.name if category.parent else None,
        enabled=category.enabled,
        start=category.start,
        end=category.end,
        themes=tuple(category.themes),
        multiplier=number(category.multiplier),
        multiplier_start=category.multiplier_start,
        multiplier_end=category.multiplier_end,
        filter=category.filter or None,
        always_include=category.always_include,
        access_labels=labels_of(category),
    )


def offer_shape(offer: Offer, *, only_enabled: bool = False) -> OfferShape:
    """The form of an offer read `with_parts()`; of its representations all, or those enabled."""
    return OfferShape(
        code=offer.code,
        label=offer.label,
        description=offer.description,
        category=offer.category.name if offer.category else None,
        enabled=offer.enabled,
        start=offer.start,
        end=offer.end,
        filter=offer.filter or None,
        contexts=tuple(map(context_shape, by_position(offer.contexts.all()))),
        content=offer.content,
        translations=offer.translations,
        representations=representations_of(offer, only_enabled=only_enabled),
        caps=tuple(map(cap_shape, by_position(offer.caps.all()))),
        tags=tuple(sorted(tag.name for tag in offer.tags.all())),
        access_labels=labels_of(offer),
        coupon=offer.coupon.code if offer.coupon else None,
    )


def fallback_offer_shape(offer: Offer, *, only_enabled: bool = False) -> FallbackOfferShape:
    return FallbackOfferShape(
        code=offer.code,
        label=offer.label,
        description=offer.description,
        content=offer.content,
        translations=offer.translations,
        representations=representations_of(offer, only_enabled=only_enabled),
        tags=tuple(sorted(tag.name for tag in offer.tags.all())),
        access_labels=labels_of(offer),
    )


def representations_of(offer: Offer, *, only_enabled: bool) -> tuple[RepresentationShape, ...]:
    return tuple(
        representation_shape(one)
        for one in by_position(offer.representations.all())
        if one.is_enabled or not only_enabled
    )


def representation_shape(one: Representation) -> RepresentationShape:
    return RepresentationShape(
        space=one.space.name, content=one.content, translations=one.translations
    )


def context_shape(context: Context) -> ContextShape:
    return ContextShape(
        label=context.label,
        weight=context.weight,
        filter=context.filter or None,
        space=context.space.name if context.space else None,
        start=context.start,
        end=context.end,
    )


def cap_shape(cap: Cap) -> CapShape:
    return CapShape(
        limit=cap.limit,
        counts=plain(cap.counts),
        per=plain(cap.per),
        every=Every(**{cap.unit: cap.every}) if cap.every else None,
        spaces=plain(cap.spaces),
    )


def presentation_rule_shape(rule: PresentationRule) -> PresentationRuleShape:
    return PresentationRuleShape(
        name=rule.name,
        label=rule.label,
        description=rule.description,
        channel=plain(rule.channel),
        active=rule.active,
        order=rule.order,
        applies_to=rule.applies_to or None,
        period=rule.period,
        max=rule.max,
        same_channel=rule.same_channel,
        scope=plain(rule.scope),
        statuses=tuple(plain(Status(status).word) for status in rule.statuses),
        recipients=rule.recipients or None,
        propositions=rule.propositions or None,
        count_this_call=rule.count_this_call,
    )


# --- small things ---


def plain(choice: str) -> Any:
    """A choice as the bare text that shapes are strict about."""
    return str(choice)


def number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def by_position(rows: Any) -> list[Any]:
    return sorted(rows, key=lambda row: (row.position, row.pk))


def labels_of(subject: Any) -> tuple[str, ...]:
    return tuple(sorted(label.code for label in subject.access_labels.all()))
