import pytest
from axes.models import AccessAttempt
from django.urls import reverse

from accounts.actions import sessions
from accounts.models import JournalEntry, User
from tests.build import PASSWORD, make_user

pytestmark = pytest.mark.django_db

GIVEN = {
    "first_name": "Alice",
    "last_name": "Martin",
    "language": "fr",
    "time_zone": "Europe/Paris",
    "theme": "dark",
}


def test_preferences_are_saved_and_apply_at_once(client):
    alice = make_user("alice@example.org", first_name="Alice", last_name="Martin")
    client.force_login(alice)

    answer = client.post("/preferences/", GIVEN)
    page = client.get("/preferences/")

    assert answer["Location"] == "/preferences/"
    alice.refresh_from_db()
    assert (alice.language, alice.time_zone, alice.theme) == ("fr", "Europe/Paris", "dark")
    assert page["Content-Language"] == "fr"
    assert not JournalEntry.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"time_zone": "Mars/Olympus"}, {"language": "tlh"}, {"theme": "pink"}]
)
def test_what_does_not_exist_is_not_chosen(client, wrong):
    alice = make_user("alice@example.org")
    client.force_login(alice)

    answer = client.post("/preferences/", GIVEN | wrong)

    assert answer.status_code == 422
    alice.refresh_from_db()
    assert (alice.first_name, alice.theme) == ("", "auto")


def test_the_password_changes_with_the_old_one_and_other_devices_are_signed_out(client):
    alice = make_user("alice@example.org")
    client.force_login(alice)
    other = client.__class__()
    other.force_login(alice)

    answer = client.post(
        "/preferences/password/",
        {
            "old": PASSWORD,
            "password": "seven-loud-herons-dance",
            "again": "seven-loud-herons-dance",
        },
    )

    assert answer["Location"] == "/preferences/"
    assert client.get("/preferences/").status_code == 200
    assert other.get("/preferences/").status_code == 302
    alice.refresh_from_db()
    assert alice.check_password("seven-loud-herons-dance")
    assert JournalEntry.objects.get().verb == "person.password_set"


def test_the_old_password_cannot_be_guessed_for_ever(client):
    alice = make_user("alice@example.org")
    client.force_login(alice)
    guess = {"old": "wrong", "password": "seven-loud-herons-dance"}
    guess["again"] = guess["password"]

    statuses = [client.post("/preferences/password/", guess).status_code for _ in range(6)]

    assert statuses == [422, 422, 422, 422, 429, 429]
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_the_columns_of_a_list_are_remembered_beside_those_of_others(client):
    alice = make_user("alice@example.org", list_columns={"offers": ["name"]})
    client.force_login(alice)

    answer = client.post(
        reverse("accounts:list-columns-save"),
        {"list": "people", "columns": ["name,email", "roles"], "next": "/people/?q=x"},
    )

    assert answer["Location"] == "/people/?q=x"
    assert User.objects.get(pk=alice.pk).list_columns == {
        "offers": ["name"],
        "people": ["name", "email", "roles"],
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"list": "", "columns": "name"},
        {"list": "people", "columns": "na me"},
        {"list": "people", "columns": ",".join(f"c{n}" for n in range(101))},
        {"list": "x" * 61, "columns": "name"},
        {"list": "no_list_of_ours", "columns": "name"},
        {"list": "people", "columns": "name,no_column_of_people"},
    ],
)
def test_what_is_no_list_of_columns_is_refused(client, wrong):
    alice = make_user("alice@example.org")
    client.force_login(alice)

    assert client.post(reverse("accounts:list-columns-save"), wrong).status_code == 400
    assert User.objects.get(pk=alice.pk).list_columns == {}


def test_a_stranger_chooses_a_language_and_a_theme_by_cookie(client):
    language = client.post("/preferences/language/", {"language": "fr", "next": "/sign-in/"})
    theme = client.post("/preferences/theme/", {"theme": "dark", "next": "https://evil.example/"})

    assert language["Location"] == "/sign-in/"
    assert language.cookies["overture_language"].value == "fr"
    assert theme["Location"] == "/sign-in/"
    assert theme.cookies["overture_theme"].value == "dark"
    assert client.get("/sign-in/")["Content-Language"] == "fr"


def test_somebody_signed_in_keeps_the_choice(client):
    alice = make_user("alice@example.org")
    client.force_login(alice)

    client.post("/preferences/language/", {"language": "fr"})
    client.post("/preferences/theme/", {"theme": "dark"})

    alice.refresh_from_db()
    assert (alice.language, alice.theme) == ("fr", "dark")


def test_what_was_typed_with_a_wrong_password_is_kept_nowhere(client):
    client.force_login(make_user("alice@example.org"))
    password = "seven-loud-herons-dance"

    client.post(
        "/preferences/password/",
        {"old": "my-other-secret", "password": password, "again": password},
    )

    attempt = AccessAttempt.objects.get()
    assert "my-other-secret" not in attempt.post_data
    assert password not in attempt.post_data


def test_a_password_that_changes_meanwhile_is_explained(client, monkeypatch):
    """As when the button is pressed twice."""
    alice = make_user("alice@example.org")
    client.force_login(alice)

    def outdated(*args, **kwargs):
        raise sessions.PasswordOutdated("It has been changed meanwhile.")

    monkeypatch.setattr(sessions, "set_password", outdated)
    given = {"old": PASSWORD, "password": "seven-loud-herons-dance"}
    page = client.post("/preferences/password/", given | {"again": given["password"]})

    assert page.status_code == 422
    assert "It has been changed meanwhile." in page.content.decode()
