import pytest
from axes.models import AccessAttempt
from django.urls import reverse

from accounts.actions.people import activate_person, deactivate_person
from tests.build import NOON, PASSWORD, make_user

pytestmark = pytest.mark.django_db

SIGN_IN = "/sign-in/"


def sign_in(client, email="alice@example.org", password=PASSWORD, headers=None, **more):
    return client.post(SIGN_IN, {"email": email, "password": password, **more}, headers=headers)


def is_signed_in(client):
    return client.get(reverse("accounts:preferences")).status_code == 200


def test_the_address_is_understood_in_any_case(client):
    make_user("alice@example.org")

    answer = sign_in(client, email=" Alice@Example.ORG ")

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("email", "password"),
    [("alice@example.org", "wrong"), ("nobody@example.org", PASSWORD), ("alice@example.org", "!")],
)
def test_what_is_wrong_is_not_told(client, email, password):
    make_user("alice@example.org")

    answer = sign_in(client, email=email, password=password)

    assert answer.status_code == 422
    assert "The address or the password is wrong." in answer.content.decode()
    assert not is_signed_in(client)


def test_somebody_deactivated_is_answered_like_a_stranger(client):
    make_user("alice@example.org", is_active=False)

    answer = sign_in(client)

    assert answer.status_code == 422
    assert "The address or the password is wrong." in answer.content.decode()
    assert not is_signed_in(client)


def test_somebody_invited_has_no_password_that_would_work(client):
    alice = make_user("alice@example.org")
    alice.set_unusable_password()
    alice.save(update_fields=["password"])

    answer = sign_in(client, password=alice.password)

    assert answer.status_code == 422


def test_a_page_of_ours_is_reached_after_the_sign_in(client):
    make_user("alice@example.org")

    asked = client.get("/preferences/")
    page = client.get(asked["Location"]).content.decode()
    answer = sign_in(client, next="/preferences/?x=1")

    assert asked["Location"] == "/sign-in/?next=/preferences/"
    assert 'name="next" value="/preferences/"' in page
    assert answer["Location"] == "/preferences/?x=1"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "///evil.example",
        "http:///evil.example",
        "javascript:alert(1)",
        "https://localhost@evil.example/",
        "\x08//evil.example",
    ],
)
def test_no_other_site_is_reached_after_the_sign_in(client, elsewhere):
    make_user("alice@example.org")

    answer = sign_in(client, next=elsewhere)

    assert answer["Location"] == "/"


def test_the_fifth_wrong_password_locks_even_the_right_one_out(client):
    make_user("alice@example.org")

    answers = [sign_in(client, password="wrong").status_code for _ in range(5)]
    locked = sign_in(client)

    assert answers == [422, 422, 422, 422, 429]
    assert locked.status_code == 429
    assert locked["Retry-After"] == "900"
    assert "Wait 15 minutes" in locked.content.decode()
    assert not is_signed_in(client)


def test_writing_the_address_in_another_case_gives_no_more_attempts(client):
    make_user("alice@example.org")

    for email in (
        "alice@example.org",
        "ALICE@example.org",
        "Alice@Example.org",
        "aLice@example.org",
    ):
        sign_in(client, email=email, password="wrong")

    assert sign_in(client, email="alicE@example.org", password="wrong").status_code == 429


def test_another_person_and_another_place_are_not_locked(client):
    make_user("alice@example.org")
    make_user("bob@example.org")
    for _ in range(5):
        sign_in(client, password="wrong")

    assert sign_in(client, email="bob@example.org").status_code == 302
    client.logout()
    elsewhere = client.post(
        SIGN_IN, {"email": "alice@example.org", "password": PASSWORD}, REMOTE_ADDR="203.0.113.7"
    )
    assert elsewhere.status_code == 302


@pytest.mark.parametrize("written", ["{}", "192.0.2.{}, 8.8.8.8", "192.0.2.{}, 8.8.8.8:{}"])
def test_behind_a_proxy_a_place_is_what_the_proxy_says(client, settings, written):
    """Whatever the browser writes in front of it, and with the port that some proxies add."""
    settings.PROXY_COUNT = 1
    make_user("alice@example.org")
    place = "8.8.8.8" if written == "{}" else written

    for number in range(5):
        last = sign_in(
            client,
            password="wrong",
            headers={"X-Forwarded-For": place.format(number, 4000 + number)},
        )
    elsewhere = sign_in(client, headers={"X-Forwarded-For": "8.8.4.4"})

    assert (last.status_code, elsewhere.status_code) == (429, 302)
    assert {attempt.ip_address for attempt in AccessAttempt.objects.all()} <= {"8.8.8.8"}


def test_a_place_that_tries_many_people_is_locked_for_all_of_them(client, monkeypatch):
    monkeypatch.setattr("accounts.throttling.FROM_ONE_PLACE", 3)
    make_user("alice@example.org")

    def tried(place, *names):
        given = {"password": "wrong"}
        return [
            client.post(
                SIGN_IN, {**given, "email": f"{name}@example.org"}, REMOTE_ADDR=place
            ).status_code
            for name in names
        ]

    assert tried("8.8.4.4", "a", "b", "c", "d") == [422, 422, 429, 429]
    assert tried("8.8.8.8", "d") == [422]  # another place
    assert tried("10.0.0.1", "a", "b", "c", "d") == [422] * 4  # may be a proxy, and everybody


def test_a_right_password_forgets_the_wrong_ones(client):
    make_user("alice@example.org")
    for _ in range(4):
        sign_in(client, password="wrong")

    assert sign_in(client).status_code == 302
    client.logout()
    assert sign_in(client, password="wrong").status_code == 422


def test_no_password_is_kept_with_the_attempts(client):
    make_user("alice@example.org")

    sign_in(client, password="my-secret-typed-wrong")

    attempt = AccessAttempt.objects.get()
    assert "my-secret-typed-wrong" not in f"{attempt.post_data}{attempt.get_data}"


def test_signing_out_ends_the_session(client):
    client.force_login(make_user())

    answer = client.post("/sign-out/")

    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")
    assert not is_signed_in(client)


def test_deactivation_ends_sessions_at_once_and_for_good(client):
    make_user("boss@example.org", role="administrator")
    alice = make_user("alice@example.org")
    sign_in(client)
    assert is_signed_in(client)

    deactivate_person(alice, by=None, at=NOON)
    after_deactivation = is_signed_in(client)
    activate_person(alice, by=None, at=NOON)

    assert not after_deactivation
    assert not is_signed_in(client)


def test_an_unknown_address_costs_as_much_hashing_as_a_wrong_password(client, monkeypatch):
    make_user("alice@example.org")
    hashed: list[str] = []
    monkeypatch.setattr("accounts.backends.make_password", hashed.append)

    sign_in(client, email="nobody@example.org", password="a guess")

    assert hashed == ["a guess"]
