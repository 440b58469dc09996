"""A process remembers the keys that call it, and never lets one in that is not so any more."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts import api, remembering
from decisioning.models import Interaction
from offers_site import statements
from tests.decisioning.http import Bank, forget, open_bank

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank_of_the_module")]
HERO = {"space": "webHero"}
BODY = {"environment": "contacts", "slots": [HERO], "target": {"key": "C2"}}


@pytest.fixture
def caller():
    """A key that has decided before, and so is remembered."""
    open_bank()
    caller = Bank("decide", last_used_at=now())
    caller.decide(HERO, target={"key": "C2"})
    yield caller
    remembering._held.clear()
    forget()


def test_a_recorded_decision_takes_two_statements(caller, monkeypatch):
    said = []
    execute = statements.execute

    def heard(text, values):
        said.append(text)
        return execute(text, values)

    monkeypatch.setattr(statements, "execute", heard)

    with CaptureQueriesContext(connection) as others:
        answer = caller.decide(HERO, target={"key": "C2"})

    assert answer["recorded"] is True
    assert ["decisioning_record" in text for text in said] == [False, True]
    assert [one["sql"] for one in others if "SAVEPOINT" not in one["sql"]] == []


def change(caller, **columns):
    type(caller.key).objects.filter(pk=caller.key.pk).update(**columns)


def code_of(response):
    return response.status_code, response.json().get("code")


@pytest.mark.parametrize(
    "body",
    [BODY, BODY | {"target": None}, BODY | {"target": {"visitor": "v1"}}, BODY | {"record": False},
     BODY | {"environment": "nowhere"}, BODY | {"slots": [{"space": "nowhere"}]},
     BODY | {"explain": True}],
)  # fmt: skip
def test_a_key_that_is_revoked_opens_nothing_more(caller, body):
    stored = Interaction.objects.count()
    change(caller, revoked_at=now())

    assert code_of(caller.post("decisions", body)) == (401, "key_invalid")
    assert Interaction.objects.count() == stored


def test_a_key_ends_at_its_moment(caller, monkeypatch):
    made = caller.key.created_at
    change(caller, expires_at=made + timedelta(minutes=2), last_used_at=made)
    monkeypatch.setattr(api, "now", lambda: made + timedelta(seconds=30))
    assert caller.post("decisions", BODY).status_code == 200
    monkeypatch.setattr(api, "now", lambda: made + timedelta(seconds=121))

    assert code_of(caller.post("decisions", BODY)) == (401, "key_invalid")


def test_what_a_key_may_do_changes_at_once(caller):
    change(caller, spaces=["callCenter"])
    assert code_of(caller.post("decisions", BODY)) == (404, "unknown_space")
    change(caller, spaces=[])
    assert caller.post("decisions", BODY).status_code == 200
    change(caller, scopes=["propositions"])
    assert code_of(caller.post("decisions", BODY)) == (403, "scope_missing")
    change(caller, scopes=["decide", "decide:at"])
    assert caller.post("decisions", BODY | {"explain": True}).status_code == 200
