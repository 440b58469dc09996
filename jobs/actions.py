"""Starting and cancelling long work."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.journal import Actor, record
from accounts.models import User
from jobs import running
from jobs.models import Job
from offers_site.languages import in_every_language

LONGEST_TITLE = 200


class NotCancellable(Exception):
    """The job has ended already, or is stopping."""


class NotPausable(Exception):
    """The job cannot be paused, or goes on already."""


def start_job(
    title: Callable[[], str],
    *,
    task: str,
    by: Actor,
    at: datetime,
    queue: str = "bulk",
    total: int | None = None,
    unit: str = "",
    here: bool = False,
) -> Job:
    """Store a job and queue its task once the surrounding transaction is committed.

    Whoever reads it may speak another language: `title` is asked for in each.

    One that this process means to do itself, `here`, is not queued; should the process be lost,
    whoever wakes jobs sends it to the workers.
    """
    job = Job.objects.create(
        titles=in_every_language(lambda: title()[:LONGEST_TITLE]),
        task=task,
        queue=queue,
        total=total,
        unit=unit,
        by=by if isinstance(by, User) else None,
        created_at=at,
        queued_at=at,
    )
    if not here:
        # A queue that is away is logged, and nobody's error: whoever wakes jobs finds this one.
        transaction.on_commit(lambda: running.enqueue(job), robust=True)
    return job


@transaction.atomic(durable=True)
def cancel_job(job: Job, *, by: Actor, at: datetime) -> None:
    """End a waiting job, ask a running one to stop, or raise NotCancellable."""
    this = Job.objects.filter(pk=job.pk)
    waiting = this.filter(state__in=[Job.State.QUEUED, Job.State.PAUSED])
    held = this.filter(state__in=[Job.State.RUNNING, Job.State.PAUSING])
    if not (
        waiting.update(state=Job.State.CANCELLED, ended_at=at)
        or held.update(state=Job.State.CANCELLING)
    ):
        raise NotCancellable(_("This job has already ended or is stopping."))
    record("job.cancelled", job, by=by, at=at)


@transaction.atomic(durable=True)
def pause_job(job: Job, *, by: Actor, at: datetime) -> None:
    """Let a job rest after the chunk it is working on, or raise NotPausable."""
    this = Job.objects.filter(pk=job.pk)
    if not (
        this.filter(state=Job.State.QUEUED).update(state=Job.State.PAUSED)
        or this.filter(state=Job.State.RUNNING).update(state=Job.State.PAUSING)
    ):
        raise NotPausable(_("Only a job that waits or runs can be paused."))
    record("job.paused", job, by=by, at=at)


@transaction.atomic(durable=True)
def resume_job(job: Job, *, by: Actor, at: datetime) -> None:
    """Let a paused job go on from where it was, or raise NotPausable."""
    paused = Job.objects.filter(pk=job.pk, state=Job.State.PAUSED)
    rested = F("rested") + running.rest()
    if not paused.update(state=Job.State.QUEUED, queued_at=at, beat_at=None, rested=rested):
        raise NotPausable(_("This job is not paused."))
    record("job.resumed", job, by=by, at=at)
    transaction.on_commit(lambda: running.enqueue(job), robust=True)


@transaction.atomic(durable=True)
def start_practice(*, by: User, at: datetime) -> Job:
    """Start a job that does nothing of use, to see that the workers work."""
    return start_job(
        lambda: _("Test of the workers"),
        task="jobs.tasks.practise",
        by=by,
        at=at,
        unit=gettext_noop("steps"),
    )
