"""Whatever programs send, they are told what is wrong with it; nothing of ours breaks."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decisioning.tokens import token_of
from offers_site.identifiers import uuid7
from tests.decisioning.http import forget, open_bank
from tests.often import often

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank_of_the_module")]
SHARED = settings(
    max_examples=often(80),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ODD = [
    "", " ", "\0", "\ud800", "%", "'", '"', "<script>", "webHero_1", "webHero_51", "C2",
    "é" * 300, "2026-06-15", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00", "t1",
]  # fmt: skip
texts = st.sampled_from(ODD) | st.text(max_size=20)
numbers = st.integers() | st.floats(allow_nan=False) | st.sampled_from([0, -1, 51, 2**63, 1e308])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["webHero", "webHero_2", "callCenter", "emailBody", "nowhere"]) | texts
slots = st.fixed_dictionaries(
    {"space": names},
    optional={
        "slot": texts | values,
        "count": st.integers(-1, 60) | values,
        "categories": st.lists(texts, max_size=3) | values,
        "themes": st.lists(texts, max_size=3) | values,
        "call": st.dictionaries(st.just("device") | texts, values, max_size=3) | values,
    },
)
targets = st.fixed_dictionaries(
    {},
    optional={
        "key": st.sampled_from(["C1", "C2"]) | texts | values,
        "keys": st.lists(texts, max_size=4) | values,
        "token": texts | values,
        "visitor": texts | values,
    },
)
calls = st.fixed_dictionaries(
    {"environment": st.sampled_from(["contacts", "visitors"]) | texts},
    optional={
        "slots": st.lists(slots, max_size=4) | values,
        "target": targets | values,
        "call": st.dictionaries(st.just("device") | texts, values, max_size=3) | values,
        "deduplicate": st.booleans() | values,
        "consent": st.booleans() | values,
        "record": st.booleans() | values,
        "explain": st.booleans() | values,
        "at": texts | values,
        "seed": texts | values,
        "language": texts | values,
        "more": values,
    },
)


@pytest.fixture(scope="module")
def whole():
    """Half of the calls are right in their form, so that what lies behind is reached."""
    return st.one_of(
        calls,
        st.builds(
            lambda slots, more: {"environment": "contacts", "slots": slots, **more},
            st.lists(st.builds(lambda name: {"space": name}, names), min_size=1, max_size=3),
            st.fixed_dictionaries(
                {},
                optional={
                    "target": targets,
                    "call": st.dictionaries(st.just("device") | texts, values, max_size=3),
                    "at": texts,
                    "seed": texts,
                    "language": texts,
                    "record": st.booleans(),
                    "explain": st.booleans(),
                },
            ),
        ),
    )


@pytest.fixture
def bank():
    yield open_bank()
    forget()


def is_answered(response):
    if response.status_code == 200:
        return
    assert 400 <= response.status_code < 500, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["code"]


def test_no_decision_breaks_us(bank, whole):
    @SHARED
    @given(whole)
    def ask(body):
        is_answered(bank.post("decisions", json.dumps(body)))

    ask()


def test_no_status_breaks_us(bank):
    (slot,) = bank.decide({"space": "webHero"}, target={"key": "C2"})["slots"]
    token = slot["propositions"][0]["token"]
    tokens = st.sampled_from([token, token_of(uuid7()), "x"])
    bodies = st.fixed_dictionaries(
        {"status": st.sampled_from(["accepted", "presented", 0, 3, 5, 7]) | values},
        optional={"call": values, "occurred_at": texts | values},
    )

    @SHARED
    @given(tokens, bodies | values)
    def tell(token, body):
        is_answered(bank.post(f"propositions/{token}/status", json.dumps(body)))

    tell()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"x"', b"[" * 100_000, b'{"environment": NaN}',
     b'{"environment": "contacts", "slots": [{"space": "webHero", "count": 1e999}]}',
     b'{"environment": "contacts", "slots": [{"space": "\\ud800"}]}',
     b'{"environment": "contacts", "slots": [{"space": "webHero"}], "call": {"device": "\\ud800"}}',
     b'{"environment":"contacts","slots":[{"space":"webHero"}],"target":{"key":"C2"},"call":{"device":"\\u0000"}}'],
)  # fmt: skip
def test_no_body_breaks_us(bank, body):
    is_answered(bank.post("decisions", body))


@pytest.mark.parametrize("key", ["C2", "nobody", "%00", "a/b", "%ED%A0%80", "C2/propositions"])
@pytest.mark.parametrize("query", ["", "?limit=0", "?limit=x", "?cursor=%00", "?cursor=WzFd"])
def test_no_list_breaks_us(bank, key, query):
    is_answered(
        bank.client.get(f"/api/v1/contacts/{key}/propositions{query}", headers=bank.headers)
    )


def test_a_wrong_field_is_named(bank):
    slots = [{"space": "webHero", "count": 51}, {"space": 7}]

    response = bank.post("decisions", {"environment": "contacts", "slots": slots, "more": 1})

    assert response.status_code == 422
    assert sorted(one["pointer"] for one in response.json()["errors"]) == [
        "/more",
        "/slots/0/count",
        "/slots/1/space",
    ]


@pytest.mark.parametrize("privilege", [{"at": "2026-06-15"}, {"seed": "t1"}, {"explain": True}])
def test_other_dates_and_explanations_need_their_scope(bank, privilege):
    bank.key.scopes = ["decide"]
    bank.key.save(update_fields=["scopes"])
    body = {"environment": "contacts", "slots": [{"space": "webHero"}], **privilege}

    response = bank.post("decisions", body)

    assert (response.status_code, response.json()["code"]) == (403, "scope_missing")
