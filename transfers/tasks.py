"""The doors through which the clock reaches transfers."""

from celery import shared_task
from django.utils.timezone import now

from jobs import running
from transfers import forgetting, purging


@shared_task(expires=3600)
def purge_transfers() -> int:
    return purging.purge(at=now())


@shared_task
def search_files(job_pk: str) -> str:
    return running.run(job_pk, forgetting.work)
