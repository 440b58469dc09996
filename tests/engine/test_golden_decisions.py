"""Who of the bank's customers gets what."""

import pytest

from tests.engine.bank import ask, told
from tests.engine.golden import CALLS, EMAILS, HEROES, PEOPLE, SEASONS


@pytest.mark.parametrize("who", PEOPLE)
def test_the_hero_shows_the_three_best_of_the_whole_catalogue(who):
    assert told(ask(who, "webHero", 3)) == HEROES[who]


@pytest.mark.parametrize("who", PEOPLE)
def test_an_email_about_travel(who):
    assert told(ask(who, "emailBody", 2, categories=("travel",))) == EMAILS[who]


@pytest.mark.parametrize("who", PEOPLE)
def test_a_call_about_cards(who):
    assert told(ask(who, "callCenter", 2, themes=("card",))) == CALLS[who]


@pytest.mark.parametrize(("at", "expected"), SEASONS)
def test_travel_through_the_season(at, expected):
    assert [told(ask(who, "webHero", 2, at, categories=("travel",))) for who in PEOPLE] == expected
