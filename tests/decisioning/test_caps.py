from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Sum

from decisioning.caps import period_of
from decisioning.deciding import decide
from decisioning.engine.values import Reason, Slot, Status, Step
from decisioning.models import CapTotal, CapTotalUse, CapUse, Proposition
from decisioning.statuses import Change, change_status
from tests.decisioning.making import (
    AT,
    ask_for,
    cap,
    engine_of,
    make_contact,
    make_environment,
    offer,
)

PARIS = ZoneInfo("Europe/Paris")


def offers_of(decided):
    return [one.offer for one in decided.made]


@pytest.mark.parametrize(
    ("every", "unit", "since", "until"),
    [
        (1, "days", "2026-11-21T00:00", "2026-11-22T00:00"),
        (1, "weeks", "2026-11-16T00:00", "2026-11-23T00:00"),  # a Monday
        (1, "months", "2026-11-01T00:00", "2026-12-01T00:00"),
        (3, "months", "2026-10-01T00:00", "2027-01-01T00:00"),
        (12, "months", "2026-01-01T00:00", "2027-01-01T00:00"),
    ],
)
def test_periods_are_those_of_the_calendar_of_the_zone(every, unit, since, until):
    at = datetime(2026, 11, 21, 23, 30, tzinfo=PARIS)
    found = period_of(cap(1, every=every, unit=unit), at, PARIS)
    expected = [datetime.fromisoformat(each).replace(tzinfo=PARIS) for each in (since, until)]
    assert list(found) == expected


def test_a_day_is_as_long_as_it_is():
    since, until = period_of(
        cap(1, every=1, unit="days"), datetime(2026, 10, 25, 12, tzinfo=UTC), PARIS
    )
    assert until - since == timedelta(hours=25)


@pytest.mark.django_db
def test_a_person_has_an_offer_as_often_as_its_cap_says():
    shop, ada, bruno = make_environment(), make_contact("C1"), make_contact("C2")
    engine = engine_of(offer("TOP", 9, cap(2, per_contact=True)), offer("NEXT", 5))

    got = [offers_of(decide(ask_for(shop, engine, ada))) for _ in range(3)]

    assert got == [["TOP"], ["TOP"], ["NEXT"]]
    assert offers_of(decide(ask_for(shop, engine, bruno))) == ["TOP"]
    uses = CapUse.objects.order_by("contact__key").values_list("cap", "used")
    assert list(uses) == [
        ("TOP/proposition/contact/life/together", 2),
        ("TOP/proposition/contact/life/together", 1),
    ]


@pytest.mark.django_db
def test_nobody_in_particular_has_no_count_of_their_own():
    shop = make_environment()
    own, shared = cap(1, per_contact=True), cap(2)
    engine = engine_of(offer("TOP", 9, own, shared), offer("NEXT", 5))

    made = [decide(ask_for(shop, engine, None)) for _ in range(3)]

    assert [offers_of(one) for one in made] == [["TOP"], ["TOP"], ["NEXT"]]
    assert all(one.recorded for one in made)
    assert not CapUse.objects.exists()
    assert CapTotalUse.objects.aggregate(Sum("used")) == {"used__sum": 2}


@pytest.mark.django_db
def test_everybody_shares_a_total_and_then_gets_the_next_best():
    shop = make_environment()
    engine = engine_of(offer("TOP", 9, cap(3)), offer("NEXT", 5))

    got = [offers_of(decide(ask_for(shop, engine, make_contact(f"C{n}"))))[0] for n in range(5)]

    assert got == ["TOP", "TOP", "TOP", "NEXT", "NEXT"]
    total = CapTotal.objects.get()
    assert (total.cap, total.most, total.is_full) == (
        "TOP/proposition/total/life/together",
        3,
        True,
    )
    assert total.uses.aggregate(Sum("used"), Sum("room")) == {"used__sum": 3, "room__sum": 3}


@pytest.mark.django_db
def test_a_limit_that_is_lowered_or_raised_holds_at_once():
    shop, ada = make_environment(), make_contact("C1")

    def got(limit, times):
        engine = engine_of(offer("TOP", 9, cap(limit)), offer("NEXT", 5))
        return [offers_of(decide(ask_for(shop, engine, ada)))[0] for _ in range(times)]

    assert got(40, 30) == ["TOP"] * 30
    assert got(20, 1) == ["NEXT"]
    assert got(33, 5) == ["TOP", "TOP", "TOP", "NEXT", "NEXT"]
    assert CapTotalUse.objects.aggregate(Sum("used")) == {"used__sum": 33}


