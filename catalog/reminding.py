"""Reviewers who have not answered are reminded once, on the last day before the deadline."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from catalog.approving import SIDES, Act, Side, note_steps, state_field
from catalog.models import Approval, ApprovalStep, Offer

BEFORE = timedelta(days=1)


@transaction.atomic(durable=True)
def remind(*, at: datetime) -> list[tuple[int, Side]]:
    """Write down whose reviewers are to be reminded now: (key of the offer, side).

    Whoever was asked on that last day, or later, has the request itself to remind them.
    """
    return [(pk, side) for side in SIDES for pk in remind_of(side, at=at)]


def remind_of(side: Side, *, at: datetime) -> list[int]:
    deadline = f"{side.value}_deadline"
    steps = ApprovalStep.objects.filter(
        offer=OuterRef("pk"), side=side, act__in=[Act.SUBMITTED, Act.REMINDED]
    ).order_by("-at", "-pk")
    waiting = Offer.objects.filter(
        **{state_field(side): Approval.PENDING},
        **{f"{deadline}__gt": at, f"{deadline}__lte": at + BEFORE},
    )
    due = (
        waiting.annotate(
            act=Subquery(steps.values("act")[:1]), asked=Subquery(steps.values("at")[:1])
        )
        .filter(act=Act.SUBMITTED, asked__lt=F(deadline) - BEFORE)
        .order_by("pk")
        .select_for_update(of=("self",), skip_locked=True)
    )
    found = [offer.pk for offer in due]
    note_steps(found, side, Act.REMINDED, by=None, at=at)
    return found
