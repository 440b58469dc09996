"""Changing weights of an offer where they stand, among those of all others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from accounts.actions.granting import stale
from accounts.journal import Actor
from catalog.accepting import accept
from catalog.describing import by_position, offer_shape
from catalog.models import Offer
from catalog.saving import hold
from catalog.shapes import ContextShape


@transaction.atomic(durable=True)
def change_weights(
    offer: Offer, weights: Mapping[int, str], *, version: int | None = None, by: Actor, at: datetime
) -> Offer:
    """Give weights of an offer, named by their keys, other values; the rest of it stays as it is.

    Raises NotAcceptable, and Stale when one of them has gone or the offer is not as at `version`.
    """
    environment = hold(offer.environment)
    row = Offer.objects.with_parts().filter(pk=offer.pk).first()
    if row is None:
        raise stale(offer)
    keys = [each.pk for each in by_position(row.contexts.all())]
    if not weights.keys() <= set(keys):
        raise stale(offer)
    shape = offer_shape(row)
    contexts = tuple(
        ContextShape(**{**dict(each), "weight": weights.get(key, each.weight)})
        for key, each in zip(keys, shape.contexts, strict=True)
    )
    changed = shape.model_copy(update={"contexts": contexts})
    edited: Offer = accept(row, changed, environment=environment, version=version, by=by, at=at)
    return edited
