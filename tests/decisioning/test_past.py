from datetime import date, timedelta

import pytest

from contacts.actions.attributes import purge_attribute, retire_attribute
from contacts.models import Attribute
from decisioning import past as reading
from decisioning.deciding import decide
from decisioning.engine.values import PresentationRule, Scope, Status, TiePolicy
from decisioning.past import NoSuchEnvironment, read_past
from offers_site.statements import execute
from tests.build import make_attribute
from tests.decisioning.making import (
    AT,
    ask_for,
    cap,
    engine_of,
    make_contact,
    make_environment,
    offer,
)
from tests.engine.bank import BANK, catalogue

pytestmark = pytest.mark.django_db


def rule(**more):
    return PresentationRule(name="r", **{"scope": Scope.OFFER, "max": 99, **more})


def past(engine, shop, contact, at=AT, **more):
    return read_past(engine.release, contact and contact.pk, environment=shop.pk, at=at, **more)


@pytest.fixture
def bank():
    """The attributes that the bank's rules ask for."""
    for name, kind in {
        "age": "int",
        "has_account": "bool",
        "income": "string",
        "home_owner": "bool",
        "propensity_home": "double",
        "frequent_traveller": "bool",
        "partner_opt_in": "bool",
        "nickname": "string",
    }.items():
        make_attribute(name, kind)


def test_of_a_person_only_what_the_rules_ask_for_is_read(bank):
    shop = make_environment()
    bruno = make_contact(
        "C2", age=41, has_account=True, propensity_home=0.8, nickname="Bru", first_name="Bruno"
    )

    before = past(BANK, shop, bruno)

    assert before.person.facts == {"age": 41, "has_account": True, "propensity_home": 0.8}
    assert (before.person.pk, before.person.key, before.person.is_visitor) == (
        bruno.pk,
        "C2",
        False,
    )
    assert (before.release, before.owner, before.ticks) == (1, bruno.pk, 0)


def test_contents_may_want_more(bank):
    shop = make_environment()
    bruno = make_contact("C2", first_name="Bruno", birth_date=date(1985, 2, 3))
    before = past(BANK, shop, bruno, also={"first_name", "birth_date", "unheard_of"})
    assert before.person.facts == {"first_name": "Bruno", "birth_date": date(1985, 2, 3)}


def test_an_attribute_that_is_retired_is_known_and_one_that_is_purged_missing(bank):
    shop, bruno = make_environment(), make_contact("C2", nickname="Bru", age=41)
    assert past(BANK, shop, bruno, also={"nickname"}).person.facts["nickname"] == "Bru"

    nickname = Attribute.objects.get(name="nickname")
    retire_attribute(nickname, by=None, at=AT)
    reading.forget_columns(BANK.release)  # as in a process that has read nothing yet
    assert past(BANK, shop, bruno, also={"nickname"}).person.facts["nickname"] == "Bru"
    purge_attribute(nickname, by=None, at=AT)

    assert past(BANK, shop, bruno, also={"nickname"}).person.facts == {"age": 41}


def test_it_is_one_statement(monkeypatch, django_assert_num_queries):
    shop, ada = make_environment(), make_contact("C1")
    engine = engine_of(offer("TOP", 9, cap(3)), rules=(rule(),))
    past(engine, shop, ada)  # where its columns stand is asked once
    statements = []

    def count(*words):
        statements.append(words)
        return execute(*words)

    monkeypatch.setattr(reading, "read", count)
    with django_assert_num_queries(0):  # nothing else, through Django's own cursor
        past(engine, shop, ada)
    assert len(statements) == 1


def test_history_reaches_as_far_as_the_longest_rule_looks_both_ways():
    shop, ada = make_environment(), make_contact("C1")
    engine = engine_of(
        offer("TOP", 9), rules=(rule(period=timedelta(days=3)), rule(period=timedelta(days=10)))
    )
    for days in (-11, -10, 0, 10, 11):
        decide(ask_for(shop, engine, ada, at=AT + timedelta(days=days)))

    found = past(engine, shop, ada).history

    assert sorted(one.at - AT for one in found) == [
        timedelta(days=-10),
        timedelta(0),
        timedelta(days=10),
    ]
    one = min(found, key=lambda one: one.at)
    assert (one.offer, one.space, one.channel, one.status) == (
        "TOP",
        "webHero",
        "web",
        Status.PRESENTED,
    )
    assert (one.weight, one.rank, one.is_fallback, one.category) == (9.0, 1, False, "")


def test_without_a_period_all_of_it_is_read():
    shop, ada = make_environment(), make_contact("C1")
    engine = engine_of(offer("TOP", 9), rules=(rule(), rule(period=timedelta(days=3))))
    decide(ask_for(shop, engine, ada, at=AT - timedelta(days=900)))
    assert len(past(engine, shop, ada).history) == 1


def test_least_recently_shown_looks_at_all_of_it_too():
    shop, ada = make_environment(), make_contact("C1")
    plain = engine_of(offer("TOP", 9))
    spaces = tuple(
        type(space)(name=space.name, channel=space.channel, tie_policy=TiePolicy.LEAST_SHOWN)
        for space in catalogue().spaces
    )
    engine = engine_of(offer("TOP", 9), spaces=spaces)
    decide(ask_for(shop, plain, ada, at=AT - timedelta(days=400)))
    assert len(past(engine, shop, ada).history) == 1
    assert past(plain, shop, ada).history == ()


def test_the_history_of_another_environment_does_not_count():
    shop, other, ada = make_environment(), make_environment("other"), make_contact("C1")
    engine = engine_of(offer("TOP", 9), rules=(rule(),))
    decide(ask_for(other, engine, ada))
    assert past(engine, shop, ada).history == ()


def test_nobody_has_no_history():
    shop = make_environment()
    engine = engine_of(offer("TOP", 9, cap(3)), rules=(rule(),))
    decide(ask_for(shop, engine, None))
    before = past(engine, shop, None)
    assert (before.person.pk, before.owner, before.history) == (None, None, ())


def test_an_environment_that_is_not_there_is_told():
    with pytest.raises(NoSuchEnvironment):
        read_past(engine_of().release, None, environment=0, at=AT)
