"""Long work goes on, whatever happens to the worker."""

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils.timezone import now

from accounts.models import JournalEntry
from jobs import actions, running, tasks
from jobs.models import MOST_ATTEMPTS, Job
from jobs.running import Step
from tests import databases
from tests.build import make_user

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def make_job(**values):
    start = {
        "titles": {"en": "Import"},
        "task": "jobs.tasks.practise",
        "created_at": NOON,
        "queued_at": NOON,
    }
    return Job.objects.create(**(start | values))


def make_running_job(*, beat_at, **values):
    return make_job(
        state=Job.State.RUNNING, claim=uuid.uuid4(), beat_at=beat_at, started_at=NOON, **values
    )


def count_to(last):
    def work(job):
        for number in range(job.checkpoint.get("next", 1), last + 1):
            yield Step(done=1, checkpoint={"next": number + 1}, total=last)

    return work


@pytest.fixture
def queued(monkeypatch):
    """The jobs whose task has been sent."""
    sent = []
    monkeypatch.setattr("jobs.running.enqueue", lambda job: sent.append(job.pk))
    return sent


@pytest.mark.django_db(transaction=True)
def test_a_job_is_done_step_by_step():
    job = make_job()

    state = running.run(job.pk, count_to(3))

    job.refresh_from_db()
    assert state == "finished"
    assert (job.state, job.done, job.total, job.percent) == ("finished", 3, 3, 100)
    assert job.claim is None
    assert job.ended_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_job_goes_on_from_its_checkpoint():
    job = make_job(done=2, total=3, checkpoint={"next": 3})

    running.run(job.pk, count_to(3))

    job.refresh_from_db()
    assert (job.state, job.done) == ("finished", 3)


@pytest.mark.django_db(transaction=True)
def test_what_the_work_raises_ends_the_job_and_undoes_the_chunk():
    job = make_job()

    def work(job):
        yield Step(done=1, total=2)
        Job.objects.filter(pk=job.pk).update(unit="half done")
        raise ValueError("line 7 is not a line")

    state = running.run(job.pk, work)

    job.refresh_from_db()
    assert state == "failed"
    assert (job.state, job.done, job.unit) == ("failed", 1, "")
    assert job.failure == "ValueError: line 7 is not a line"


@pytest.mark.django_db(transaction=True)
def test_a_lost_database_interrupts_a_job_but_does_not_end_it():
    job = make_job()

    def work(job):
        yield Step(done=1, total=2)
        raise OperationalError("server closed the connection")

    with pytest.raises(OperationalError):
        running.run(job.pk, work)

    job.refresh_from_db()
    assert (job.state, job.done, job.ended_at) == ("running", 1, None)


def crossing(rows, both_hold_one, tries):
    """Work on rows in an order in which somebody else holds the second one."""

    def work(job):
        if not job.done:
            yield Step(done=1, total=2)
        tries.append(job.pk)
        if databases.is_superuser():  # nobody else may have it looked for sooner than in a second
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL deadlock_timeout = '20ms'")
        for number, row in enumerate(rows):
            Job.objects.filter(pk=row.pk).update(unit=Concat("unit", Value("1")))
            if number == 0 and tries.count(job.pk) == 1:
                both_hold_one.wait(timeout=20)
        yield Step(done=1)

    return work


