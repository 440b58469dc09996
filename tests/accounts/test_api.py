from datetime import timedelta

import pytest
from django.db import transaction
from django.utils.timezone import now

from accounts.journal import record
from accounts.models import JournalEntry
from tests.build import NOON, bearer, make_key, make_user

pytestmark = pytest.mark.django_db


def test_a_key_describes_itself(client):
    _key, secret = make_key("decide", "journal", name="Web shop", spaces=["webHero"])

    answer = client.get("/api/v1/key", headers=bearer(secret))

    assert answer.status_code == 200
    assert answer.json() == {
        "name": "Web shop",
        "prefix": secret[:10],
        "scopes": ["decide", "journal"],
        "spaces": ["webHero"],
        "coupon_folders": [],
        "origins": [],
        "created_at": "2026-11-21T12:00:00Z",
        "expires_at": None,
    }


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "key_missing"),
        ("", "key_missing"),
        ("Bearer", "key_missing"),
        ("Basic YWxpY2U6c2VjcmV0", "key_missing"),
        ("Bearer sk_nothing", "key_invalid"),
        ("bearer é", "key_invalid"),
    ],
)
def test_without_a_usable_key_there_is_a_problem(client, authorization, code):
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = client.get("/api/v1/key", headers=headers)

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["code"] == code


def test_expired_and_revoked_keys_are_not_told_apart(client):
    _expired, one = make_key(
        name="One", created_at=now() - timedelta(days=2), expires_at=now() - timedelta(seconds=1)
    )
    _revoked, two = make_key(name="Two", revoked_at=NOON)

    answers = [client.get("/api/v1/key", headers=bearer(secret)) for secret in (one, two)]

    assert [answer.json()["code"] for answer in answers] == ["key_invalid", "key_invalid"]


def test_the_session_of_an_administrator_opens_no_api(client):
    client.force_login(make_user(role="administrator"))

    assert client.get("/api/v1/key").status_code == 401


def test_a_key_without_the_scope_is_told_which_one_it_lacks(client):
    _key, secret = make_key("decide")

    answer = client.get("/api/v1/journal", headers=bearer(secret))

    assert answer.status_code == 403
    assert answer.json()["code"] == "scope_missing"
    assert "journal" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://shop.example", 200),
        ("https://evil.example", 403),
        ("https://shop.example.evil.example", 403),
        ("null", 403),
        (None, 403),
    ],
)
def test_a_publishable_key_works_from_its_origins_only(client, origin, status):
    _key, secret = make_key("decide", origins=["https://shop.example"])
    headers = bearer(secret) | ({"Origin": origin} if origin else {})

    answer = client.get("/api/v1/key", headers=headers)

    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "origin_not_allowed"


def test_a_key_for_servers_does_not_ask_where_the_call_comes_from(client):
    _key, secret = make_key("decide")

    answer = client.get("/api/v1/key", headers=bearer(secret) | {"Origin": "https://any.example"})

    assert answer.status_code == 200


def write_entries(number, by):
    with transaction.atomic():
        for n in range(number):
            record("person.changed", by, by=by, at=NOON + timedelta(minutes=n), after={"n": n})


def test_the_journal_is_read_page_by_page_newest_first(client):
    alice = make_user("alice@example.org", first_name="Alice")
    write_entries(5, alice)
    _key, secret = make_key("journal")

    pages, address = [], "/api/v1/journal?limit=2"
    while address:
        page = client.get(address, headers=bearer(secret)).json()
        pages.append([entry["after"]["n"] for entry in page["results"]])
        address = page["next"] and f"/api/v1/journal?limit=2&cursor={page['next']}"

    assert pages == [[4, 3], [2, 1], [0]]


def test_an_entry_for_programs(client):
    alice = make_user("alice@example.org", first_name="Alice")
    write_entries(1, alice)
    _key, secret = make_key("journal")

    (entry,) = client.get("/api/v1/journal", headers=bearer(secret)).json()["results"]

    assert entry == {
        "id": str(JournalEntry.objects.get().pk),
        "at": "2026-11-21T12:00:00Z",
        "by": "alice@example.org",
        "by_name": "Alice",
        "via": "command",
        "verb": "person.changed",
        "subject_type": "accounts.user",
        "subject_key": str(alice.public_id),
        "subject_label": "Alice",
        "before": {},
        "after": {"n": 0},
        "comment": "",
        "request_id": None,
    }


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("verb=person.changed", 2),
        ("verb=role.changed", 0),
        ("by=Alice@example.org", 2),
        ("by=bob@example.org", 0),
        ("since=2026-11-21T12:01:00Z", 1),
        ("until=2026-11-21T12:01:00Z", 1),
        ("subject_type=accounts.user", 2),
        ("subject_key=nothing", 0),
    ],
)
def test_the_journal_is_narrowed(client, asked, found):
    write_entries(2, make_user("alice@example.org"))
    _key, secret = make_key("journal")

    answer = client.get(f"/api/v1/journal?{asked}", headers=bearer(secret))

    assert len(answer.json()["results"]) == found


@pytest.mark.parametrize(
    "asked",
    ["limit=0", "limit=1001", "limit=x", "cursor=nonsense", "since=yesterday", "cursor=bnVsbA"],
)
def test_nonsense_is_a_problem(client, asked):
    _key, secret = make_key("journal")

    answer = client.get(f"/api/v1/journal?{asked}", headers=bearer(secret))

    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["verb", "by", "subject_type", "subject_key"])
def test_a_nul_is_no_error_of_ours(client, name):
    _key, secret = make_key("journal")

    answer = client.get(f"/api/v1/journal?{name}=%00", headers=bearer(secret))

    assert answer.status_code == 422


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-23:59", "9999-01-01T00:00:00"])
def test_a_moment_at_the_end_of_the_calendar_is_a_problem(client, moment):
    _key, secret = make_key("journal")

    answer = client.get("/api/v1/journal", {"until": moment}, headers=bearer(secret))

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_a_moment_far_from_greenwich_is_understood(client):
    _key, secret = make_key("journal")
    asked = {"since": "2026-11-21T12:00:00+23:59"}

    assert client.get("/api/v1/journal", asked, headers=bearer(secret)).status_code == 200
