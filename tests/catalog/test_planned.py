"""Offers that go live together at a moment, or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from accounts.actions.granting import Stale
from accounts.models import JournalEntry
from catalog import releasing, running, tasks
from catalog.actions import approvals, planned
from catalog.models import PlannedRelease, Release
from tests.build import NOON, make_user
from tests.catalog.making import (
    CONTENT,
    ELIGIBILITY,
    LATER,
    edit,
    fresh,
    make_offer,
    make_shop,
    now,
    publish,
    states,
)

AFTER = LATER + timedelta(seconds=1)


@pytest.fixture
def shop(db):
    return make_shop()


def plan(shop, *offers, moment=LATER, by=None):
    return planned.plan_release(shop, offers, moment=moment, comment="Summer", by=by, at=NOON)


def approve(*offers, at=NOON):
    return approvals.approve_many(offers, by=None, at=at)


def test_planned_offers_go_live_together_when_the_moment_comes(shop):
    ada = make_user("ada@example.org", role="administrator")
    offers = [make_offer(shop, code) for code in ("A", "B")]
    made = plan(shop, *offers, by=ada)

    assert approve(*offers).release is None
    assert [states(offer) for offer in offers] == [("approved", "approved")] * 2
    assert running.run_due(at=LATER - timedelta(seconds=1)) == []
    (done,) = running.run_due(at=AFTER)

    assert (done.pk, done.state, done.release_number) == (made.pk, "done", 1)
    release = Release.objects.get()
    assert (release.by, release.comment, release.made_at) == (ada, "Summer", AFTER)
    assert {name for kind, name in releasing.live_bodies(shop) if kind == "offer"} == {"A", "B"}
    assert [fresh(offer).planned for offer in offers] == [None, None]
    assert running.run_due(at=AFTER) == []


def test_all_go_or_none(shop, monkeypatch):
    told: list[int] = []
    monkeypatch.setattr(tasks.mail_held_up, "delay", told.append)
    first, second = make_offer(shop, "A"), make_offer(shop, "B")
    plan(shop, first, second)
    approve(first, second)
    edit(second, content={"title": "Changed my mind"})
    monkeypatch.setattr(tasks, "now", lambda: AFTER)

    assert tasks.make_planned_releases() == 1

    assert (Release.objects.count(), states(first)) == (0, ("approved", "approved"))
    failed = fresh(first).planned
    assert failed is not None
    assert failed.state == "failed"
    assert failed.errors == {
        "en": "B (B), Content is not approved.",
        "fr": "B (B), Contenu : pas encore approuvé.",
    }
    assert (failed.error, fresh(first).publishing_error) == (failed.errors["en"], "")
    assert fresh(second).publishing_errors == failed.errors
    assert second.pk in told


def test_a_plan_without_offers_says_so_to_every_reader(shop):
    offer = make_offer(shop)
    plan(shop, offer)
    offer.delete()

    (failed,) = running.run_due(at=AFTER)

    assert failed.errors == {
        "en": "No offer is left in this release.",
        "fr": "Il ne reste aucune offre dans cette mise en ligne.",
    }


def test_what_failed_can_be_planned_again(shop):
    offer = make_offer(shop)
    made = plan(shop, offer)
    running.run_due(at=AFTER)
    made.refresh_from_db()
    approve(offer, at=AFTER)  # a plan that failed keeps nobody waiting
    assert now(shop).release_number == 1

    edit(offer, content={"title": "New"})
    planned.change_planned_release(
        made, [offer], version=made.version, moment=AFTER + timedelta(days=1), by=None, at=AFTER
    )
    approve(offer, at=AFTER)
    assert now(shop).release_number == 1
    assert running.run_due(at=AFTER + timedelta(days=2))[0].release_number == 2


def test_a_cancelled_plan_lets_its_offers_be_published(shop):
    offer = make_offer(shop)
    made = plan(shop, offer)
    approve(offer)

    planned.cancel_planned_release(made, by=None, at=NOON)

    assert running.run_due(at=AFTER) == []
    assert fresh(offer).planned is None
    with pytest.raises(planned.NotPlanned):
        planned.cancel_planned_release(made, by=None, at=NOON)
    approvals.restart(offer, CONTENT, by=None, at=NOON)
    assert approvals.approve(offer, CONTENT, by=None, at=NOON).release == Release.objects.get(
        number=1
    )


def test_plans_are_of_the_future_and_of_something(shop):
    offer = make_offer(shop)
    with pytest.raises(planned.InThePast):
        plan(shop, offer, moment=NOON)
    with pytest.raises(planned.NothingPlanned):
        plan(shop)
    made = plan(shop, offer)
    with pytest.raises(Stale):
        planned.change_planned_release(made, [offer], version=9, moment=LATER, by=None, at=NOON)


def test_plans_are_in_the_journal(shop):
    made = plan(shop, make_offer(shop))
    planned.cancel_planned_release(made, by=None, at=NOON)

    entries = JournalEntry.objects.filter(verb__startswith="planned_release").order_by("pk")
    assert [(entry.verb, entry.comment) for entry in entries] == [
        ("planned_release.created", "Summer"),
        ("planned_release.cancelled", ""),
    ]


def test_an_offer_that_is_live_already_makes_no_release(shop):
    offer = make_offer(shop)
    publish(offer)
    plan(shop, offer)

    (done,) = running.run_due(at=AFTER)

    assert (done.state, done.release_number, now(shop).release_number) == ("done", None, 1)


@pytest.mark.django_db(transaction=True)
def test_many_workers_make_it_once():
    shop = make_shop()
    offers = [make_offer(shop, code) for code in ("A", "B")]
    plan(shop, *offers)
    approve(*offers)

    def work(_number):
        try:
            return len(running.run_due(at=AFTER))
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=6) as workers:
        done = sum(workers.map(work, range(6)))

    assert (done, Release.objects.count()) == (1, 1)


def test_a_second_approval_joins_the_plan(shop):
    offer = make_offer(shop)
    approvals.approve(offer, CONTENT, by=None, at=NOON)
    plan(shop, offer)

    outcome = approvals.approve(offer, ELIGIBILITY, by=None, at=NOON)

    assert (outcome.release, outcome.held_up) == (None, [])
    assert PlannedRelease.objects.get(offers=offer).state == "waiting"


# --- coming in with a yes, leaving with a no ---


def test_a_yes_says_when_it_goes_live(shop):
    first, second = make_offer(shop, "A"), make_offer(shop, "B")
    for offer in (first, second):
        approvals.approve(offer, CONTENT, by=None, at=NOON)

    alone = approvals.approve(first, ELIGIBILITY, when=LATER, by=None, at=NOON)
    plan = PlannedRelease.objects.get()
    together = approvals.approve(second, ELIGIBILITY, when=plan, by=None, at=NOON)

    assert (alone.release, together.release) == (None, None)
    assert plan.at == LATER
    assert sorted(offer.code for offer in plan.offers.all()) == ["A", "B"]
    assert JournalEntry.objects.filter(verb="planned_release.changed").get().after == {
        "offers": ["A", "B"]
    }


def test_at_once_takes_an_offer_out_of_its_plan(shop):
    offer = make_offer(shop)
    approvals.approve(offer, CONTENT, when=LATER, by=None, at=NOON)

    outcome = approvals.approve(offer, ELIGIBILITY, when="now", by=None, at=NOON)

    assert outcome.release is not None
    assert PlannedRelease.objects.get().state == "cancelled"


@pytest.mark.parametrize(
    "no",
    [
        lambda offer: approvals.restart(offer, CONTENT, by=None, at=NOON),
        lambda offer: approvals.reject(offer, ELIGIBILITY, comment="No", by=None, at=NOON),
    ],
)
def test_what_loses_its_yes_leaves_the_plan(shop, no):
    first, second = make_offer(shop, "A"), make_offer(shop, "B")
    for offer in (first, second):
        approvals.approve(offer, CONTENT, by=None, at=NOON)
    plan = planned.plan_release(shop, [first, second], moment=LATER, by=None, at=NOON)

    no(fresh(first))

    assert fresh(first).planned is None
    assert (PlannedRelease.objects.get().state, fresh(second).planned) == ("waiting", plan)
    no(fresh(second))
    assert PlannedRelease.objects.get().state == "cancelled"


def test_nothing_is_approved_or_planned_when_the_plan_is_gone(shop):
    offer, other = make_offer(shop), make_offer(shop, "OTHER")
    plan = planned.plan_release(shop, [other], moment=LATER, by=None, at=NOON)
    planned.cancel_planned_release(plan, by=None, at=NOON)

    with pytest.raises(planned.NotPlanned):
        approvals.approve(offer, CONTENT, when=plan, by=None, at=NOON)
    with pytest.raises(planned.InThePast):
        approvals.approve(offer, CONTENT, when=NOON, by=None, at=NOON)

    assert fresh(offer).content_state == "editing"
    assert PlannedRelease.objects.count() == 1
