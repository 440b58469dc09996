"""Making the releases that were planned, when their moment comes."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from catalog import releasing
from catalog.models import Offer, PlannedRelease
from catalog.publishing import go_live, hold_up, locked
from catalog.readiness import NotReady

State = PlannedRelease.State


def run_due(*, at: datetime) -> list[PlannedRelease]:
    """Make every release whose moment has come, each in a transaction of its own.

    Any number of workers may do this at once, and any of them may be lost: a plan is done in the
    transaction that makes its release.
    """
    due = PlannedRelease.objects.filter(state=State.WAITING, at__lte=at).order_by("at", "pk")
    found = [run_one(pk, at=at) for pk in due.values_list("pk", flat=True)]
    return [plan for plan in found if plan is not None]


@transaction.atomic(durable=True)
def run_one(pk: int, *, at: datetime) -> PlannedRelease | None:
    """Make one release, or remember why not; None when another worker was first."""
    environment = releasing.hold(PlannedRelease.objects.get(pk=pk).environment)
    due = PlannedRelease.objects.filter(pk=pk, state=State.WAITING, at__lte=at)
    plan = due.select_for_update(of=("self",)).select_related("by").first()
    if plan is None:
        return None
    offers = locked(list(Offer.objects.filter(planned=plan).values_list("pk", flat=True)))
    this = PlannedRelease.objects.filter(pk=pk)
    try:
        if not offers:
            raise NotReady([], _("No offer is left in this release."))
        with transaction.atomic():
            made = go_live(environment, offers, by=plan.by, at=at, comment=plan.comment)
    except NotReady as refusal:
        errors = {code: str(told) for code, told in refusal.by_language.items()}
        this.update(state=State.FAILED, errors=errors, version=F("version") + 1)
        hold_up(offers, refusal)
    else:
        number = made.number if made else None
        this.update(state=State.DONE, release_number=number, version=F("version") + 1)
    plan.refresh_from_db()
    return plan
