"""Asking for approval, giving and refusing it. The second of two approvals publishes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.actions.granting import stale
from accounts.journal import Actor, entry_of, record_all
from catalog import enabling, planning, releasing, tasks
from catalog.approving import (
    AGREED,
    SIDES,
    Act,
    MayNotApprove,
    Side,
    is_agreed,
    meant,
    state_field,
    state_of,
    step,
    why_not,
)
from catalog.gathering import key_of, shape_to_publish
from catalog.models import (
    Approval,
    ApprovalStep,
    Environment,
    Offer,
    PlannedRelease,
    Release,
)
from catalog.publishing import go_live, hold_up, locked
from catalog.readiness import NotReady, in_the_way
from catalog.shapes import body_of
from catalog.surroundings import Surroundings, surroundings_of

DAYS_TO_REVIEW = 3


# When an offer goes live that is agreed on: as planned already, at once, at a moment, with others.
When = Literal["now"] | datetime | PlannedRelease | None


class AlreadyDone(Exception):
    """Somebody was first: the side is in this state already, or in one that excludes it."""


class CommentMissing(Exception):
    """Who rejects says why."""


@dataclass(slots=True)
class Outcome:
    """What became of a request about several offers."""

    done: list[Offer] = field(default_factory=list)
    refused: list[tuple[Offer, str]] = field(default_factory=list)
    release: Release | None = None
    # Approved, but not live: why is `publishing_error`.
    held_up: list[Offer] = field(default_factory=list)


REFUSALS = (AlreadyDone, CommentMissing, MayNotApprove, NotReady)


# --- asking ---


@transaction.atomic(durable=True)
def submit(
    offers: Collection[Offer],
    *,
    sides: Collection[Side] = SIDES,
    deadline: datetime | None = None,
    comment: str = "",
    by: Actor,
    at: datetime,
) -> Outcome:
    """Ask reviewers for their approval until a deadline; without one, the template's days."""
    outcome = Outcome()
    for offer in locked([offer.pk for offer in offers]):
        asked = [side for side in sides if state_of(offer, side) in SUBMITTABLE]
        if not asked:
            refused = _("There is nothing to submit: both sides wait, are approved or are live.")
            outcome.refused.append((offer, refused))
            continue
        until = deadline or at + timedelta(days=days_to_review(offer))
        for side in asked:
            change_state(offer, side, Approval.PENDING, until)
            note(offer, side, Act.SUBMITTED, by=by, at=at, comment=comment)
            tasks.mail_reviewers_on_commit(offer.pk, side)
        outcome.done.append(offer)
    journal("offer.submitted", outcome.done, sides=sides, by=by, at=at, comment=comment)
    return outcome


SUBMITTABLE = (Approval.EDITING, Approval.REJECTED)


def days_to_review(offer: Offer) -> int:
    return offer.template.days_to_review if offer.template else DAYS_TO_REVIEW


# --- answering ---


@transaction.atomic(durable=True)
def approve(
    offer: Offer,
    side: Side,
    *,
    enable: Collection[str] | None = None,
    version: int | None = None,
    when: When = None,
    comment: str = "",
    by: Actor,
    at: datetime,
) -> Outcome:
    """Say yes to one side. When the other has its yes, the offer goes live in this transaction.

    Content is approved for the spaces to `enable`, or for all in which it is complete. Whoever
    shows a `version` approves what they saw. Raises AlreadyDone, MayNotApprove, NotReady, Stale,
    and InThePast or NotPlanned of `when`.
    """
    environment = releasing.hold(offer.environment)
    offer = held(offer)
    if version is not None and offer.version != version:
        raise stale(offer)
    say_yes(offer, side, surroundings_of(environment), enable, comment=comment, by=by, at=at)
    wait_until(offer, when, by=by, at=at)
    outcome = Outcome(done=[offer])
    journal("offer.approved", [offer], sides=[side], by=by, at=at, comment=comment)
    publish_agreed(environment, outcome, by=by, at=at)
    return outcome


@transaction.atomic(durable=True)
def approve_many(
    offers: Collection[Offer], *, sides: Collection[Side] = SIDES, by: Actor, at: datetime
) -> Outcome:
    """Say yes to many offers of one environment; all that have both go live in one release.

    An offer that cannot be approved is named with the reason, and does not keep the others.
    """
    outcome = Outcome()
    if not offers:
        return outcome
    environment = releasing.hold(next(iter(offers)).environment)
    around = surroundings_of(environment)
    for offer in locked([offer.pk for offer in offers if offer.environment_id == environment.pk]):
        waiting = [side for side in sides if state_of(offer, side) not in AGREED]
        try:
            with transaction.atomic():
                for side in waiting or sides:
                    say_yes(offer, side, around, None, by=by, at=at)
        except REFUSALS as refusal:
            outcome.refused.append((offer, str(refusal)))
        else:
            outcome.done.append(offer)
    journal("offer.approved", outcome.done, sides=sides, by=by, at=at)
    publish_agreed(environment, outcome, by=by, at=at)
    return outcome


