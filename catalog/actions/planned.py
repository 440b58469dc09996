"""Offers that go live together, at a moment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.actions.granting import stale
from accounts.journal import Actor, changes, record
from catalog import planning, releasing
from catalog.models import Environment, Offer, PlannedRelease
from catalog.planning import InThePast, NothingPlanned, NotPlanned, facts, put_in

__all__ = ["InThePast", "NotPlanned", "NothingPlanned"]


@transaction.atomic(durable=True)
def plan_release(
    environment: Environment,
    offers: Collection[Offer],
    *,
    moment: datetime,
    comment: str = "",
    by: Actor,
    at: datetime,
) -> PlannedRelease:
    """Let these offers go live together at a moment. They may be approved until then."""
    environment = releasing.hold(environment)
    return planning.begin(environment, offers, moment=moment, comment=comment, by=by, at=at)


@transaction.atomic(durable=True)
def change_planned_release(
    plan: PlannedRelease,
    offers: Collection[Offer],
    *,
    version: int,
    moment: datetime,
    comment: str = "",
    by: Actor,
    at: datetime,
) -> PlannedRelease:
    """Change when, or what. One that failed waits again. Raises NotPlanned, Stale, InThePast."""
    planning.check_moment(moment, at)
    releasing.hold(plan.environment)
    before = facts(plan)
    this = PlannedRelease.objects.filter(pk=plan.pk, version=version)
    changed = this.filter(state__in=planning.OPEN).update(
        at=moment,
        comment=comment,
        state=PlannedRelease.State.WAITING,
        errors={},
        version=F("version") + 1,
    )
    if not changed:
        if not this.exists():
            raise stale(plan)
        raise NotPlanned(_("This release is not planned any more."))
    plan.refresh_from_db()
    Offer.objects.filter(planned=plan).update(planned=None)
    put_in(plan, offers)
    was, became = changes(before, facts(plan))
    if became:
        record("planned_release.changed", plan, by=by, at=at, before=was, after=became)
    return plan


@transaction.atomic(durable=True)
def cancel_planned_release(plan: PlannedRelease, *, by: Actor, at: datetime) -> None:
    """Let its offers wait for somebody to publish them; raises NotPlanned."""
    releasing.hold(plan.environment)
    planning.cancel(plan, by=by, at=at)
