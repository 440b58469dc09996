"""Runs: everybody once, whoever works on them, stops them or dies."""

import re
import threading
import time
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from accounts.journal import sentence
from accounts.models import JournalEntry
from catalog.models import Environment, Offer
from decisioning import runs
from decisioning.actions.runs import start_run
from decisioning.models import CapTotalUse, Clock, Interaction, Part, Proposition
from decisioning.populations import NoSuchSpace, ask_everybody, record
from decisioning.storing import store
from jobs import running
from jobs.actions import cancel_job
from jobs.models import Job
from rules.refusals import BadRule
from tests.build import NOON, make_user
from tests.catalog.making import edit, fresh, publish
from tests.decisioning.crowds import alone, elsewhere, got, meanwhile, open_shop
from tests.decisioning.http import forget

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop():
    yield open_shop()
    forget()


def start(audience="true", **more):
    more = {"size": 3, "helpers": 0, "by": None, **more}
    return start_run(ask_everybody("hero", count=11), audience, at=NOON, **more)


def lead(run):
    return running.run(run.job_id, partial(runs.work, clock=lambda: NOON))


def test_when_others_were_quicker_all_are_decided_for_again(shop, monkeypatch):
    others, shop = shop[:4], shop[4:]
    meanwhile(monkeypatch, lambda: elsewhere(lambda: [alone(pk, count=11) for pk in others]))

    found = record(ask_everybody("hero", count=11), shop, at=NOON)

    assert sum("SHARED" in offers for offers in got(found.chosen).values()) == 1
    assert sum(CapTotalUse.objects.values_list("used", flat=True)) == 5
    assert Interaction.objects.count() == len(shop) + 4
    assert set(Clock.objects.values_list("ticks", flat=True)) == {1}


def test_who_began_stands_in_the_journal(shop):
    ann = make_user("ann@example.org")

    start(audience="contact.key == 'C-1'", by=ann)

    entry = JournalEntry.objects.get(verb="run.started")
    assert (entry.by, entry.after) == (ann, {"audience": "contact.key == 'C-1'"})
    assert sentence(entry) == "began to decide for everybody of an audience in hero"


def test_a_release_that_came_meanwhile_decides(shop, monkeypatch):
    publish(edit(fresh(Offer.objects.get(code="NAMED")), filter="false"))
    places = Environment.objects.all()
    places.update(release_number=1)
    meanwhile(monkeypatch, lambda: elsewhere(lambda: places.update(release_number=2)))

    found = record(ask_everybody("hero"), shop, at=NOON)

    assert {one.release for one in found.chosen} == {2}
    assert all("NAMED" not in offers for offers in got(found.chosen).values())
    assert set(Interaction.objects.values_list("release", flat=True)) == {2}


# --- shared ---


def decided_for(run):
    """How often each contact was decided for in a run."""
    return Counter(Interaction.objects.filter(run=run).values_list("contact__key", flat=True))


def test_one_worker_decides_for_everybody_whom_the_rule_describes(shop):
    run = start("filter('rich')")

    assert lead(run) == "finished"

    assert decided_for(run) == {f"C{number:02}": 1 for number in range(6, 12)}
    job = Job.objects.get(pk=run.job_id)
    assert (job.done, job.total, job.unit) == (6, 6, "contacts")
    counts = runs.counts_of(run)
    assert (counts.people, counts.propositions) == (6, Proposition.objects.count())
    assert counts.offers["SHARED"].total() == 5
    assert set(Part.objects.values_list("people", flat=True).distinct()[0]) == set()


def test_any_number_of_workers_share_a_run_and_its_limits_with_everybody_else(shop):
    run = start()
    web: list[int] = []

    def call():
        web.extend(alone(pk, count=11) for pk in shop for _time in range(2))

    jobs = [partial(runs.help_with, run, clock=lambda: NOON) for _number in range(3)]
    working = [threading.Thread(target=partial(elsewhere, work)) for work in [call, *jobs]]
    for thread in working:
        thread.start()
    assert lead(run) == "finished"
    for thread in working:
        thread.join()

    assert decided_for(run) == {f"C{number:02}": 1 for number in range(12)}
    assert Proposition.objects.filter(offer="SHARED").count() == 5
    assert sum(CapTotalUse.objects.values_list("used", flat=True)) == 5
    each = Counter(Proposition.objects.values_list("contact", "offer"))
    assert max(each.values()) == 2  # as the presentation rule says
    assert max(n for (_pk, code), n in each.items() if code == "ONCE") == 1
    # the third of their decisions had nothing left to offer, and so moved nothing
    assert set(Clock.objects.values_list("ticks", flat=True)) == {2}


def at_both_hands(monkeypatch, run, work):
    """Lead a run with another hand; both wait for each other before the first of their parts."""
    decide_part, meeting = runs.decide_part, threading.Barrier(2, timeout=30)
    hands = set()

    def met(*given):
        if threading.get_ident() not in hands:
            hands.add(threading.get_ident())
            meeting.wait()
        return work(partial(decide_part, *given))

    monkeypatch.setattr(runs, "decide_part", met)
    with runs.another_hand(run.job_id, clock=lambda: NOON):
        state = lead(run)
    assert len(hands) == 2
    assert not [one for one in threading.enumerate() if one.name.startswith("another hand")]
    return state