@pytest.mark.django_db
def test_a_new_period_begins_with_all_its_room():
    shop, ada = make_environment(), make_contact("C1")
    engine = engine_of(
        offer("TOP", 9, cap(1, per_contact=True, every=1, unit="weeks")),
        offer("NEXT", 5, cap(1, "NEXT", every=1, unit="days")),
    )
    sunday = datetime(2026, 11, 22, 22, 59, 59, tzinfo=UTC)  # 23:59:59 in Paris
    moments = [sunday, sunday, sunday, sunday + timedelta(seconds=1)]

    got = [offers_of(decide(ask_for(shop, engine, ada, at=at))) for at in moments]

    assert got == [["TOP"], ["NEXT"], ["BRAND"], ["TOP"]]  # the fallback offer of the space


@pytest.mark.django_db
def test_spaces_count_together_or_each_for_itself():
    shop, ada = make_environment(), make_contact("C1")
    engine = engine_of(
        offer("TOP", 9, cap(1, per_contact=True, each_space=True)),
        offer("NEXT", 5, cap(1, "NEXT", per_contact=True)),
    )
    spaces = ["webHero", "callCenter", "webHero", "callCenter"]

    got = [offers_of(decide(ask_for(shop, engine, ada, space=space))) for space in spaces]

    assert got == [["TOP"], ["TOP"], ["NEXT"], []]


@pytest.mark.django_db
def test_one_call_takes_as_much_as_it_shows():
    shop, ada = make_environment(), make_contact("C1")
    engine = engine_of(offer("TOP", 9, cap(3)), offer("NEXT", 5))
    slots = (Slot(slot="a", space="webHero"), Slot(slot="b", space="webHero"))
    twice = ask_for(shop, engine, ada, slots=slots, deduplicate=False)

    assert offers_of(decide(twice)) == ["TOP", "TOP"]
    assert offers_of(decide(twice)) == ["TOP", "NEXT"]


@pytest.mark.django_db
def test_a_cap_on_a_status_counts_what_propositions_reach_once_each():
    shop, ada = make_environment(), make_contact("C1")
    engine = engine_of(offer("TOP", 9, cap(1, counts="accepted")), offer("NEXT", 5))
    first = decide(ask_for(shop, engine, ada)).made[0]
    assert offers_of(decide(ask_for(shop, engine, ada))) == ["TOP"]  # nobody accepted it yet

    for status in (Status.ACCEPTED, Status.REJECTED, Status.ACCEPTED):
        change = Change(status=status, at=AT, source="api")
        change_status(UUID(first.name), change, engine_for=lambda _environment, _number: engine)

    assert CapTotalUse.objects.aggregate(Sum("used")) == {"used__sum": 1}
    assert offers_of(decide(ask_for(shop, engine, ada))) == ["NEXT"]


@pytest.mark.django_db
def test_a_person_s_cap_on_a_status_is_filled_by_their_statuses():
    shop, ada = make_environment(), make_contact("C1")
    engine = engine_of(
        offer("TOP", 9, cap(1, counts="rejected", per_contact=True)), offer("NEXT", 5)
    )
    first = decide(ask_for(shop, engine, ada)).made[0]
    change = Change(status=Status.REJECTED, at=AT, source="api")
    change_status(UUID(first.name), change, engine_for=lambda _environment, _number: engine)
    assert offers_of(decide(ask_for(shop, engine, ada))) == ["NEXT"]
    assert offers_of(decide(ask_for(shop, engine, make_contact("C2")))) == ["TOP"]


@pytest.mark.django_db
def test_what_is_not_stored_takes_nothing_and_still_sees_what_is_full():
    shop, ada = make_environment(), make_contact("C1")
    engine = engine_of(offer("TOP", 9, cap(1)), offer("NEXT", 5))
    unstored = ask_for(shop, engine, ada, record=False)

    assert [offers_of(decide(unstored)) for _ in range(2)] == [["TOP"], ["TOP"]]
    assert not CapTotal.objects.exists()
    decide(ask_for(shop, engine, ada))
    assert offers_of(decide(unstored)) == ["NEXT"]
    assert Proposition.objects.count() == 1


@pytest.mark.django_db
def test_an_explanation_says_how_much_of_a_cap_is_used():
    shop, ada = make_environment(), make_contact("C1")
    engine = engine_of(offer("TOP", 9, cap(2)))
    decide(ask_for(shop, engine, ada))
    decide(ask_for(shop, engine, ada))

    (answer,) = decide(ask_for(shop, engine, ada, explain=True)).answers

    (told,) = answer.explained
    assert (told.step, told.subject) == (Step.CAP, "TOP/proposition/total/life/together")
    assert (told.count, told.limit) == (2, 2)
    assert answer.reason == Reason.ALL_CAPPED
