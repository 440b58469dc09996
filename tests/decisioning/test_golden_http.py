"""What the engine answers the product answers as well: the same tables, over HTTP."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.core.management import call_command

from contacts.facts import read_person
from contacts.models import Contact
from decisioning.current import environment_named
from decisioning.engine.values import Question, Slot
from tests.decisioning.http import forget, open_bank, told
from tests.engine.golden import CALLS, EMAILS, HEROES, PEOPLE, SEASONS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank_of_the_module")]


@pytest.fixture
def bank():
    yield open_bank()
    forget()


def test_the_hero_shows_the_three_best_of_the_whole_catalogue(bank):
    assert {who: told(bank.ask(who, "webHero", 3)) for who in PEOPLE} == HEROES


def test_an_email_about_travel(bank):
    asked = {who: bank.ask(who, "emailBody", 2, categories=["travel"]) for who in PEOPLE}

    assert {who: told(slot) for who, slot in asked.items()} == EMAILS


def test_a_call_about_cards(bank):
    asked = {who: bank.ask(who, "callCenter", 2, themes=["card"]) for who in PEOPLE}

    assert {who: told(slot) for who, slot in asked.items()} == CALLS


@pytest.mark.parametrize(("at", "expected"), SEASONS)
def test_travel_through_the_season(bank, at, expected):
    asked = [bank.ask(who, "webHero", 2, at, categories=["travel"]) for who in PEOPLE]

    assert [told(slot) for slot in asked] == expected


def test_everybody_at_once_gives_the_table_of_the_simulation(bank, capsys):
    words = ("--audience", "true", "--space", "webHero", "--count", "3", "--seed", "t1")
    call_command("decide", *words, "--at", "2026-06-15T10:00", "--json")

    *people, whole = map(json.loads, capsys.readouterr().out.splitlines())

    assert {one["contact"]: told(one) for one in people} == HEROES
    assert (whole["people"], whole["propositions"], whole["without_offer"]) == (6, 18, 0)
    assert {one["offer"]: (one["total"], *one["ranks"]) for one in whole["offers"]} == {
        "SAHARA": (3, 1, 1, 1),
        "NYC": (3, 0, 2, 1),
        "PLAT": (2, 2),
        "ACC50": (2, 1, 1),
        "SAVE": (2, 1, 0, 1),
        "SNOW": (2, 1, 0, 1),
        "HOMEINS": (1, 0, 1),
        "PRESS": (1, 0, 1),
        "APP": (1, 0, 0, 1),
        "ROCKIES": (1, 0, 0, 1),
    }


@pytest.mark.parametrize("for_many", [False, True])
def test_ac25_what_was_published_spreads_ties_evenly(bank, for_many):
    live = environment_named("contacts")
    engine = live.engine_for_many if for_many else live.engine
    contact = read_person(Contact.objects.get(key="C5").pk, live.columns)
    slots = (Slot(slot="call", space="callCenter", count=1, categories=("travel",)),)
    asked = Question(
        at=datetime(2026, 6, 15, 8, tzinfo=UTC),
        target="C5",
        seed="",
        slots=slots,
        contact=contact,
        identification="explicit",
    )

    first = Counter(
        engine.decide(replace(asked, seed=str(seed))).answers[0].propositions[0].offer
        for seed in range(10_000)
    )

    assert first == {"NYC": 5_041, "SAHARA": 4_959}
