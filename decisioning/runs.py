"""Deciding for everybody of an audience, by any number of workers at once.

A run is divided into parts. Whoever locks a part decides for its people and commits their
decisions together with the part, so nobody is decided for twice or left out, whoever dies when. One
worker has the job and tells how far all of them are; those who help come and go.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import structlog
from celery import current_app
from django.db import OperationalError, connection, transaction
from django.db.models import Sum
from django.utils.translation import gettext_noop

from catalog.models import Environment
from catalog.wordbook import topics_of
from contacts.audiences import matching
from contacts.models import ContactQuerySet
from contacts.vocabulary import words
from decisioning import populations
from decisioning.counting import Counts
from decisioning.inputs import slot_from
from decisioning.live import live_for
from decisioning.models import Part, Run
from decisioning.populations import NoSuchSpace, Population
from jobs.models import Job
from jobs.running import GAVE_WAY, Failed, Step, helping
from rules.checking import Checked, check_rule
from rules.parsing import parse
from rules.refusals import BadRule
from rules.vocabulary import Vocabulary

log = structlog.get_logger("overture.decisioning")
Clock = Callable[[], datetime]
PAUSE = 0.2  # seconds until somebody looks again whether the others are done
TURN = 20.0  # seconds after which somebody who helps lets other work go first
NOT_LIVE = gettext_noop("The space is not live any more.")
NO_RULE = gettext_noop("The rule of the audience means nothing any more.")
PARTS = """
INSERT INTO decisioning_part (run_id, people)
SELECT %s, array_agg(id ORDER BY id) FROM (
    SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS number FROM ({people}) AS people(id)
) AS numbered GROUP BY number ORDER BY number
"""


class Stopped(Exception):
    """The run has ended, or is to stop."""


# --- who is meant ---


def audience_words(environment: Environment) -> Vocabulary:
    """What a rule may name that describes people: nothing that is known only while deciding."""
    known = words(topics=topics_of(environment))
    names = {
        name: kind
        for name, kind in known.names.items()
        if name == "now" or name.startswith("contact.")
    }
    return Vocabulary(names, known.filters, known.choices, known.lists)


def check_audience(rule: str, environment: Environment) -> Checked:
    """Raises BadRule."""
    return check_rule(parse(rule), audience_words(environment))


def members(rule: str, environment: Environment, *, at: datetime) -> ContactQuerySet:
    """Everybody whom a rule describes at a moment; raises BadRule."""
    return matching(check_audience(rule, environment), at=at, zone=environment.timezone)


# --- the worker who has the job ---


def work(job: Job, *, clock: Clock) -> Generator[Step, None, None]:
    """The steps of a run; see `jobs.running.run`."""
    run = Run.objects.select_related("environment").get(job=job)
    if job.total is None:
        yield Step(done=0, total=divide(run))
    call_helpers(run)
    population = population_of(run)
    while True:
        worked = decide_part(run, population, clock)
        is_over = not worked and not run.parts.filter(done_at=None).exists()
        if not worked and not is_over:
            time.sleep(PAUSE)  # the others have what is left
        yield Step(done=done(run) - job.done)
        if is_over:
            return


def divide(run: Run) -> int:
    """Give every part its people, as they are now; how many they are."""
    try:
        people = members(run.audience, run.environment, at=run.created_at)
    except BadRule as refusal:
        raise Failed(NO_RULE) from refusal
    statement, values = people.order_by().values_list("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(PARTS.format(people=statement), [run.pk, run.size, *values])
        cursor.execute(
            "SELECT coalesce(sum(cardinality(people)), 0) FROM decisioning_part WHERE run_id = %s",
            [run.pk],
        )
        return int(cursor.fetchone()[0])


def done(run: Run) -> int:
    """How many have been decided for, by everybody."""
    return run.parts.aggregate(all=Sum("done"))["all"] or 0


def population_of(run: Run) -> Population:
    live = live_for(run.environment_id, run.environment.release_number)
    return Population(
        environment=run.environment_id,
        slots=tuple(slot_from(slot, live.call_kinds) for slot in run.slots),
        run=run.pk,
    )


# --- those who help ---


def call_helpers(run: Run) -> None:
    """Who is called twice, or never comes, does no harm."""
    for _number in range(run.helpers):
        call_helper(run)


def call_helper(run: Run) -> None:
    try:
        current_app.send_task(
            "decisioning.tasks.help_with_run", args=[run.pk], queue=run.job.queue, retry=False
        )
    except current_app.connection().connection_errors:  # one does without
        log.warning("run.helper_not_called", run=run.pk)


@contextmanager
def another_hand(job_pk: UUID, *, clock: Clock) -> Iterator[None]:
    """Work on a run with a second thread meanwhile.

    While one of the two waits for the database the other one decides.
    """
    over = threading.Event()

    def work_along() -> None:
        try:
            run = Run.objects.select_related("job", "environment").filter(job=job_pk).first()
            if run is not None:
                help_with(run, clock=clock, is_over=over.is_set)
        except Exception:  # the first hand does what this one leaves, and tells of it
            log.exception("run.hand_lost")
        finally:
            connection.close()

    thread = threading.Thread(target=work_along, name=f"another hand on {job_pk}")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def turn() -> Callable[[], bool]:
    """Whether one's time is over."""
    until = time.monotonic() + TURN
    return lambda: time.monotonic() >= until