def test_one_worker_has_two_hands(shop, monkeypatch):
    run = start()

    assert at_both_hands(monkeypatch, run, lambda decide: decide()) == "finished"

    assert decided_for(run) == {f"C{number:02}": 1 for number in range(12)}
    assert Job.objects.get(pk=run.job_id).done == 12
    assert Proposition.objects.filter(offer="SHARED").count() == 5


def test_what_one_hand_drops_the_other_one_does(shop, monkeypatch):
    run = start()

    def drop(decide):
        found = decide()
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("with a part decided for and not committed")
        return found

    assert at_both_hands(monkeypatch, run, drop) == "finished"

    assert decided_for(run) == {f"C{number:02}": 1 for number in range(12)}


@pytest.mark.parametrize("in_a_statement", [False, True])
def test_nobody_waits_for_a_hand_that_stands_still(shop, monkeypatch, in_a_statement):
    run = start()
    monkeypatch.setattr(running, "BEAT", 0.05)
    monkeypatch.setattr(running, "STILL", timedelta(milliseconds=100))
    names, states = [], ["running"]

    def look():
        states.append(Job.objects.get(pk=run.job_id).state)

    def stand_still(decide):
        found = decide()
        if threading.current_thread() is not threading.main_thread():
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_setting('application_name')")
                names.extend(cursor.fetchone())
                if in_a_statement:
                    cursor.execute("CREATE TEMPORARY TABLE rows_to_come (number int)")
                    cursor.connection.pgconn.exec_(b"COPY rows_to_come FROM STDIN")
            until = time.monotonic() + 10
            while states[-1] == "running" and time.monotonic() < until:
                time.sleep(0.05)
                elsewhere(look)
        return found

    assert at_both_hands(monkeypatch, run, stand_still) == "finished"

    assert states[-1] == "finished"
    (name,) = names  # it lost its part, and took no other
    assert re.fullmatch("overture [0-9a-f-]{36} helps", name)  # by which it is ended with its job
    assert decided_for(run) == {f"C{number:02}": 1 for number in range(12)}


def test_both_hands_stop_where_somebody_stops_the_run(shop, monkeypatch):
    run = start()

    def stop(decide):
        if threading.current_thread() is threading.main_thread():
            elsewhere(lambda: cancel_job(run.job, by=None, at=NOON))
        return decide()

    assert at_both_hands(monkeypatch, run, stop) == "cancelled"

    assert Interaction.objects.count() == runs.counts_of(run).people < 12


# --- interrupted ---


def test_what_a_killed_worker_was_at_is_done_again_by_others(shop, monkeypatch):
    run = start()
    times = iter(range(3))

    def dies(drawn, rows, **more):
        found = store(drawn, rows, **more)
        if next(times, None) == 2:
            raise SystemExit  # with a part decided for and not committed
        return found

    monkeypatch.setattr("decisioning.populations.store", dies)
    with pytest.raises(SystemExit):
        lead(run)
    assert Interaction.objects.count() == 6
    assert runs.help_with(run, clock=lambda: NOON, is_over=lambda: True) is False
    Job.objects.filter(pk=run.job_id).update(state="queued", claim=None)  # as the reaper does

    assert lead(run) == "finished"

    assert decided_for(run) == {f"C{number:02}": 1 for number in range(12)}
    assert Job.objects.get(pk=run.job_id).done == 12


def test_a_run_that_is_stopped_keeps_what_it_has_done(shop):
    run = start()

    def stopping(job):
        for number, step in enumerate(runs.work(job, clock=lambda: NOON)):
            yield step
            if number == 2:
                elsewhere(lambda: cancel_job(job, by=None, at=NOON))

    assert running.run(run.job_id, stopping) == "cancelled"

    stored = Interaction.objects.count()
    assert stored == Job.objects.get(pk=run.job_id).done == runs.counts_of(run).people
    assert 0 < stored < 12
    assert runs.help_with(run, clock=lambda: NOON)  # whoever helped stops as well
    assert Interaction.objects.count() == stored


def test_people_who_moved_are_decided_for_again_in_the_same_run(shop, monkeypatch):
    run = start()
    meanwhile(monkeypatch, lambda: elsewhere(lambda: alone(shop[1], count=11)))

    assert lead(run) == "finished"

    assert decided_for(run) == {f"C{number:02}": 1 for number in range(12)}
    assert runs.counts_of(run).again == 1
    had = Counter(Proposition.objects.filter(contact=shop[1]).values_list("offer", flat=True))
    assert had["ONCE"] == 1


def test_a_space_that_is_gone_ends_the_run_in_words(shop, monkeypatch):
    run = start()
    monkeypatch.setattr("decisioning.populations.place_of", lambda *_words: gone())

    def gone():
        raise NoSuchSpace

    assert lead(run) == "failed"
    assert Job.objects.get(pk=run.job_id).failure == "The space is not live any more."


def test_a_rule_that_is_none_starts_nothing(shop):
    with pytest.raises(BadRule):
        start("contact.nothing > 1")
    with pytest.raises(BadRule):
        start("offer.code == 'GOLD'")  # who is meant does not hang on offers

    assert not Job.objects.exists()
