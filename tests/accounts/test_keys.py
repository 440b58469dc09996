from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.actions import keys as actions
from accounts.actions.granting import MayNotGrant
from accounts.authenticating import find_key
from accounts.models import ApiKey, JournalEntry, is_origin, origin_as_sent
from accounts.rights import Right, matrix
from tests.build import NOON, make_key, make_user

pytestmark = pytest.mark.django_db


def create(name="Web shop", **changes):
    given = {"scopes": ["decide"], "by": None, "at": NOON}
    return actions.create_key(name=name, **{**given, **changes})


def test_a_key_is_shown_once_and_kept_as_a_hash(client):
    client.force_login(make_user(role="administrator"))

    answer = client.post(
        reverse("accounts:key-create"),
        {"name": "Web shop", "scopes": ["decide", "contacts"], "spaces": "webHero, emailBody"},
    )

    page = answer.content.decode()
    key = ApiKey.objects.get()
    secret = page.partition('data-copy="')[2].partition('"')[0]
    assert secret.startswith("sk_")
    assert len(secret) == 46
    assert key.prefix == secret[:10]
    assert find_key(secret, at=NOON) == key
    assert "There are no spaces webHero, emailBody so far;" in page
    assert "no-store" in answer["Cache-Control"]
    assert (key.scopes, key.spaces) == (["decide", "contacts"], ["webHero", "emailBody"])
    assert secret not in client.get(reverse("accounts:key-list")).content.decode()
    assert secret not in str(list(ApiKey.objects.values())) + str(
        list(JournalEntry.objects.values())
    )


def test_a_key_for_web_pages_begins_with_pk():
    key, secret = create(origins=["https://shop.example", "http://localhost:8080"])

    assert secret.startswith("pk_")
    assert key.is_publishable


@pytest.mark.parametrize("scopes", [["contacts"], ["decide", "decide:at"]])
def test_a_key_for_web_pages_only_decides(scopes):
    with pytest.raises(actions.KeyRefused, match="anybody can read it"):
        create(scopes=scopes, origins=["https://shop.example"])
    with pytest.raises(IntegrityError), transaction.atomic():
        make_key(*scopes, origins=["https://shop.example"])

    assert not ApiKey.objects.exists()
    assert not JournalEntry.objects.exists()


@pytest.mark.parametrize(
    "origin",
    [
        "shop.example",
        "https://shop.example/",
        "https://shop.example/path",
        "https://user@shop.example",
        "https://*.example",
        "ftp://shop.example",
        "https://",
        "https://Shop.example",
        "https://shop.example:notaport",
        "null",
        "*",
        "",
    ],
)
def test_an_origin_is_a_scheme_and_a_host(origin):
    with pytest.raises(ValidationError):
        is_origin(origin)


def test_a_name_is_used_once_among_the_keys_in_use():
    key, _secret = create("Web shop")

    with pytest.raises(actions.KeyRefused, match="already a key with this name"):
        create("WEB SHOP")
    actions.revoke_key(key, by=None, at=NOON)
    create("Web shop")

    assert ApiKey.objects.count() == 2


def test_a_key_needs_a_scope():
    with pytest.raises(actions.KeyRefused):
        create(scopes=[])


def test_a_key_expires_after_it_is_made():
    with pytest.raises(actions.KeyRefused, match="expires after"):
        create(expires_at=NOON)

    assert not ApiKey.objects.exists()


def test_a_key_opens_until_it_expires():
    _key, secret = create(expires_at=NOON + timedelta(hours=1))

    assert find_key(secret, at=NOON + timedelta(minutes=59, seconds=59))
    assert not find_key(secret, at=NOON + timedelta(hours=1))


def test_the_last_day_of_the_form_is_included(client):
    boss = make_user(role="administrator", time_zone="Europe/Paris")
    client.force_login(boss)

    client.post(
        reverse("accounts:key-create"),
        {"name": "Web shop", "scopes": ["decide"], "expires": "2126-07-01"},
    )

    assert ApiKey.objects.get().expires_at == datetime(2126, 7, 1, 22, tzinfo=UTC)


def test_a_revoked_key_opens_nothing_from_that_moment(client):
    client.force_login(make_user(role="administrator"))
    key, secret = make_key("decide", "contacts", name="Web shop")
    url = reverse("accounts:key-revoke", args=[key.public_id])

    asked = client.get(url).content.decode()
    client.post(url)

    assert "Ask for offers, Read and write contacts" in asked
    assert find_key(secret, at=NOON) is None
    assert JournalEntry.objects.get().verb == "key.revoked"
    with pytest.raises(actions.AlreadyRevoked):
        actions.revoke_key(key, by=None, at=NOON)


def test_the_last_use_is_written_at_most_once_a_minute():
    key, secret = make_key()

    used = []
    for seconds in (0, 59, 60, 61, 121):
        find_key(secret, at=NOON + timedelta(seconds=seconds))
        key.refresh_from_db()
        used.append(key.last_used_at and (key.last_used_at - NOON).total_seconds())

    assert used == [0, 0, 0, 61, 61]


def test_a_call_costs_one_query_and_once_a_minute_a_write(django_assert_num_queries):
    _key, secret = make_key()

    with django_assert_num_queries(2):
        find_key(secret, at=NOON)
    with django_assert_num_queries(1):
        find_key(secret, at=NOON + timedelta(seconds=30))


@pytest.mark.parametrize("secret", ["", "sk_", "nothing", "é", "x" * 10_000, "sk_\x00"])
def test_what_is_no_key_opens_nothing(secret):
    make_key()

    assert find_key(secret, at=NOON) is None


def test_a_key_may_do_no_more_than_who_makes_it(client):
    manager = make_user("manager@example.org", "accounts.manage_keys", "site.view_system")
    client.force_login(manager)

    page = client.post(
        reverse("accounts:key-create"), {"name": "Spy", "scopes": ["jobs", "journal"]}
    )
    with pytest.raises(MayNotGrant, match="change contacts"):
        create(scopes=["contacts"], by=make_user("b@example.org", "contacts.view_contact"))
    create(scopes=["decide", "jobs"], by=manager)

    assert page.status_code == 422
    assert "You cannot give a right that you do not have" in page.content.decode()
    assert ApiKey.objects.get().scopes == ["decide", "jobs"]


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("HTTPS://Shop.example/", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://shop.example:443", "http://shop.example:443"),
        ("https://bücher.example:8443", "https://xn--bcher-kva.example:8443"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://shop.example:port", "https://shop.example:port"),
        ("https://shop.example/path", "https://shop.example/path"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(written, sent):
    assert origin_as_sent(written) == sent


@pytest.mark.parametrize(
    ("scope", "beyond"),
    [
        ("propositions", "See the history of propositions"),
        ("catalog", "Create spaces"),
        ("imports", "Create coupons"),
    ],
)
def test_a_scope_asks_for_all_that_its_calls_do(scope, beyond):
    of_matrix = [right for row in matrix() for right in (row.design, row.change, row.live)]
    imports = [Right.IMPORT_DATA, Right.CHANGE_CONTACT, Right.VIEW_PERSONAL_DATA, Right.VIEW_COUPON]
    person = make_user("some@example.org", Right.MANAGE_KEYS, *of_matrix, *imports)

    with pytest.raises(MayNotGrant, match=beyond):
        create(scopes=[scope], by=person)

    assert not ApiKey.objects.exists()


def test_every_scope_asks_for_rights():
    assert set(actions.RIGHTS_OF_SCOPES) == set(ApiKey.Scope)
