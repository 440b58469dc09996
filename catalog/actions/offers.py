"""Making, changing, copying and deleting offers and fallback offers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.journal import Actor, record
from catalog.accepting import accept
from catalog.deleting import (
    check_fallback_offer_unused,
    check_offers_unused,
    forget,
    out_of_live,
)
from catalog.describing import fallback_offer_shape, offer_shape
from catalog.gathering import Kind
from catalog.models import Environment, Offer, OfferTemplate
from catalog.saving import hold
from catalog.shapes import FallbackOfferShape, OfferShape

OfferForm = OfferShape | FallbackOfferShape


@transaction.atomic(durable=True)
def create_offer(
    environment: Environment,
    shape: OfferForm,
    *,
    template: OfferTemplate | None = None,
    by: Actor,
    at: datetime,
) -> Offer:
    """Add an offer or a fallback offer; raises NotAcceptable, NameTaken or MayNotGrant."""
    made: Offer = accept(None, shape, environment=environment, template=template, by=by, at=at)
    return made


@transaction.atomic(durable=True)
def edit_offer(offer: Offer, shape: OfferForm, *, version: int, by: Actor, at: datetime) -> Offer:
    """Change an offer as read at `version`; raises Stale too.

    The sides that differ lose their approvals.
    """
    edited: Offer = accept(
        offer, shape, environment=offer.environment, version=version, by=by, at=at
    )
    return edited


@transaction.atomic(durable=True)
def duplicate_offer(offer: Offer, *, code: str, label: str, by: Actor, at: datetime) -> Offer:
    """A copy under another code, with everything but approvals, live side and history."""
    original = Offer.objects.with_parts().get(pk=offer.pk)
    shape = fallback_offer_shape(original) if original.is_fallback else offer_shape(original)
    copy: Offer = accept(
        None,
        type(shape).model_validate({**shape.model_dump(), "code": code, "label": label}),
        environment=original.environment,
        template=original.template,
        by=by,
        at=at,
    )
    record("offer.duplicated", copy, by=by, at=at, after={"from": original.code})
    return copy


@transaction.atomic(durable=True)
def delete_offers(offers: Collection[Offer], *, comment: str = "", by: Actor, at: datetime) -> None:
    """Delete offers of one environment and take them out of live, or raise StillUsed.

    A fallback offer goes only when no space names it. Propositions made of them stay.
    """
    if not offers:
        return
    environment = hold(next(iter(offers)).environment)
    rows = list(
        Offer.objects.with_parts()
        .filter(environment=environment, pk__in=[offer.pk for offer in offers])
        .order_by("code")
    )
    check_offers_unused(rows)
    for row in rows:
        if row.is_fallback:
            check_fallback_offer_unused(row)
    for kind in (Kind.OFFER, Kind.FALLBACK_OFFER):
        codes = [row.code for row in rows if row.is_fallback == (kind == Kind.FALLBACK_OFFER)]
        if codes:
            out_of_live(environment, kind, codes, by=by, at=at, comment=comment)
    for row in rows:
        forget(row, "offer.deleted", by=by, at=at, comment=comment)
