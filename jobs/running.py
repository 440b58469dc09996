"""Working on a job, so that any worker may die at any moment and nothing is lost or done twice.

A worker claims the row, works chunk by chunk, and commits each chunk's rows together with the job's
new checkpoint. Every write names the claim: a worker that was taken for dead and replaced meets its
successor's claim, changes nothing and stops.
"""

import threading
import traceback
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import redis
import structlog
from celery import current_app
from django.conf import settings
from django.db import (
    DatabaseError,
    Error,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)
from django.db.models import Case, DurationField, Expression, F, Value, When
from django.db.models.functions import Coalesce, Greatest, Now
from django.utils.translation import gettext_noop
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from accounts.models import User
from jobs.models import MOST_ATTEMPTS, Job

log = structlog.get_logger("overture.jobs")
NEWS = timedelta(minutes=10)  # what ended longer ago is no news
# What the work may have met with and tries again: others were to go first.
GAVE_WAY = (DeadlockDetected, LockNotAvailable, SerializationFailure)
BEAT = 5.0  # seconds; a sixth of the silence after which a worker is taken for dead
# Whoever replaces a lost worker ends its session by this name: it may still hold locks.
NAME_SESSION = "SELECT set_config('application_name', %s, false)"
SESSION = "overture"
END_SESSION = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE application_name = ANY(%s) AND usename = current_user AND datname = current_database()
"""
STILL = timedelta(minutes=1)  # whoever helps with a chunk waits for the database, not it for them
# In the middle of a statement it waits for more of its rows, between two for the next one.
END_STILL_SESSION = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE application_name = %s AND usename = current_user AND datname = current_database()
AND state <> 'idle' AND wait_event = 'ClientRead'
AND state_change < clock_timestamp() - make_interval(secs => %s)
"""
LOST_TOO_OFTEN = gettext_noop("Its worker was lost five times at the same place.")


class ClaimLost(Exception):
    """Another worker has this job now, or it has ended."""


class Failed(Exception):
    """The work cannot be done, for a reason that is no mistake of ours; it carries a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one chunk has done: how many more, where to go on, how many there are in all."""

    done: int
    checkpoint: dict[str, Any] = field(default_factory=dict)
    total: int | None = None


Work = Callable[[Job], Generator[Step, None, None]]


def run(job_pk: uuid.UUID | str, work: Work) -> str:
    """Work on a job from its checkpoint to its end, unless somebody else does. Returns its state.

    `work` is handed the job and does one chunk for each step that it yields, inside a transaction
    which also writes the step: either both are committed or neither is.
    """
    job = claim(job_pk)
    if job is None:
        return "not claimed"
    structlog.contextvars.bind_contextvars(job=str(job.pk))
    try:
        with beating(job), named_session(session_of(job.claim)):
            finish(job, work)
    except ClaimLost:
        return "claim lost"
    return job.state


def finish(job: Job, work: Work) -> None:
    """Take all steps; what the work raises ends the job, but a lost database only interrupts it."""
    try:
        while not takes_steps(job, work):
            log.warning("job.deadlock")
    except (ClaimLost, OperationalError, InterfaceError):
        raise
    except Failed as refusal:
        end(job, Job.State.FAILED, failure=str(refusal))
    except Exception as error:
        log.exception("job.failed")
        end(job, Job.State.FAILED, failure=traceback.format_exception_only(error)[-1].strip())


def claim(job_pk: uuid.UUID | str) -> Job | None:
    """The job, held by this worker from now on; None if it is held, or has ended."""
    mine = uuid.uuid4()
    waiting = Job.objects.filter(pk=job_pk, state=Job.State.QUEUED)
    taken = waiting.update(
        state=Job.State.RUNNING,
        claim=mine,
        attempts=F("attempts") + 1,
        beat_at=Now(),
        started_at=Coalesce("started_at", Now()),
        rested=F("rested") + rest(),
    )
    return Job.objects.get(pk=job_pk, claim=mine) if taken else None


def rest() -> Expression:
    """How long nobody has worked on a job that was begun before and has been lost or paused."""
    return Case(
        When(started_at=None, then=Value(timedelta(0))),
        default=Greatest(Now() - Coalesce("beat_at", "queued_at"), Value(timedelta(0))),
        output_field=DurationField(),
    )


@contextmanager
def beating(job: Job) -> Iterator[None]:
    """Keep the job's heart beating from a thread, however long a chunk may take."""
    stop = threading.Event()

    def beat() -> None:
        try:
            while not stop.wait(BEAT):
                end_still_helpers(job)
                Job.objects.filter(pk=job.pk, claim=job.claim, ended_at=None).update(beat_at=Now())
        except DatabaseError:
            log.warning("job.heartbeat_lost")  # whoever wakes jobs takes over
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"heart of {job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def session_of(claim: uuid.UUID | None) -> str:
    return f"{SESSION} {claim}"


def session_of_helper(claim: uuid.UUID | None) -> str:
    return f"{session_of(claim)} helps"


@contextmanager
def helping(job_pk: uuid.UUID) -> Iterator[None]:
    """Work along on somebody's running job: with its loss, one loses what one is at."""
    claim = Job.objects.values_list("claim", flat=True).get(pk=job_pk)
    with named_session(session_of_helper(claim)):
        yield