@transaction.atomic(durable=True)
def reject(
    offer: Offer,
    side: Side,
    *,
    comment: str,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Offer:
    """Say no to one side, and why; raises AlreadyDone, CommentMissing, MayNotApprove, Stale."""
    if not comment.strip():
        raise CommentMissing(_("Say why: the author wants to know what to change."))
    releasing.hold(offer.environment)
    offer = held(offer)
    if version is not None and offer.version != version:
        raise stale(offer)
    check_may(offer, side, by)
    if state_of(offer, side) in {Approval.REJECTED, Approval.LIVE}:
        raise already(offer, side)
    change_state(offer, side, Approval.REJECTED, None)
    step_made = note(offer, side, Act.REJECTED, by=by, at=at, comment=comment)
    journal("offer.rejected", [offer], sides=[side], by=by, at=at, comment=comment)
    planning.leave(offer, by=by, at=at)
    tasks.mail_decision_on_commit(step_made.pk)
    return offer


@transaction.atomic(durable=True)
def restart(offer: Offer, side: Side, *, comment: str = "", by: Actor, at: datetime) -> Offer:
    """Forget what was said of one side, so that it can be submitted again; raises AlreadyDone.

    This is also how an author takes back what was submitted.
    """
    releasing.hold(offer.environment)
    offer = held(offer)
    if state_of(offer, side) not in {Approval.PENDING, Approval.APPROVED, Approval.REJECTED}:
        raise already(offer, side)
    change_state(offer, side, Approval.EDITING, None)
    note(offer, side, Act.RESET, by=by, at=at, comment=comment)
    journal("offer.restarted", [offer], sides=[side], by=by, at=at, comment=comment)
    planning.leave(offer, by=by, at=at)
    return offer


# --- the parts ---


def held(offer: Offer) -> Offer:
    """The offer as it is now, `locked`; raises Stale when somebody has deleted it."""
    for found in locked([offer.pk]):
        return found
    raise stale(offer)


def say_yes(
    offer: Offer,
    side: Side,
    around: Surroundings,
    enable: Collection[str] | None,
    *,
    comment: str = "",
    by: Actor,
    at: datetime,
) -> None:
    """Approve one side of an offer that is `locked`."""
    check_may(offer, side, by)
    if state_of(offer, side) in AGREED:
        raise already(offer, side)
    if side == Side.CONTENT:
        enabling.enable(offer, around, enable)
    if obstacles := in_the_way(offer, side, around=around):
        raise NotReady(obstacles)
    change_state(offer, side, Approval.APPROVED, None)
    step_made = note(offer, side, Act.APPROVED, by=by, at=at, comment=comment)
    tasks.mail_decision_on_commit(step_made.pk)


def wait_until(offer: Offer, when: When, *, by: Actor, at: datetime) -> None:
    """Put an offer that is held into a planned release, or take it out to go live at once."""
    if when == "now":
        planning.leave(offer, by=by, at=at)
    elif isinstance(when, PlannedRelease):
        planning.join(when, offer, by=by, at=at)
    elif when is not None:
        planning.begin(offer.environment, [offer], moment=when, by=by, at=at)
    offer.refresh_from_db(fields=["planned"])


def check_may(offer: Offer, side: Side, by: Actor) -> None:
    if reason := why_not(offer, side, by):
        raise MayNotApprove(reason)


def already(offer: Offer, side: Side) -> AlreadyDone:
    """The refusal that says who was first, and when."""
    steps = offer.approval_steps.filter(side=side)
    last = steps.order_by("-at", "-pk").first()
    known = {"side": side.label, "state": state_of(offer, side).label}
    if last is None:
        return AlreadyDone(_("%(side)s: %(state)s already.") % known)
    who = last.by_name or _("the system")
    when = date_format(localtime(last.at), "DATETIME_FORMAT")
    return AlreadyDone(
        _("%(side)s: %(state)s already, since %(who)s on %(when)s.")
        % {**known, "who": who, "when": when}
    )


def change_state(offer: Offer, side: Side, state: Approval, deadline: datetime | None) -> None:
    """Put one side into a state, unless somebody has been there since it was read."""
    name = state_field(side)
    this = Offer.objects.filter(pk=offer.pk, **{name: state_of(offer, side)})
    changed: dict[str, Any] = {
        name: state,
        f"{side.value}_deadline": deadline,
        "publishing_errors": {},
    }
    if not this.update(**changed):
        raise already(offer, side)
    for column, value in changed.items():
        setattr(offer, column, value)


def note(
    offer: Offer, side: Side, act: Act, *, by: Actor, at: datetime, comment: str = ""
) -> ApprovalStep:
    digest = meant(body_of(shape_to_publish(offer)), side)
    made = step(offer.pk, side, act, digest=digest, by=by, at=at, comment=comment.strip())
    made.save(force_insert=True)
    return made


def journal(
    verb: str,
    offers: Iterable[Offer],
    *,
    sides: Iterable[Side],
    by: Actor,
    at: datetime,
    comment: str = "",
) -> None:
    after = {"sides": [side.value for side in sides]}
    entries = [entry_of(verb, o, by=by, at=at, after=after, comment=comment) for o in offers]
    record_all(entries)


# --- what follows from the second yes ---


def publish_agreed(environment: Environment, outcome: Outcome, *, by: Actor, at: datetime) -> None:
    """Publish those offers that have both approvals and wait for no planned release.

    What keeps some of them is remembered with them and told to their authors; the others go.
    """
    ready = [offer for offer in outcome.done if is_agreed(offer) and not is_planned(offer)]
    while ready:
        try:
            with transaction.atomic():
                outcome.release = go_live(environment, ready, by=by, at=at)
        except NotReady as refusal:
            blamed = refusal.about(map(key_of, ready)) or set(map(key_of, ready))
            stopped = [offer for offer in ready if key_of(offer) in blamed]
            hold_up(stopped, refusal)
            for offer in stopped:
                tasks.mail_held_up_on_commit(offer.pk)
            outcome.held_up += stopped
            ready = [offer for offer in ready if key_of(offer) not in blamed]
        else:
            for offer in ready:
                offer.refresh_from_db()
            return


def is_planned(offer: Offer) -> bool:
    return offer.planned is not None and offer.planned.state == PlannedRelease.State.WAITING
