"""Releases that wait for a moment: approved offers that go live together, or not at all."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.actions.granting import stale
from accounts.journal import Actor, changes, record
from accounts.models import User
from catalog import releasing
from catalog.actions.approvals import AlreadyDone
from catalog.models import Environment, Offer, PlannedRelease
from catalog.publishing import locked
from offers_site.identifiers import uuid7

State = PlannedRelease.State


class InThePast(Exception):
    """A release is planned for a moment to come."""


class NothingPlanned(Exception):
    """A planned release is of at least one offer."""


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
    check_moment(moment, at)
    environment = releasing.hold(environment)
    plan = PlannedRelease.objects.create(
        environment=environment,
        public_id=uuid7(),
        at=moment,
        comment=comment,
        by=by if isinstance(by, User) else None,
        by_name="" if by is None else str(by)[:200],
        created_at=at,
    )
    put_in(plan, offers)
    record("planned_release.created", plan, by=by, at=at, after=facts(plan), comment=comment)
    return plan


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
    """Change when, or what. One that failed waits again. Raises AlreadyDone, Stale, InThePast."""
    check_moment(moment, at)
    releasing.hold(plan.environment)
    before = facts(plan)
    this = PlannedRelease.objects.filter(pk=plan.pk, version=version)
    changed = this.filter(state__in=[State.WAITING, State.FAILED]).update(
        at=moment, comment=comment, state=State.WAITING, error="", version=F("version") + 1
    )
    if not changed:
        if not this.exists():
            raise stale(plan)
        raise AlreadyDone(_("This release is not planned any more."))
    plan.refresh_from_db()
    Offer.objects.filter(planned=plan).update(planned=None)
    put_in(plan, offers)
    was, became = changes(before, facts(plan))
    if became:
        record("planned_release.changed", plan, by=by, at=at, before=was, after=became)
    return plan


@transaction.atomic(durable=True)
def cancel_planned_release(plan: PlannedRelease, *, by: Actor, at: datetime) -> None:
    """Let its offers wait for somebody to publish them; raises AlreadyDone."""
    this = PlannedRelease.objects.filter(pk=plan.pk, state__in=[State.WAITING, State.FAILED])
    if not this.update(state=State.CANCELLED, version=F("version") + 1):
        raise AlreadyDone(_("This release is not planned any more."))
    record("planned_release.cancelled", plan, by=by, at=at, before=facts(plan))
    Offer.objects.filter(planned=plan).update(planned=None)


# --- the parts ---


def check_moment(moment: datetime, at: datetime) -> None:
    if moment <= at:
        raise InThePast(_("Choose a moment to come."))


def put_in(plan: PlannedRelease, offers: Collection[Offer]) -> None:
    """These offers, and no others, go live with a plan; one is in one plan at most."""
    pks = [offer.pk for offer in offers]
    held = locked(pks)
    if not held:
        raise NothingPlanned(_("Choose at least one offer."))
    Offer.objects.filter(pk__in=pks, environment=plan.environment).update(planned=plan)


def facts(plan: PlannedRelease) -> dict[str, object]:
    codes = Offer.objects.filter(planned=plan).order_by("code").values_list("code", flat=True)
    return {"at": plan.at.isoformat(), "comment": plan.comment, "offers": list(codes)}
