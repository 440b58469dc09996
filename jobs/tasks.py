"""The doors through which workers reach jobs."""

from celery import shared_task

from jobs import practice, running


@shared_task(expires=60)
def wake_jobs() -> int:
    return running.wake(at=running.clock())


@shared_task
def practise(job_pk: str) -> str:
    return running.run(job_pk, practice.practise)
