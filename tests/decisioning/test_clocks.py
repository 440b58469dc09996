"""Two at once: the second decides again from what the first one wrote."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from catalog.models import Environment
from contacts.actions.contacts import erase_contact, link_visitor
from decisioning import deciding
from decisioning.asks import Shown
from decisioning.deciding import decide
from decisioning.engine.values import PresentationRule, Scope
from decisioning.models import Clock, Interaction, Proposition, VisitorLink
from decisioning.recording import Moved, TooBusy, record
from offers_site.identifiers import uuid7_at
from tests.decisioning.crowds import open_shop
from tests.decisioning.http import Bank, forget
from tests.decisioning.making import (
    AT,
    ask_for,
    cap,
    engine_of,
    make_contact,
    make_environment,
    offer,
)

ONCE = PresentationRule(name="once", scope=Scope.OFFER)
LATER = AT + timedelta(minutes=1)


@pytest.fixture
def engine():
    return engine_of(offer("TOP", 9), offer("NEXT", 5), offer("LAST", 1), rules=(ONCE,))


def interrupted(ask, what):
    """The ask, with something that happens between its reading and its writing, once."""
    waiting = [what]

    def show(draft):
        if waiting:
            waiting.pop()()
        return Shown()

    return replace(ask, show=show)


def offers_of(decided):
    return [one.offer for one in decided.made]


@pytest.mark.django_db
def test_a_decision_that_was_overtaken_is_taken_again(engine):
    ask = ask_for(make_environment(), engine, make_contact("C1"))

    assert offers_of(decide(interrupted(ask, lambda: decide(ask)))) == ["NEXT"]

    rows = Proposition.objects.order_by("offer").values_list("offer", flat=True)
    assert list(rows) == ["NEXT", "TOP"]
    assert Interaction.objects.count() == 2
    assert Clock.objects.get().ticks == 2


@pytest.mark.django_db
def test_what_was_overtaken_leaves_nothing():
    shop, ada = make_environment(), make_contact("C1")
    capped = engine_of(offer("TOP", 9, cap(5)), rules=(ONCE,))
    told = {
        "interaction": str(uuid7_at(AT)),
        "environment": shop.pk,
        "contact": ada.pk,
        "person": ada.pk,
        "ticks": 7,
        "at": AT.isoformat(),
        "release": 1,
        "seed": "t1",
        "identification": "explicit",
        "deduplicate": True,
        "slots": [],
        "propositions": [],
    }
    decide(ask_for(shop, capped, ada))
    with pytest.raises(Moved):
        record(told, {}, at=AT)
    with pytest.raises(Moved):
        record({**told, "ticks": 1, "release": 2}, {}, at=AT)  # found out after everything else
    assert Clock.objects.get().ticks == 1
    assert Interaction.objects.count() == 1


@pytest.mark.django_db
def test_who_keeps_losing_waits_for_their_turn(engine):
    ask = ask_for(make_environment(), engine, make_contact("C1"))
    others = [lambda: decide(replace(ask, at=LATER))] * 2

    def show(draft):
        if others:
            others.pop()()
        return Shown()

    assert offers_of(decide(replace(ask, show=show))) == ["LAST"]


@pytest.mark.django_db
def test_a_new_release_is_decided_from_even_if_it_came_in_between(engine):
    shop = make_environment()
    other = engine_of(offer("FRESH", 2), number=2)
    engines = {1: engine, 2: other}
    ask = replace(
        ask_for(shop, engine, make_contact("C1")),
        engine_for=lambda _environment, number: engines[number],
    )

    def publish():
        Environment.objects.filter(pk=shop.pk).update(release_number=2)

    decided = decide(interrupted(ask, publish))

    assert (offers_of(decided), decided.release) == (["FRESH"], 2)
    assert Interaction.objects.get().release == 2


@pytest.mark.django_db
def test_nothing_is_stored_without_end_for_somebody_whose_history_never_rests(engine, monkeypatch):
    monkeypatch.setattr(deciding, "MOST_ATTEMPTS", 3)
    ask = ask_for(make_environment(), engine, make_contact("C1"))

    def show(draft):
        decide(ask)
        return Shown()

    with pytest.raises(TooBusy):
        decide(replace(ask, show=show))


@pytest.mark.django_db(transaction=True)
def test_forty_calls_at_once_give_each_offer_once(engine):
    ask = ask_for(make_environment(), engine, make_contact("C1"))

    def call(_number):
        try:
            return offers_of(decide(ask))[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as threads:
        got = sorted(threads.map(call, range(40)))

    assert got == ["BRAND"] * 37 + ["LAST", "NEXT", "TOP"]
    assert Clock.objects.get().ticks == 3


@pytest.mark.django_db(transaction=True)
def test_calls_of_one_name_at_once_are_one_decision():
    open_shop()
    caller = Bank("decide", "propositions")
    body = {"environment": "contacts", "slots": [{"space": "hero"}], "target": {"key": "C01"}}

    def call(_number):
        try:
            return caller.post("decisions", body, **{"Idempotency-Key": "page"}).content
        finally:
            connection.close()

    try:
        with ThreadPoolExecutor(max_workers=8) as threads:
            got = set(threads.map(call, range(24)))
    finally:
        forget()

    assert (len(got), Interaction.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_a_visitor_s_history_counts_for_the_contact_they_turn_out_to_be(engine):
    shop, website = make_environment(), make_environment("website", people="visitors")
    visitor, ada = make_contact("V1", kind="visitor"), make_contact("C1")
    assert offers_of(decide(ask_for(website, engine, visitor))) == ["TOP"]
    assert offers_of(decide(ask_for(shop, engine, ada, record=False))) == ["TOP"]

    link_visitor(visitor, ada, by=None, at=AT)
    assert offers_of(decide(ask_for(shop, engine, ada))) == ["NEXT"]
    # what the browser sees signed out counts as well, and the clock is one
    visitor.refresh_from_db()
    decide(interrupted(ask_for(website, engine, visitor), lambda: None))
    assert offers_of(decide(ask_for(shop, engine, ada))) == ["LAST"]
    assert Clock.objects.get(contact=ada).ticks == 4


@pytest.mark.django_db
def test_on_a_shared_browser_each_keeps_their_own_past(engine):
    shop, website = make_environment(), make_environment("website", people="visitors")
    visitor, ada, bruno = (
        make_contact("V1", kind="visitor"),
        make_contact("C1"),
        make_contact("C2"),
    )
    decide(ask_for(website, engine, visitor, at=AT - timedelta(days=1)))
    link_visitor(visitor, ada, by=None, at=AT)
    link_visitor(visitor, bruno, by=None, at=AT)

    assert offers_of(decide(ask_for(shop, engine, ada))) == ["NEXT"]
    assert offers_of(decide(ask_for(shop, engine, bruno))) == ["TOP"]


@pytest.mark.django_db
def test_a_link_that_was_wrong_is_as_if_it_had_never_been(engine):
    shop, website = make_environment(), make_environment("website", people="visitors")
    visitor, ada = make_contact("V1", kind="visitor"), make_contact("C1")
    decide(ask_for(website, engine, visitor))
    link_visitor(visitor, ada, by=None, at=AT)
    link_visitor(visitor, None, by=None, at=AT)

    assert not VisitorLink.objects.exists()
    assert offers_of(decide(ask_for(shop, engine, ada))) == ["TOP"]


@pytest.mark.django_db
def test_of_somebody_who_is_erased_only_numbers_stay(engine):
    shop, ada = make_environment(), make_contact("C1")
    decide(ask_for(shop, engine, ada))

    erase_contact(ada, by=None, at=LATER)

    kept, row = Interaction.objects.get(), Proposition.objects.get()
    assert (kept.contact_id, kept.inputs, kept.slots) == (None, None, [])
    assert (row.contact_id, row.offer, row.destination_url, row.data) == (None, "TOP", "", {})
    assert not Clock.objects.exists()


@pytest.mark.django_db
def test_somebody_who_goes_while_it_is_decided_is_nobody(engine):
    shop, ada = make_environment(), make_contact("C1")
    ask = interrupted(ask_for(shop, engine, ada), lambda: erase_contact(ada, by=None, at=LATER))

    decided = decide(ask)

    assert offers_of(decided) == ["TOP"]
    assert decided.person.pk is None
    assert Interaction.objects.get().contact_id is None
