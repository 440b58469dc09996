"""What somebody has begun in a wizard: kept at each step, until it is finished or discarded."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from catalog.models import Draft, Environment
from catalog.shapes import FallbackOfferShape, body_of, shape_of
from offers_site.identifiers import uuid7


@transaction.atomic(durable=True)
def begin_draft(
    environment: Environment, shape: FallbackOfferShape, *, by: User, at: datetime
) -> Draft:
    return Draft.objects.create(
        environment=environment,
        owner=by,
        kind=Draft.Kind.FALLBACK_OFFER,
        public_id=uuid7(),
        data={"shape": body_of(shape)},
        created_at=at,
        changed_at=at,
    )


@transaction.atomic(durable=True)
def save_draft(draft: Draft, shape: FallbackOfferShape, *, at: datetime) -> None:
    Draft.objects.filter(pk=draft.pk).update(data={"shape": body_of(shape)}, changed_at=at)


@transaction.atomic(durable=True)
def discard_draft(draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk).delete()


def shape_in(draft: Draft) -> FallbackOfferShape:
    """The form that was begun. Drafts hold only forms that were valid."""
    shape = shape_of("fallback_offer", draft.data["shape"])
    if not isinstance(shape, FallbackOfferShape):
        raise TypeError("a draft of a fallback offer holds another form")
    return shape
