"""A call that says its name is decided once, however often it is made."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from contacts.actions.contacts import erase_contact
from contacts.models import Contact
from decisioning import keeping, repeating
from decisioning.models import Interaction, NamedAnswer, Proposition
from tests.decisioning.http import Bank, forget, open_bank

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank_of_the_module")]
BODY = {
    "environment": "contacts",
    "slots": [{"space": "webHero"}],
    "target": {"key": "C2", "visitor": "v-1"},
}
NAME = {"Idempotency-Key": "page-1"}


@pytest.fixture
def caller():
    open_bank()
    yield Bank("decide")
    forget()


def test_whoever_asks_again_gets_the_first_answer(caller):
    first, second = (caller.post("decisions", BODY, **NAME) for _ in range(2))
    other = caller.post("decisions", BODY, **{"Idempotency-Key": "page-2"})

    assert (first.status_code, second.content) == (200, first.content)
    assert other.json()["interaction"] != first.json()["interaction"]
    assert Interaction.objects.count() == 2


def test_nobody_becomes_one_visitor(caller):
    body = BODY | {"target": None}

    first, second = (caller.post("decisions", body, **NAME).json()["visitor"] for _ in range(2))

    assert first == second
    assert Contact.objects.filter(kind="visitor").count() == 1


def test_a_name_is_for_one_body_and_one_key(caller):
    first = caller.post("decisions", BODY, **NAME)
    reused = caller.post("decisions", BODY | {"target": {"key": "C5"}}, **NAME)
    someone = Bank("decide").post("decisions", BODY, **NAME)

    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert someone.json()["interaction"] != first.json()["interaction"]
    assert Interaction.objects.count() == 2


def test_what_stores_nothing_has_no_name(caller):
    call = BODY | {"record": False}

    first, second = (caller.post("decisions", call, **NAME).json() for _ in range(2))

    assert first["interaction"] != second["interaction"]
    assert not NamedAnswer.objects.exists()


def test_a_refusal_is_not_remembered(caller):
    wrong = caller.post("decisions", BODY | {"slots": [{"space": "nowhere"}]}, **NAME)
    long = caller.post("decisions", BODY, **{"Idempotency-Key": "x" * 201})

    assert (wrong.status_code, wrong.json()["code"]) == (404, "unknown_space")
    assert (long.status_code, long.json()["code"]) == (422, "idempotency_key_invalid")
    assert caller.post("decisions", BODY, **NAME).json()["recorded"] is True


def test_whoever_falls_before_the_answer_has_stored_nothing(caller, monkeypatch):
    def fall(*_given):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(repeating, "written", fall)
        with pytest.raises(SystemExit):
            caller.post("decisions", BODY, **NAME)
    forget()
    fallen = Interaction.objects.count(), Proposition.objects.count(), NamedAnswer.objects.count()

    assert fallen == (0, 0, 0)
    assert caller.post("decisions", BODY, **NAME).json()["recorded"] is True


def test_a_key_that_was_revoked_gets_no_answer_of_before(caller):
    caller.post("decisions", BODY, **NAME)
    type(caller.key).objects.filter(pk=caller.key.pk).update(revoked_at=now())

    assert caller.post("decisions", BODY, **NAME).status_code == 401


def test_answers_go_with_people_and_with_the_day(caller):
    caller.post("decisions", BODY, **NAME)
    caller.post("decisions", BODY | {"target": None}, **{"Idempotency-Key": "nobody"})
    caller.post("decisions", BODY | {"target": {"key": "C5"}}, **{"Idempotency-Key": "C5"})
    erase_contact(Contact.objects.get(key="C2"), by=None, at=now())
    assert sorted(NamedAnswer.objects.values_list("name", flat=True)) == ["C5", "nobody"]

    NamedAnswer.objects.filter(name="C5").update(at=now() - timedelta(hours=25))
    keeping.purge(now(), days=400)

    assert [one.name for one in NamedAnswer.objects.all()] == ["nobody"]
