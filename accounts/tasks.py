"""Doors for the workers."""

from datetime import timedelta

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.conf import settings
from django.db import transaction
from django.utils.timezone import now

from accounts import mailing, running
from accounts.models import User


@shared_task(
    base=DjangoTask, autoretry_for=(OSError,), retry_backoff=True, retry_kwargs={"max_retries": 6}
)
def mail_link(user_pk: int) -> None:
    """Mail somebody the link by which they choose a password; OSError is a server that is away."""
    user = User.objects.active().filter(pk=user_pk).first()
    if user:
        mailing.mail_link(user)


def mail_link_on_commit(user_pk: int) -> None:
    """Queue the mail after the commit. A queue that is away is logged, and nobody's error."""
    transaction.on_commit(lambda: mail_link.delay(user_pk), robust=True)


@shared_task(base=DjangoTask)
def purge_journal() -> int:
    before = now() - timedelta(days=settings.JOURNAL_RETENTION_DAYS)
    return running.purge_journal(before=before)


@shared_task(base=DjangoTask)
def purge_sessions() -> int:
    return running.purge_sessions(at=now())
