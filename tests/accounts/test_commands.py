import io
import json
import re
import stat
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from accounts import demo
from accounts.authenticating import find_key
from accounts.models import AccessLabel, ApiKey, JournalEntry, User
from tests.build import NOON, make_key, make_user

pytestmark = pytest.mark.django_db


def run(*words):
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def answer_of(*words):
    return json.loads(run(*words, "--json").splitlines()[-1])


def test_somebody_is_created_with_a_link():
    answer = answer_of("user", "create", "Bob@Example.org", "--role", "agent", "--role", "analyst")

    bob = User.objects.get(email="bob@example.org")
    assert answer["roles"] == ["agent", "analyst"]
    assert answer["state"] == "invited"
    assert f"/password/{bob.public_id}/" in answer["link"]
    entry = JournalEntry.objects.get()
    assert (entry.verb, entry.via, entry.by) == ("person.invited", "command", None)


def test_somebody_is_created_with_a_password_from_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("four-green-lamps-hum\n"))

    answer = answer_of("user", "create", "bob@example.org", "--role", "agent", "--password-stdin")

    assert (answer["link"], answer["state"]) == (None, "active")
    assert User.objects.get().check_password("four-green-lamps-hum")


def test_a_weak_password_is_refused(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))

    with pytest.raises(CommandError, match="too short"):
        run("user", "create", "bob@example.org", "--role", "agent", "--password-stdin")

    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "taken@example.org", "--role", "agent"], "already signs in"),
        (["create", "bob@example.org", "--role", "wizard"], "There is no role wizard; the roles"),
        (["create", "not-an-address", "--role", "agent"], "not an email address"),
        (["deactivate", "nobody@example.org"], "Nobody signs in with nobody@example.org"),
        (["deactivate", "taken@example.org"], "last active administrator"),
        (["activate", "taken@example.org"], "already active"),
        (["fly", "taken@example.org"], "invalid choice"),
    ],
)
def test_what_cannot_be_done_is_said_and_not_done(words, said):
    make_user("taken@example.org", role="administrator")

    with pytest.raises(CommandError, match=said):
        run("user", *words)

    assert User.objects.active().count() == 1
    assert not JournalEntry.objects.exists()


def test_people_are_listed_deactivated_and_let_in_again():
    make_user("boss@example.org", role="administrator", first_name="Ada")
    make_user("bob@example.org", role="agent")

    gone = answer_of("user", "deactivate", "bob@example.org")
    listed = answer_of("user", "list")
    back = answer_of("user", "activate", "bob@example.org")

    assert (gone["state"], back["state"]) == ("inactive", "active")
    assert [(user["email"], user["state"]) for user in listed["users"]] == [
        ("bob@example.org", "inactive"),
        ("boss@example.org", "active"),
    ]


def test_a_reset_prints_a_link():
    bob = make_user("bob@example.org", role="agent")

    assert f"/password/{bob.public_id}/" in run("user", "reset", "bob@example.org")


def test_a_key_is_printed_once_and_listed_without_its_secret():
    made = answer_of("apikey", "create", "--name", "shop", "--scopes", "decide,propositions")
    listed = answer_of("apikey", "list")

    assert set(made) == {"name", "key"}
    assert find_key(made["key"], at=NOON) == ApiKey.objects.get(name="shop")
    assert listed["keys"][0]["name"] == "shop"
    assert listed["keys"][0]["state"] == "active"
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", listed["keys"][0]["created_at"])
    assert made["key"] not in json.dumps(listed)