@contextmanager
def named_session(name: str) -> Iterator[None]:
    """The connection bears this name meanwhile, for whoever looks at the server."""
    with connection.cursor() as cursor:
        cursor.execute(NAME_SESSION, [name])
    try:
        yield
    finally:
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute(NAME_SESSION, [SESSION])


def takes_steps(job: Job, work: Work) -> bool:
    """Take all steps; False when a chunk was given up so that others could go on.

    It is done again from the checkpoint, a few times at the most.
    """
    try:
        take_steps(job, work)
    except OperationalError as error:
        if not isinstance(error.__cause__, GAVE_WAY):
            raise
        mine = Job.objects.filter(pk=job.pk, claim=job.claim, attempts__lt=MOST_ATTEMPTS)
        if not mine.update(attempts=F("attempts") + 1):
            raise
        job.refresh_from_db()
        return False
    return True


def take_steps(job: Job, work: Work) -> None:
    """Do all chunks; a request to pause or to cancel is honoured between two of them."""
    steps = work(job)
    while True:
        with transaction.atomic():
            step = next(steps, None)
            if step is None:
                break
            go_on = note(job, step)
        if not go_on:
            steps.close()
            stop(job)
            return
    end(job, Job.State.FINISHED)


def note(job: Job, step: Step) -> bool:
    """Write a step, or raise ClaimLost. Returns whether the job should go on."""
    changed = {
        "done": F("done") + step.done,
        "checkpoint": step.checkpoint,
        "attempts": 0,
        "beat_at": Now(),
        **({} if step.total is None else {"total": step.total}),
    }
    held = Job.objects.filter(pk=job.pk, claim=job.claim)
    if not held.filter(state__in=Job.HELD).update(**changed):
        raise ClaimLost
    job.refresh_from_db()
    return job.state == Job.State.RUNNING


def stop(job: Job) -> None:
    """Do as somebody asked while the job ran: let it rest, or end it."""
    asked = Job.objects.filter(pk=job.pk, claim=job.claim, state=Job.State.PAUSING)
    if asked.update(state=Job.State.PAUSED, claim=None):
        job.refresh_from_db()
        log.info("job.paused")
        return
    end(job, Job.State.CANCELLED)


def end(job: Job, state: Job.State, *, failure: str = "") -> None:
    """Put a job to its end; a request to cancel that came too late does not make it fail."""
    held = Job.objects.filter(pk=job.pk, claim=job.claim, ended_at=None)
    if not held.update(state=state, failure=failure, ended_at=Now(), beat_at=Now(), claim=None):
        raise ClaimLost
    job.refresh_from_db()
    log.info("job.ended", state=state)


def take_news(person: User, at: datetime) -> list[Job]:
    """The person's jobs that have ended lately and of which they have not been told. Once each."""
    ended = Job.objects.filter(by=person, told_at=None, ended_at__gte=at - NEWS)
    news = list(ended.order_by("ended_at")[:5])
    return [job for job in news if ended.filter(pk=job.pk).update(told_at=at)]


def clock() -> datetime:
    """What silence is measured by: hearts beat by the database's time, whatever a machine says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def wake(at: datetime) -> int:
    """Queue again what stopped beating or was lost with its queue. Returns how many."""
    silent = Job.objects.silent_at(at)
    end_sessions([name(job.claim) for job in silent for name in (session_of, session_of_helper)])
    silent.filter(state=Job.State.CANCELLING).update(
        state=Job.State.CANCELLED, claim=None, ended_at=at
    )
    silent.filter(state=Job.State.PAUSING).update(state=Job.State.PAUSED, claim=None)
    silent.filter(attempts__gte=MOST_ATTEMPTS).update(
        state=Job.State.FAILED, claim=None, ended_at=at, failure=LOST_TOO_OFTEN
    )
    return sum(wake_one(job, at) for job in [*silent, *forgotten(at)])


def end_sessions(names: list[str]) -> None:
    """What a worker was doing when it stopped or went out of reach is undone, its locks are free.

    The server itself would wait for it: as long as it stands still, or for hours when its machine
    is gone without a word.
    """
    with connection.cursor() as cursor:
        cursor.execute(END_SESSION, [names])


def end_still_helpers(job: Job) -> None:
    """Who stands still in the middle of something, or is out of reach, holds up everybody else."""
    with connection.cursor() as cursor:
        cursor.execute(END_STILL_SESSION, (session_of_helper(job.claim), STILL.total_seconds()))


def forgotten(at: datetime) -> list[Job]:
    """Waiting jobs whose task cannot be in a queue, because nothing waits there."""
    waiting = list(Job.objects.forgotten_at(at))
    if not waiting:
        return []
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5) as broker:
        empty = {queue for queue in settings.QUEUES if not broker.llen(queue)}
    return [job for job in waiting if job.queue in empty]


def wake_one(job: Job, at: datetime) -> bool:
    """Queue a job again, unless it has moved since it was read."""
    as_read = Job.objects.filter(pk=job.pk, state=job.state, claim=job.claim, beat_at=job.beat_at)
    if not as_read.update(state=Job.State.QUEUED, claim=None, queued_at=at):
        return False
    enqueue(job)
    log.warning("job.woken", job=str(job.pk), was=job.state)
    return True


def enqueue(job: Job) -> None:
    """Send the job's task with its key; the row says everything else."""
    current_app.send_task(job.task, args=[str(job.pk)], queue=job.queue)
