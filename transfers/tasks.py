"""The doors through which the clock reaches transfers."""

from celery import shared_task
from django.utils.timezone import now

from transfers import purging


@shared_task(expires=3600)
def purge_transfers() -> int:
    return purging.purge(at=now())
