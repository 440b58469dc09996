"""Starting and cancelling long work."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from jobs import running
from jobs.models import Job


class NotCancellable(Exception):
    """The job has ended already, or is stopping."""


def start_job(
    title: str,
    *,
    task: str,
    by: User | None,
    at: datetime,
    queue: str = "bulk",
    total: int | None = None,
    unit: str = "",
) -> Job:
    """Store a job and queue its task once the surrounding transaction is committed."""
    job = Job.objects.create(
        title=title,
        task=task,
        queue=queue,
        total=total,
        unit=unit,
        by=by,
        created_at=at,
        queued_at=at,
    )
    # A queue that is away is logged, and nobody's error: whoever wakes jobs finds this one.
    transaction.on_commit(lambda: running.enqueue(job), robust=True)
    return job


@transaction.atomic(durable=True)
def cancel_job(job: Job, *, at: datetime) -> None:
    """End a waiting job, ask a running one to stop, or raise NotCancellable."""
    this = Job.objects.filter(pk=job.pk)
    waiting = this.filter(state=Job.State.QUEUED)
    if waiting.update(state=Job.State.CANCELLED, ended_at=at):
        return
    if this.filter(state=Job.State.RUNNING).update(state=Job.State.CANCELLING):
        return
    raise NotCancellable(_("This job has already ended or is stopping."))


@transaction.atomic(durable=True)
def start_practice(*, by: User, at: datetime) -> Job:
    """Start a job that does nothing of use, to see that the workers work."""
    return start_job(
        _("Test of the workers"), task="jobs.tasks.practise", by=by, at=at, unit=_("steps")
    )
