"""The doors through which the clock reaches decisioning."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.utils.timezone import now

from decisioning import keeping, runs
from decisioning.models import Run
from jobs import running


@shared_task(expires=3600)
def make_months() -> int:
    return keeping.make_room(now())


@shared_task(expires=3600)
def purge_propositions() -> list[str]:
    return keeping.purge(now(), days=settings.PROPOSITION_RETENTION_DAYS)


@shared_task
def decide_run(job_pk: str) -> str:
    with runs.another_hand(UUID(job_pk), clock=now):
        return running.run(job_pk, partial(runs.work, clock=now))


@shared_task
def help_with_run(run_pk: int) -> None:
    run = Run.objects.select_related("job", "environment").get(pk=run_pk)
    is_over = runs.turn()
    with runs.another_hand(run.job_id, clock=now):
        is_done = runs.help_with(run, clock=now, is_over=is_over)
    if not is_done:
        runs.call_helper(run)