def test_a_key_is_limited_to_spaces_origins_and_a_date(capsys):
    answer_of(
        "apikey", "create", "--name", "page", "--scopes", "decide", "--spaces", "webHero,emailBody",
        "--origins", "https://Shop.example/", "--expires", "2126-01-31",
    )  # fmt: skip

    key = ApiKey.objects.get()
    assert key.spaces == ["webHero", "emailBody"]
    assert capsys.readouterr().err == (
        "warning: --spaces: there is no space webHero, emailBody so far.\n"
    )
    assert key.origins == ["https://shop.example"]
    assert key.expires_at == datetime(2126, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "--name", "shop", "--scopes", "decide"], "already a key"),
        (["create", "--name", "new", "--scopes", "everything"], "unknown: everything"),
        (["create", "--name", "new", "--scopes", ""], "unknown: nothing"),
        (["create", "--name", "new", "--scopes", "decide", "--expires", "soon"], "not a date"),
        (
            ["create", "--name", "new", "--scopes", "contacts", "--origins", "https://a.example"],
            "anybody can read it",
        ),
        (["create", "--name", "n", "--scopes", "decide", "--origins", "a.example"], "origin"),
        (["revoke", "nothing"], "No key in use is called nothing"),
    ],
)
def test_a_key_that_cannot_be_is_said_and_not_made(words, said):
    make_key(name="shop")

    with pytest.raises(CommandError, match=said):
        run("apikey", *words)

    assert ApiKey.objects.count() == 1
    assert not JournalEntry.objects.exists()


def test_a_key_is_revoked_by_name():
    _key, secret = make_key(name="shop")

    assert answer_of("apikey", "revoke", "Shop") == {"name": "shop", "state": "revoked"}
    assert find_key(secret, at=NOON) is None


@pytest.fixture
def data_directory(settings, tmp_path):
    settings.PLACES = type(settings.PLACES)(tmp_path)
    return tmp_path


def test_the_demo_is_loaded_once_and_says_how_to_sign_in(data_directory, client):
    first, second = answer_of("load_demo"), answer_of("load_demo")

    assert first == {"people": 5, "contacts": 6, "coupons": 2}
    assert second == {"people": 0, "contacts": 0, "coupons": 0}
    assert User.objects.count() == 5
    found = demo.sign_ins()
    assert [(role, email) for role, email, _password in found] == [
        ("Administrator", "administrator@demo.example"),
        ("Offer manager", "offers@demo.example"),
        ("Delivery manager", "deliveries@demo.example"),
        ("Call centre agent", "agent@demo.example"),
        ("Analyst", "analyst@demo.example"),
    ]
    kept = data_directory / "demo-sign-ins.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert AccessLabel.objects.count() == 2
    for _role, email, password in found:
        answer = client.post("/sign-in/", {"email": email, "password": password})
        assert answer.status_code == 302
        client.logout()


def test_the_demo_leaves_an_installation_with_people_alone(data_directory):
    make_user("alice@example.org")

    assert answer_of("load_demo") == {"people": 0, "contacts": 0, "coupons": 0}
    assert User.objects.count() == 1
    assert demo.sign_ins() == []


def test_a_password_that_has_been_changed_is_not_shown_any_more(data_directory):
    demo.load_people(at=NOON)
    ada = User.objects.get(email="administrator@demo.example")
    ada.set_password("four-green-lamps-hum")
    ada.save(update_fields=["password"])
    User.objects.filter(email="agent@demo.example").update(is_active=False)

    emails = [email for _role, email, _password in demo.sign_ins()]

    assert emails == ["offers@demo.example", "deliveries@demo.example", "analyst@demo.example"]


@pytest.mark.parametrize(
    "words",
    [
        ["user", "create", "bob@example.org", "--role", "agent", "--first-name", "x" * 81],
        ["user", "create", "bob@example.org", "--role", "agent", "--last-name", "\udcff"],
        ["user", "create", f"{'x' * 60}@{'y' * 60}.{'y' * 60}.{'y' * 60}.{'y' * 60}.org"],
        ["apikey", "create", "--scopes", "decide", "--name", "\udcff"],
        ["apikey", "create", "--scopes", "decide", "--name", "a", "--spaces", "\udcff"],
        ["apikey", "create", "--scopes", "decide", "--name", "a", "--expires", "9999-12-31"],
        ["apikey", "create", "--scopes", "decide", "--name", "a", "--expires", "soon"],
    ],
)
def test_what_the_database_cannot_hold_is_bad_usage(words):
    with pytest.raises(CommandError, match="Error: argument"):
        run(*words)

    assert not User.objects.exists()
    assert not ApiKey.objects.exists()
