from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from decisioning.deciding import decide
from decisioning.models import Proposition
from decisioning.partitions import drop_months_before, make_month, make_months_ahead, months
from tests.decisioning.making import ask_for, engine_of, make_contact, make_environment, offer

pytestmark = pytest.mark.django_db


def names():
    return {name for name, _ends in months()}


def test_months_are_made_ahead_and_only_once():
    at = datetime(2031, 11, 30, 23, 59, tzinfo=UTC)
    assert make_months_ahead(at) == 4
    assert make_months_ahead(at) == 0
    made = {name for name in names() if name.startswith("decisioning_proposition_203")}
    assert made == {
        "decisioning_proposition_2031_11",
        "decisioning_proposition_2031_12",
        "decisioning_proposition_2032_01",
        "decisioning_proposition_2032_02",
    }


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        ("2031-11-01T00:00:00+00:00", "2031_11"),
        ("2031-11-30T23:59:59.999999+00:00", "2031_11"),
        ("2031-12-01T00:00:00+00:00", "2031_12"),
    ],
)
def test_an_event_stands_in_its_month(moment, month):
    at = datetime.fromisoformat(moment)
    for each in (at, at + timedelta(days=2), at - timedelta(days=2)):
        make_month(each)
    ask = ask_for(make_environment(), engine_of(offer("TOP", 9)), make_contact("C1"), at=at)
    decide(ask)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM decisioning_proposition")
        assert cursor.fetchall() == [(f"decisioning_proposition_{month}",)]


def test_a_month_that_nobody_made_is_made_when_something_happens_in_it():
    at = datetime(2040, 2, 29, 12, tzinfo=UTC)
    ask = ask_for(make_environment(), engine_of(offer("TOP", 9)), make_contact("C1"), at=at)
    assert decide(ask).recorded
    assert Proposition.objects.get().at == at
    assert "decisioning_interaction_2040_02" in names()


def test_what_is_older_goes_by_whole_months():
    shop, ada, engine = make_environment(), make_contact("C1"), engine_of(offer("TOP", 9))
    for month in (4, 5, 6):
        decide(ask_for(shop, engine, ada, at=datetime(2019, month, 20, tzinfo=UTC)))

    gone = drop_months_before(datetime(2019, 6, 1, tzinfo=UTC))

    assert sorted(gone) == [
        "decisioning_interaction_2019_04",
        "decisioning_interaction_2019_05",
        "decisioning_proposition_2019_04",
        "decisioning_proposition_2019_05",
        "decisioning_transition_2019_04",
        "decisioning_transition_2019_05",
    ]
    assert [one.at.month for one in Proposition.objects.all()] == [6]
