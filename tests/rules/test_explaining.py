"""Why a rule does not hold for somebody, and the least that would have to change."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.fuzzing import ATTRIBUTES, LISTS, Fuzzer
from rules.checking import check_rule
from rules.explaining import explain
from rules.kinds import BOOL, INT, STRING
from rules.parsing import parse
from rules.vocabulary import vocabulary
from rules.wording import Labels, outcome
from tests.often import often

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
WORDS = vocabulary(
    contact={"age": INT, "points": INT, "country": STRING, "partner": BOOL, "city": STRING},
    lists={"vip": 7, "press": 8},
)
ALICE = {"age": 31, "country": "DE", "points": 10, "lists": (8,)}


def explained(text, person=ALICE):
    rule = check_rule(parse(text), WORDS)
    return explain(rule, {"contact": person}, NOW, ZoneInfo("UTC"))


def changes(text):
    return [(change.condition.text, change.must_hold) for change in explained(text).changes]


def test_a_rule_that_holds_needs_no_change():
    explanation = explained("contact.age > 30")

    assert explanation.holds is True
    assert explanation.changes == ()


def test_the_condition_that_fails_is_shown_with_what_the_person_has():
    explanation = explained('contact.age > 30 && contact.country in ["FR", "BE"]')

    (change,) = explanation.changes
    assert explanation.holds is False
    assert change.condition.text == 'contact.country in ["FR", "BE"]'
    assert change.condition.values == {"contact.country": "DE"}
    assert [condition.holds for condition in explanation.conditions] == [True, False]


def test_a_list_that_somebody_is_not_on_is_said_by_its_label():
    (change,) = explained('filter("vip") && filter("press")').changes
    labels = Labels(audiences={"vip": "VIP"}, lists=frozenset({"vip"}))
    said = {
        language: outcome(
            change.condition.node, holds=change.condition.holds, language=language, labels=labels
        )
        for language in ("en", "fr")
    }

    assert said == {"en": "is not in the list VIP", "fr": "ne figure pas dans la liste VIP"}


def test_a_missing_value_is_shown_as_missing():
    (change,) = explained("contact.partner").changes

    assert change.condition.values == {"contact.partner": None}


@pytest.mark.parametrize(
    ("text", "least"),
    [
        (
            "contact.age < 26 && contact.partner",
            [("contact.age < 26", True), ("contact.partner", True)],
        ),
        (
            "contact.age < 26 && contact.partner || contact.points > 99",
            [("contact.points > 99", True)],
        ),
        ("!(contact.age > 30)", [("contact.age > 30", False)]),
        ("!(contact.age > 30 && contact.points > 5)", [("contact.age > 30", False)]),
        (
            "!(contact.age > 30 || contact.points > 5)",
            [("contact.age > 30", False), ("contact.points > 5", False)],
        ),
        (
            "contact.partner ? contact.age < 26 : contact.points > 50",
            [("contact.points > 50", True)],
        ),
        ("contact.partner && !contact.partner", []),
        ("false || contact.partner", [("contact.partner", True)]),
        ("contact.age < 26 && contact.age < 26", [("contact.age < 26", True)]),
        ('filter("vip") && filter("press")', [('filter("vip")', True)]),
        ('filter("vip") || !filter("press")', [('filter("vip")', True)]),
    ],
)
def test_the_least_that_would_have_to_change(text, least):
    assert explained(text).holds is False
    assert changes(text) == least


@settings(max_examples=often(200))
@given(st.integers(min_value=0, max_value=2**32))
def test_a_rule_without_changes_to_make_holds_and_no_other(seed):
    fuzzer = Fuzzer(seed)
    rule = check_rule(fuzzer.rule(), vocabulary(contact=ATTRIBUTES, lists=LISTS))

    explanation = explain(rule, {"contact": fuzzer.person()}, NOW, ZoneInfo("UTC"))

    if explanation.holds:
        assert explanation.changes == ()
