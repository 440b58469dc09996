"""Mails about approvals: to those who are asked, and to those who wait for the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation

from accounts import mailing
from accounts.models import User
from catalog.approving import Act, Side, edited_by, reviewers_of, state_of
from catalog.comparing import what_would_change
from catalog.models import Approval, ApprovalStep, Offer
from catalog.recap import recap

DIFFERENCES = 40  # in a mail; the page shows them all


def reviewers_to_ask(offer: Offer, side: Side) -> list[User]:
    """Whom a side that was submitted waits for; nobody when it waits no more."""
    return reviewers_of(offer, side) if state_of(offer, side) == Approval.PENDING else []


def mail_reviewer(offer_pk: int, side: Side, user_pk: int, *, is_reminder: bool = False) -> bool:
    """Ask one reviewer, or remind them, unless somebody has answered. Says whether a mail left."""
    offer = read(offer_pk)
    person = User.objects.active().filter(pk=user_pk).first()
    if offer is None or person is None or state_of(offer, side) != Approval.PENDING:
        return False
    submitted = last_step(offer, side, Act.SUBMITTED)
    send(
        "approval_wanted",
        person,
        {
            **about(offer, side),
            "by": submitted.by_name if submitted else "",
            "is_reminder": is_reminder,
            "comment": submitted.comment if submitted else "",
            "deadline": getattr(offer, f"{side.value}_deadline"),
            "approve_link": link_to(offer, side),
            "reject_link": f"{link_to(offer, side)}#id_comment",
        },
        lambda: {"recap": recap(offer), "changes": shown_changes(offer)},
    )
    return True


def people_to_tell(step: ApprovalStep) -> list[User]:
    """The author, who edited the side last, and reviewers who were asked; not who decided."""
    offer, side = step.offer, Side(step.side)
    people = {offer.author_id, edited_by(offer, side)}
    asked = last_step(offer, side, Act.SUBMITTED, before=step)
    answered = last_step(offer, side, Act.APPROVED, Act.REJECTED, Act.RESET, before=step)
    found = list(
        User.objects.active().filter(pk__in=[key for key in people if key]).order_by("email")
    )
    if asked and (answered is None or answered.pk < asked.pk):
        found += [each for each in reviewers_of(offer, side) if each not in found]
    return [person for person in found if person.pk != step.by_id]


def mail_decision(step_pk: int, user_pk: int) -> bool:
    """Tell one person that a side was approved or rejected, by whom and why."""
    step = ApprovalStep.objects.select_related("offer__environment").filter(pk=step_pk).first()
    person = User.objects.active().filter(pk=user_pk).first()
    if step is None or person is None:
        return False
    offer, side = step.offer, Side(step.side)
    own = person.pk in {offer.author_id, edited_by(offer, side)}
    rejected = step.act == Act.REJECTED
    told = {**about(offer, side), "step": step, "own": own, "rejected": rejected}
    send("approval_given", person, {**told, "link": link_to(offer)})
    return True


def mail_held_up(offer_pk: int) -> bool:
    """Tell the author that an approved offer did not go live, and why."""
    offer = read(offer_pk)
    if offer is None or not offer.publishing_error:
        return False
    keys = {offer.author_id, offer.content_edited_by_id, offer.eligibility_edited_by_id}
    people = User.objects.active().filter(pk__in=[key for key in keys if key])
    for person in people:
        told = {**about(offer, None), "link": link_to(offer)}
        send("held_up", person, told, lambda: {"reasons": offer.publishing_error.splitlines()})
    return bool(people)


# --- the parts ---


def read(offer_pk: int) -> Offer | None:
    return Offer.objects.with_parts().select_related("template").filter(pk=offer_pk).first()


def last_step(
    offer: Offer, side: Side, *acts: Act, before: ApprovalStep | None = None
) -> ApprovalStep | None:
    steps = offer.approval_steps.filter(side=side, act__in=acts)
    if before is not None:
        steps = steps.filter(pk__lt=before.pk)
    return steps.order_by("-pk").first()


def about(offer: Offer, side: Side | None) -> dict[str, Any]:
    return {"offer": offer, "environment": offer.environment, "side": side}


def link_to(offer: Offer, side: Side | None = None) -> str:
    """The page of an offer, or where one side of it is approved. One signs in first."""
    path = (
        offer.get_absolute_url()
        if side is None
        else reverse("catalog:offer-approve", args=[offer.environment.name, offer.code, side.value])
    )
    return urljoin(f"{settings.BASE_URL}/", path.lstrip("/"))


def shown_changes(offer: Offer) -> dict[str, Any]:
    """What would change in live, as far as a mail has room for it."""
    lines = [
        {"object": f"{change.kind_label} {change.label}", "act": change.act, "field": field}
        for change in what_would_change(offer.environment, [offer])
        for field in (change.fields or (None,))
    ]
    return {"lines": lines[:DIFFERENCES], "more": max(0, len(lines) - DIFFERENCES)}


def send(
    name: str,
    person: User,
    context: Mapping[str, Any],
    said: Callable[[], Mapping[str, Any]] = dict,
) -> None:
    """A mail in the language and time zone of whom it is for; `said` is put into words there."""
    zone = ZoneInfo(person.time_zone) if person.time_zone else None
    with translation.override(person.language or settings.LANGUAGE_CODE), timezone.override(zone):
        zone_name = timezone.get_current_timezone_name()
        mailing.send(name, person, {**context, **said(), "zone": zone_name})
