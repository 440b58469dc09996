"""What the engine answers the product answers as well: the same tables, over HTTP."""

import pytest

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
