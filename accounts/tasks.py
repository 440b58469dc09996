"""Doors for the workers."""

from datetime import timedelta

import structlog
from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.conf import settings
from django.db import transaction
from django.utils.timezone import now

from accounts import mailing, running
from accounts.models import User

log = structlog.get_logger("overture.accounts")


@shared_task(base=DjangoTask)
def mail_link(user_pk: int) -> bool:
    """Mail somebody the link that they are owed; a server that is away is tried again later."""
    try:
        return mailing.mail_owed_link(user_pk, at=now())
    except OSError:
        log.warning("link.not_mailed", exc_info=True)
        return False


@shared_task(base=DjangoTask, expires=30)
def mail_due_links() -> int:
    """Those whose task was lost, or whose mail server was away."""
    owed = User.objects.owed_link_at(now()).values_list("pk", flat=True)
    for user_pk in owed:
        mail_link.delay(user_pk)
    return len(owed)


def mail_link_on_commit(user_pk: int) -> None:
    """Queue the mail after the commit. A queue that is away is logged, and nobody's error.

    The row says that the mail is owed, so whoever looks for those sends this one.
    """
    transaction.on_commit(lambda: mail_link.delay(user_pk), robust=True)


@shared_task(base=DjangoTask)
def purge_journal() -> int:
    before = now() - timedelta(days=settings.JOURNAL_RETENTION_DAYS)
    return running.purge_journal(before=before)


@shared_task(base=DjangoTask)
def purge_sessions() -> int:
    return running.purge_sessions(at=now())
