"""The doors through which the clock reaches decisioning."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils.timezone import now

from decisioning import keeping


@shared_task(expires=3600)
def make_months() -> int:
    return keeping.make_room(now())


@shared_task(expires=3600)
def purge_propositions() -> list[str]:
    return keeping.purge(now(), days=settings.PROPOSITION_RETENTION_DAYS)