def help_with(run: Run, *, clock: Clock, is_over: Callable[[], bool] = lambda: False) -> bool:
    """Decide for one part after the other; False when it was over and there may be more."""
    population = population_of(run)
    try:
        while not is_divided(run) and not is_over():
            time.sleep(PAUSE)
        with helping(run.job_id):
            while not is_over():
                if not help_once(run, population, clock):
                    return True
    except (Stopped, Failed):  # which ends the job of the one who has it
        return True
    return False


def is_divided(run: Run) -> bool:
    """Raises Stopped."""
    with transaction.atomic():
        check_goes_on(run)
    return Job.objects.filter(pk=run.job_id, total__isnull=False).exists()


def help_once(run: Run, population: Population, clock: Clock) -> bool:
    """Decide for one part; False where there is none. Raises Stopped and Failed."""
    try:
        with transaction.atomic():
            worked = decide_part(run, population, clock)
            check_goes_on(run)
    except OperationalError as error:
        if not isinstance(error.__cause__, GAVE_WAY):
            raise
        return True
    return worked


def check_goes_on(run: Run) -> None:
    """Raises Stopped; once a job has ended nothing of it is committed any more."""
    held = Job.objects.filter(pk=run.job_id, state__in=[Job.State.QUEUED, Job.State.RUNNING])
    if not held.select_for_update(of=("self",), no_key=True).exists():
        raise Stopped


# --- one part ---


@contextmanager
def unswept() -> Iterator[None]:
    """Nothing of a part is garbage before its end; to look for it takes a tenth of the time."""
    sweeps = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if sweeps:
            gc.enable()


@unswept()
def decide_part(run: Run, population: Population, clock: Clock) -> bool:
    """Decide for the people of a part that nobody has; False where there is none."""
    part = run.parts.filter(done_at=None).order_by("pk").select_for_update(skip_locked=True).first()
    if part is None:
        return False
    at = clock()
    try:
        found = populations.record(population, part.people, at=run.at or at, hold=part.again)
    except NoSuchSpace as refusal:
        raise Failed(NOT_LIVE) from refusal
    counts = Counts(gone=found.gone, again=len(found.moved))
    for one in found.chosen:
        counts.add(one)
    if found.moved:
        Part.objects.create(run=run, people=list(found.moved), again=True)
    Part.objects.filter(pk=part.pk).update(
        people=[], done_at=at, done=len(part.people) - len(found.moved), counts=counts.kept()
    )
    return True


def counts_of(run: Run) -> Counts:
    """What everybody got so far."""
    whole = Counts()
    for kept in run.parts.exclude(done_at=None).values_list("counts", flat=True).iterator():
        whole.add_all(Counts.of(kept))
    return whole
