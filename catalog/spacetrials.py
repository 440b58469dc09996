"""The templates of a space tried out, saved or not, on an offer or on words that stand for one."""

from __future__ import annotations

from accounts.models import User
from catalog import previewing
from catalog.contentwords import ContentSettings, content_settings
from catalog.describing import fallback_offer_shape, offer_shape
from catalog.models import Environment, Offer
from catalog.previewing import Person, Previewed
from catalog.shapes import FallbackOfferShape, RepresentationShape, SpaceShape

PLACEHOLDER = "https://example.org/"


def offers_to_try(environment: Environment, space: str, user: User) -> list[tuple[str, str]]:
    """(code, label) of some offers with a representation for a space."""
    seen = Offer.objects.visible_to(user).filter(environment=environment)
    rows = seen.filter(representations__space__name=space).order_by("label", "code")
    return list(rows.values_list("code", "label")[:50])


def tried(
    environment: Environment,
    space: SpaceShape,
    offer: Offer | None,
    *,
    sample: str = "",
    language: str | None = None,
) -> Previewed:
    """What a space's templates make of an offer read `with_parts()`, or of a made-up one."""
    settings = content_settings(environment)
    if offer is None:
        shape: FallbackOfferShape | object = made_up(settings, space)
    else:
        shape = fallback_offer_shape(offer) if offer.is_fallback else offer_shape(offer)
    subject = previewing.subject_with(shape, settings, {space.name: space})  # type: ignore[arg-type] # of either kind
    (one,) = previewing.preview(
        subject,
        [space.name],
        person=Person(),
        call=previewing.sample_of(environment, sample),
        language=language,
    )
    return one


def made_up(settings: ContentSettings, space: SpaceShape) -> FallbackOfferShape:
    """An offer whose fields say their own names."""
    content = {
        each.name: PLACEHOLDER if each.kind == "url" else each.label
        for each in settings.fields
        if each.kind != "image"
    }
    return FallbackOfferShape(
        code="EXAMPLE",
        label="Example",
        content=content,
        representations=(RepresentationShape(space=space.name),),
    )
