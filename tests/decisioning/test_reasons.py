"""A decision explained for people, in their language, as far as they may see it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils.translation import override

from accounts.models import User
from catalog.models import Environment
from catalog.shapes import body_of
from contacts.models import Contact
from decisioning.current import environment_named
from decisioning.engine.values import Past, Question, Slot, microseconds_at
from decisioning.live import Live, build, held
from decisioning.past import read_past
from decisioning.reasons import Explanation, Told, explanations_of
from decisioning.seeing import eyes_of
from tests.build import make_label, make_user
from tests.decisioning.http import forget, open_bank

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank_of_the_module")]
AT = datetime(2026, 6, 15, 8, 0, tzinfo=UTC)  # 10:00 in Paris


@pytest.fixture
def bank():
    yield open_bank()
    forget()


@pytest.fixture
def reader():
    return make_user("a@example.org", "contacts.view_contact", "contacts.view_personal_data")


def live_bank() -> Live:
    live = environment_named("contacts")
    assert live is not None
    return live


def asked(who: str, space: str = "callCenter", count: int = 2, **more: Any) -> Question:
    contact = Contact.objects.get(key=who)
    live = live_bank()
    before = read_past(live.engine.release, contact.pk, environment=live.environment_pk, at=AT)
    slot = Slot(slot="s", space=space, count=count, call=more.pop("call", {}))
    return Question(
        at=AT,
        target=who,
        seed="t1",
        slots=(slot,),
        contact=before.person.facts,
        identification="explicit",
        **more,
    )


def explained(question: Question, user: User, **narrowed: str) -> Explanation:
    live = live_bank()
    environment = Environment.objects.get(name="contacts")
    (found,) = explanations_of(question, eyes_of(user, live, environment), **narrowed)
    return found


def about(code: str, question: Question, user: User) -> Told:
    found = explained(question, user)
    (one,) = (each for each in (*found.chosen, *found.others) if each.code == code)
    return one


def needs(one: Told) -> list[tuple[str, str]]:
    return [(need.text, need.now) for need in one.needs]


def test_what_is_proposed_is_taken_apart(bank, reader):
    one = about("SAHARA", asked("C1", count=5), reader)

    assert (one.gate, one.weight) == ("Proposed", "18.00")
    assert [(part.label, part.value) for part in one.parts] == [
        ("Standard", "9"),
        ("Solène Horizons", "× 2"),
    ]


def test_a_condition_that_fails_is_said_with_what_the_person_has(bank, reader):
    one = about("PLAT", asked("C6"), reader)

    assert one.gate == "Filter of the offer"
    assert one.why == "Its filter leaves this person out."
    assert needs(one) == [("Income is high", "low")]


def test_what_would_come_next_is_told_as_well(bank, reader):
    """PLAT left by its filter; a rule would have kept it back next."""
    taken = Past("PLAT", "webHero", "web", 3, microseconds_at(AT), "banking")
    one = about("PLAT", asked("C6", history=(taken,)), reader)

    assert needs(one) == [
        ("Income is high", "low"),
        (
            "No proposition that “Already taken” counts",
            "1 is counted between 15 Jun 2025, 08:00 and 15 Jun 2027, 08:00, at the earliest again "
            "after 15 Jun 2027, 08:00",
        ),
    ]


def test_a_category_says_whose_filter_it_was(bank, reader):
    one = about("NYC", asked("C6"), reader)

    assert (one.gate, one.why) == (
        "Filter of a category",
        "The filter of “Solène Horizons” leaves this person out.",
    )


def test_who_needs_two_things_is_told_both(bank, reader):
    """SNOW stands below a filter on travel, and its only weight is for frequent travellers."""
    one = about("SNOW", asked("C6"), reader)

    assert needs(one) == [
        ("Agrees to partners’ offers: yes", "no"),
        ("Frequent traveller: yes", "no"),
    ]


def test_personal_data_stay_hidden(bank, reader):
    """Whoever may not see birth dates learns neither the condition nor the day."""
    make_rule_personal("PLAT", "years(contact.birth_date) < 26")
    question = asked("C6")

    assert needs(about("PLAT", question, reader)) == [
        ("Age is under 26", "date of birth: 23 August 1958")
    ]
    other = make_user("b@example.org", "contacts.view_contact")
    (need,) = about("PLAT", question, other).needs
    assert (need.text, need.now, need.is_hidden) == (
        "A condition on personal data, which you may not see",
        "",
        True,
    )
    assert ("Date of birth", "•••") in explained(question, other).inputs


def make_rule_personal(code: str, rule: str) -> None:
    """The filter of a live offer, as a release would have it."""
    live = live_bank()
    key = ("offer", code)
    shapes = {**live.shapes, key: live.shapes[key].model_copy(update={"filter": rule})}
    changed = {key: shapes[key]}
    bodies = {key: body_of(shapes[key])}
    made = build(live.environment_pk, live.number, shapes, changed, bodies, live)
    held[live.environment_pk][live.number] = made


def test_offers_behind_a_label_are_not_named(bank, reader):
    environment = Environment.objects.get(name="contacts")
    offer = environment.offers.get(code="PLAT")
    offer.access_labels.add(make_label("private-bank"))

    found = explained(asked("C6"), reader)

    assert "PLAT" not in str(found)
    assert found.unseen == 1


def test_it_speaks_french(bank, reader):
    """The words of the rule are French at once; ours are in the list of translations."""
    with override("fr"):
        one = about("SNOW", asked("C6"), reader)

    assert needs(one)[1] == ("Frequent traveller\u00a0: oui", "non")


def test_offers_are_found_by_name_and_by_gate(bank, reader):
    question = asked("C6")

    assert [one.code for one in explained(question, reader, offer="sah").others] == ["SAHARA"]
    by_gate = explained(question, reader, step="category_filter")
    assert {one.code for one in by_gate.others} == {"NYC", "SAHARA", "SNOW"}
