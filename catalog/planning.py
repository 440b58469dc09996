"""Offers that wait for a moment to go live together: how they come in, and how they leave.

Inside the caller's transaction, which holds the environment.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _

from accounts.journal import Actor, changes, record
from accounts.models import User
from catalog.models import Environment, Offer, PlannedRelease
from catalog.publishing import locked
from offers_site.identifiers import uuid7

State = PlannedRelease.State
OPEN = (State.WAITING, State.FAILED)


class InThePast(Exception):
    """A release is planned for a moment to come."""


class NothingPlanned(Exception):
    """A planned release is of at least one offer."""


class NotPlanned(Exception):
    """The release has been made, or somebody has cancelled it."""


def begin(
    environment: Environment,
    offers: Collection[Offer],
    *,
    moment: datetime,
    comment: str = "",
    by: Actor,
    at: datetime,
) -> PlannedRelease:
    check_moment(moment, at)
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


def join(plan: PlannedRelease, offer: Offer, *, by: Actor, at: datetime) -> None:
    """Let an offer go live with what is planned already; raises NotPlanned."""
    if offer.planned_id == plan.pk:
        return
    before = facts(plan)
    this = PlannedRelease.objects.filter(
        pk=plan.pk, environment=offer.environment_id, state=State.WAITING
    )
    if not this.update(version=F("version") + 1):
        raise NotPlanned(_("This release is not planned any more."))
    put_in(plan, [offer])
    was, became = changes(before, facts(plan))
    record("planned_release.changed", plan, by=by, at=at, before=was, after=became)


def leave(offer: Offer, *, by: Actor, at: datetime) -> None:
    """Let an offer wait for nothing. The release is cancelled when it was the last in it."""
    plan = offer.planned
    if plan is None:
        return
    Offer.objects.filter(pk=offer.pk).update(planned=None)
    offer.planned = None
    if plan.state in OPEN and not Offer.objects.filter(planned=plan).exists():
        cancel(plan, by=by, at=at)


def cancel(plan: PlannedRelease, *, by: Actor, at: datetime) -> None:
    """Let its offers wait for somebody to publish them; raises NotPlanned."""
    this = PlannedRelease.objects.filter(pk=plan.pk, state__in=OPEN)
    if not this.update(state=State.CANCELLED, version=F("version") + 1):
        raise NotPlanned(_("This release is not planned any more."))
    record("planned_release.cancelled", plan, by=by, at=at, before=facts(plan))
    Offer.objects.filter(planned=plan).update(planned=None)


# --- the parts ---


def check_moment(moment: datetime, at: datetime) -> None:
    if moment <= at:
        raise InThePast(_("Choose a moment to come."))


def put_in(plan: PlannedRelease, offers: Collection[Offer]) -> None:
    """These offers too go live with a plan; one is in one plan at most."""
    pks = [offer.pk for offer in offers]
    if not locked(pks):
        raise NothingPlanned(_("Choose at least one offer."))
    Offer.objects.filter(pk__in=pks, environment=plan.environment_id).update(planned=plan)


def facts(plan: PlannedRelease) -> dict[str, object]:
    codes = Offer.objects.filter(planned=plan).order_by("code").values_list("code", flat=True)
    return {"at": plan.at.isoformat(), "comment": plan.comment, "offers": list(codes)}
