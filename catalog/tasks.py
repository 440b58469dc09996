"""The doors through which workers reach the catalogue."""

from __future__ import annotations

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.db import transaction
from django.utils.timezone import now

from catalog import mailing, reminding, running
from catalog.approving import Side
from catalog.models import ApprovalStep, Offer

# OSError is a mail server that is away.
mailing_task = shared_task(
    base=DjangoTask, autoretry_for=(OSError,), retry_backoff=True, retry_kwargs={"max_retries": 6}
)


@mailing_task
def mail_reviewers(offer_pk: int, side: str, *, is_reminder: bool = False) -> int:
    """Queue a mail to each person whom one side of an offer waits for; says to how many."""
    offer = Offer.objects.with_parts().select_related("template").filter(pk=offer_pk).first()
    people = mailing.reviewers_to_ask(offer, Side(side)) if offer else []
    for person in people:
        mail_reviewer.delay(offer_pk, side, person.pk, is_reminder=is_reminder)
    return len(people)


@mailing_task
def mail_reviewer(offer_pk: int, side: str, user_pk: int, *, is_reminder: bool = False) -> bool:
    return mailing.mail_reviewer(offer_pk, Side(side), user_pk, is_reminder=is_reminder)


@mailing_task
def mail_decision(step_pk: int) -> int:
    """Queue what became of a side, to its author and to reviewers who need not look any more."""
    step = ApprovalStep.objects.select_related("offer").filter(pk=step_pk).first()
    people = mailing.people_to_tell(step) if step else []
    for person in people:
        mail_one_decision.delay(step_pk, person.pk)
    return len(people)


@mailing_task
def mail_one_decision(step_pk: int, user_pk: int) -> bool:
    return mailing.mail_decision(step_pk, user_pk)


@mailing_task
def mail_held_up(offer_pk: int) -> bool:
    return mailing.mail_held_up(offer_pk)


@shared_task(base=DjangoTask, expires=60)
def make_planned_releases() -> int:
    """Make the releases whose moment has come; what failed is told to the authors."""
    plans = running.run_due(at=now())
    for offer in Offer.objects.filter(planned__in=plans).exclude(publishing_errors={}):
        mail_held_up.delay(offer.pk)
    return len(plans)


@shared_task(base=DjangoTask, expires=300)
def remind_reviewers() -> int:
    """Mail those who have not answered and whose last day it is; says for how many sides."""
    due = reminding.remind(at=now())
    for offer_pk, side in due:
        mail_reviewers.delay(offer_pk, side.value, is_reminder=True)
    return len(due)


# Queued after the commit. A queue that is away is logged, and nobody's error.


def mail_reviewers_on_commit(offer_pk: int, side: Side) -> None:
    transaction.on_commit(lambda: mail_reviewers.delay(offer_pk, side.value), robust=True)


def mail_decision_on_commit(step_pk: int) -> None:
    transaction.on_commit(lambda: mail_decision.delay(step_pk), robust=True)


def mail_held_up_on_commit(offer_pk: int) -> None:
    transaction.on_commit(lambda: mail_held_up.delay(offer_pk), robust=True)