@pytest.mark.django_db(transaction=True)
def test_jobs_that_wait_for_each_other_both_finish():
    rows = [make_job(unit="0"), make_job(unit="0")]
    both_hold_one = threading.Barrier(2)
    tries: list[object] = []
    states: list[str] = []

    def do(rows):
        try:
            states.append(running.run(make_job().pk, crossing(rows, both_hold_one, tries)))
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=[order]) for order in (rows, rows[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert states == ["finished", "finished"]
    assert len(tries) > 2  # one of them at least was given up, and done again
    assert [Job.objects.get(pk=row.pk).unit for row in rows] == ["011", "011"]


@pytest.mark.django_db(transaction=True)
def test_a_job_is_cancelled_between_two_steps():
    job = make_job()

    def work(job):
        yield Step(done=1, total=3)
        actions_cancel_from_elsewhere(job)
        yield Step(done=1, total=3)
        yield Step(done=1, total=3)

    state = running.run(job.pk, work)

    job.refresh_from_db()
    assert state == "cancelled"
    assert (job.state, job.done) == ("cancelled", 2)


def actions_cancel_from_elsewhere(job):
    def cancel():
        try:
            actions.cancel_job(job, by=None, at=NOON)
        finally:
            connection.close()

    thread = threading.Thread(target=cancel)
    thread.start()
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_ten_workers_do_one_job_once():
    job = make_job()
    begun = []

    def work(job):
        begun.append(job.claim)
        yield from count_to(3)(job)

    def attempt():
        try:
            running.run(job.pk, work)
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    job.refresh_from_db()
    assert len(begun) == 1
    assert (job.state, job.done) == ("finished", 3)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_was_replaced_changes_nothing_more():
    job = make_job()

    def work(job):
        yield Step(done=1, total=9)
        Job.objects.filter(pk=job.pk).update(unit="written by the replaced worker")
        replace_claim(job)
        yield Step(done=1, total=9)

    state = running.run(job.pk, work)

    job.refresh_from_db()
    assert state == "claim lost"
    assert (job.state, job.done, job.unit) == ("running", 1, "")


def replace_claim(job):
    """Another worker takes the job, as when this one had been silent too long."""
    Job.objects.filter(pk=job.pk).update(claim=uuid.uuid4())
    job.claim = uuid.uuid4()


def test_a_job_whose_worker_fell_silent_is_queued_again(queued):
    job = make_running_job(beat_at=NOON, done=40, total=100)

    woken = running.wake(NOON + timedelta(seconds=31))

    job.refresh_from_db()
    assert woken == 1
    assert queued == [job.pk]
    assert (job.state, job.done, job.claim) == ("queued", 40, None)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_stands_still_in_a_chunk_is_not_waited_for(queued):
    job, row = make_job(), make_job(unit="0", state=Job.State.FINISHED, ended_at=NOON)
    holds, goes_on = threading.Event(), threading.Event()
    ends: list[str] = []

    def work(job):
        Job.objects.filter(pk=row.pk).update(unit="1")
        holds.set()
        goes_on.wait(timeout=20)
        yield Step(done=1)

    def do():
        try:
            ends.append(running.run(job.pk, work))
        except OperationalError:
            ends.append("interrupted")
        finally:
            connection.close()

    thread = threading.Thread(target=do)
    thread.start()
    assert holds.wait(timeout=20)

    running.wake(now() + timedelta(seconds=40))
    Job.objects.filter(pk=row.pk).update(unit=Concat("unit", Value("2")))  # nobody holds the row

    goes_on.set()
    thread.join()
    row.refresh_from_db()
    assert (ends, queued, row.unit) == (["interrupted"], [job.pk], "02")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^overture '"
            " AND datname = current_database()"
        )
        assert cursor.fetchone() == (0,)


def test_silence_is_measured_by_the_clock_of_the_database(queued, monkeypatch):
    make_running_job(beat_at=running.clock())
    ahead = now() + timedelta(minutes=5)
    monkeypatch.setattr("jobs.tasks.now", lambda: ahead, raising=False)

    assert tasks.wake_jobs() == 0
    assert queued == []


def test_a_job_that_beats_is_left_alone(queued):
    make_running_job(beat_at=NOON)

    assert running.wake(NOON + timedelta(seconds=29)) == 0
    assert queued == []


@pytest.mark.django_db
def test_a_job_that_has_moved_since_it_was_read_is_left_alone(queued):
    """Two who wake jobs at once queue it once; a late beat is still a beat."""
    silent = make_running_job(beat_at=NOON)
    Job.objects.filter(pk=silent.pk).update(beat_at=NOON + timedelta(seconds=31))

    assert not running.wake_one(silent, NOON + timedelta(seconds=32))

    silent.refresh_from_db()
    assert (silent.state, queued) == ("running", [])


def test_a_job_that_loses_its_worker_five_times_at_one_place_fails(queued):
    job = make_running_job(beat_at=NOON, attempts=5)

    running.wake(NOON + timedelta(minutes=1))

    job.refresh_from_db()
    assert queued == []
    assert job.state == "failed"
    assert job.failure == "Its worker was lost five times at the same place."


@pytest.mark.django_db(transaction=True)
def test_a_job_that_gets_on_is_forgiven_the_workers_it_lost():
    job = make_job(attempts=MOST_ATTEMPTS - 1)

    running.run(job.pk, count_to(1))

    job.refresh_from_db()
    assert (job.state, job.attempts) == ("finished", 0)


def test_a_silent_job_that_was_being_stopped_is_cancelled(queued):
    job = make_running_job(beat_at=NOON)
    actions_state = Job.objects.filter(pk=job.pk)
    actions_state.update(state=Job.State.CANCELLING)

    running.wake(NOON + timedelta(minutes=1))

    job.refresh_from_db()
    assert (job.state, queued) == ("cancelled", [])


def test_a_job_lost_with_its_queue_is_queued_again(broker, queued):
    job = make_job(queued_at=NOON)

    assert running.wake(NOON + timedelta(seconds=31)) == 1
    assert queued == [job.pk]


def test_a_job_that_waits_behind_others_is_not_queued_twice(broker, queued):
    make_job(queued_at=NOON)
    broker.lpush("bulk", "another task")

    assert running.wake(NOON + timedelta(seconds=31)) == 0
    assert queued == []


def test_a_job_is_queued_once_its_start_is_committed(django_capture_on_commit_callbacks, queued):
    with django_capture_on_commit_callbacks(execute=True):
        job = actions.start_job(lambda: "Import", task="jobs.tasks.practise", by=None, at=NOON)
        assert queued == []

    assert queued == [job.pk]


def test_a_started_job_reaches_the_broker(broker, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        actions.start_job(lambda: "Import", task="jobs.tasks.practise", by=None, at=NOON)

    assert broker.llen("bulk") == 1


@pytest.mark.django_db(transaction=True)
def test_a_waiting_job_is_cancelled_at_once():
    job, ada = make_job(), make_user("ada@example.org")

    actions.cancel_job(job, by=ada, at=NOON)

    job.refresh_from_db()
    assert (job.state, job.ended_at) == ("cancelled", NOON)
    entry = JournalEntry.objects.get()
    assert (entry.verb, entry.subject_key, entry.by) == ("job.cancelled", str(job.pk), ada)


@pytest.mark.django_db(transaction=True)
def test_a_job_that_has_ended_cannot_be_cancelled():
    job = make_job(state=Job.State.FINISHED, ended_at=NOON)

    with pytest.raises(actions.NotCancellable):
        actions.cancel_job(job, by=None, at=now())

    job.refresh_from_db()
    assert (job.state, job.ended_at) == ("finished", NOON)
    assert not JournalEntry.objects.exists()


def test_rate_and_time_left_come_from_the_heartbeat():
    job = Job(
        state=Job.State.RUNNING,
        started_at=NOON,
        beat_at=NOON + timedelta(seconds=10),
        done=50,
        total=200,
    )

    assert (job.percent, job.rate, job.time_left) == (25, 5.0, timedelta(seconds=30))
    job.state, job.ended_at = Job.State.CANCELLED, NOON + timedelta(days=1)
    assert (job.rate, job.time_left) == (5.0, None)


def test_a_rest_is_no_part_of_the_rate():
    began = now() - timedelta(hours=3)
    values = {"started_at": began, "beat_at": began + timedelta(seconds=10), "done": 50}
    lost = make_job(**values, total=200)
    paused = make_job(**values, total=200, state=Job.State.PAUSED)

    actions.resume_job(paused, by=None, at=now())
    claimed = [running.claim(job.pk) for job in (lost, paused)]

    assert [job.rate for job in claimed] == [pytest.approx(5, abs=0.1)] * 2
    assert running.claim(make_job().pk).rested == timedelta(0)


def test_a_queue_that_is_away_does_not_keep_a_job_from_starting(
    django_capture_on_commit_callbacks, monkeypatch
):
    def away(job):
        raise OperationalError("no broker")

    monkeypatch.setattr(running, "enqueue", away)

    with django_capture_on_commit_callbacks(execute=True):
        job = actions.start_job(lambda: "Import", task="jobs.tasks.practise", by=None, at=NOON)

    assert list(Job.objects.forgotten_at(NOON + timedelta(seconds=31))) == [job]
