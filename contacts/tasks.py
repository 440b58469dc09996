"""The doors through which workers reach contacts."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils.timezone import now

from contacts import counting, indexing, purging


@shared_task(expires=3600)
def index_attributes() -> list[str]:
    return indexing.index_what_pays()


@shared_task
def count_audience(audience_pk: int) -> int | None:
    return counting.count_audience(audience_pk, at=now())


@shared_task(expires=3600)
def purge_visitors() -> int:
    return purging.purge_visitors(before=now() - timedelta(days=settings.VISITOR_RETENTION_DAYS))


def follow_up_on_commit(audience_pk: int, *, asks: bool) -> None:
    """Count an audience after the commit, and index what its rule asks for, where that pays."""
    transaction.on_commit(lambda: count_audience.delay(audience_pk), robust=True)
    if asks:
        transaction.on_commit(lambda: index_attributes.apply_async(queue="bulk"), robust=True)
