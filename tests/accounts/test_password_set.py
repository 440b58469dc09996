"""Links by which people choose a password: from an invitation, or when it is forgotten."""

import time
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from accounts import mailing, tasks
from accounts.actions import people, sessions
from accounts.models import JournalEntry, User
from tests.build import NOON, PASSWORD, make_user

pytestmark = pytest.mark.django_db


def mail_at(person, at):
    """What a worker does whose clock says `at`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "now", lambda: at)
        return tasks.mail_link(person.pk)


NEW = {"password": "seven-loud-herons-dance", "again": "seven-loud-herons-dance"}


def path_of(link):
    return link.removeprefix("http://localhost:8000")


def test_the_answer_is_the_same_for_a_known_and_an_unknown_address(client, queued):
    make_user("alice@example.org")

    began = time.monotonic()
    known = client.post("/password/forgotten/", {"email": "alice@example.org"})
    between = time.monotonic()
    unknown = client.post("/password/forgotten/", {"email": "nobody@example.org"})

    assert between - began >= 0.2
    assert time.monotonic() - between >= 0.2
    assert (known.status_code, unknown.status_code) == (200, 200)
    assert without_tokens(known) == without_tokens(unknown)


def without_tokens(answer):
    return [line for line in answer.content.decode().splitlines() if "csrf" not in line]


def test_the_link_is_queued_once_the_asking_is_committed(
    queued, django_capture_on_commit_callbacks
):
    alice = make_user("alice@example.org")

    with django_capture_on_commit_callbacks(execute=True):
        sessions.ask_for_link(email="Alice@example.org", at=NOON)
        assert queued == []

    assert queued == [alice.pk]


def test_nobody_is_mailed_more_than_once_in_five_minutes(
    queued, django_capture_on_commit_callbacks
):
    alice = make_user("alice@example.org")

    with django_capture_on_commit_callbacks(execute=True):
        for seconds in (0, 1, 299, 300):
            sessions.ask_for_link(email="alice@example.org", at=NOON + timedelta(seconds=seconds))

    assert queued == [alice.pk, alice.pk]


def test_somebody_deactivated_is_not_mailed(queued, django_capture_on_commit_callbacks):
    make_user("alice@example.org", is_active=False)

    with django_capture_on_commit_callbacks(execute=True):
        sessions.ask_for_link(email="alice@example.org", at=NOON)

    assert queued == []


def test_a_queue_that_is_away_is_nobody_s_error(
    client, monkeypatch, django_capture_on_commit_callbacks
):
    make_user("alice@example.org")

    def away(user_pk):
        raise ConnectionError("no broker")

    monkeypatch.setattr(tasks.mail_link, "delay", away)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/password/forgotten/", {"email": "alice@example.org"})

    assert answer.status_code == 200
    assert mail.outbox == []
    assert User.objects.owed_link_at(now()).get().email == "alice@example.org"


def test_a_mail_that_was_lost_with_the_queue_is_sent_later_and_once(queued, monkeypatch):
    alice = make_user("alice@example.org")
    sessions.ask_for_link(email="alice@example.org", at=NOON)  # and its task is lost
    monkeypatch.setattr(tasks, "now", lambda: NOON + timedelta(seconds=30))

    assert tasks.mail_due_links() == 1
    assert queued == [alice.pk]
    assert tasks.mail_link(alice.pk)
    assert not tasks.mail_link(alice.pk)
    assert tasks.mail_due_links() == 0

    assert [letter.to for letter in mail.outbox] == [["alice@example.org"]]


def test_a_mail_server_that_is_away_is_tried_again_for_a_day(queued, monkeypatch):
    alice = make_user("alice@example.org")
    sessions.ask_for_link(email="alice@example.org", at=NOON)

    def away(user):
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(mailing, "mail_link", away)
        assert not mail_at(alice, NOON)
    assert not mail_at(alice, NOON + timedelta(seconds=100))  # whoever tried may still be at it
    assert mail_at(alice, NOON + timedelta(seconds=120))

    sessions.ask_for_link(email="alice@example.org", at=NOON + timedelta(hours=1))
    assert not mail_at(alice, NOON + timedelta(hours=26))
    assert len(mail.outbox) == 1


def test_two_workers_do_not_mail_the_same_link(monkeypatch):
    alice = make_user("alice@example.org")
    sessions.ask_for_link(email="alice@example.org", at=NOON)
    mailed = []

    def mail_slowly(user):
        mailed.append(user.pk)
        assert not mail_at(user, NOON)  # the other worker, meanwhile

    monkeypatch.setattr(mailing, "mail_link", mail_slowly)
    assert mail_at(alice, NOON)

    assert mailed == [alice.pk]


def test_the_mail_speaks_the_person_s_language_and_its_link_opens(client, settings):
    alice = make_user("alice@example.org", first_name="Alice", language="fr")

    mailing.mail_link(alice)

    (letter,) = mail.outbox
    assert letter.to == ["alice@example.org"]
    link = next(line for line in letter.body.splitlines() if line.startswith("http"))
    assert isinstance(letter, EmailMultiAlternatives)
    html = str(letter.alternatives[0][0])
    assert link in html
    assert '<html lang="fr">' in html
    assert "<title>Choisir un autre mot de passe pour Overture</title>" in html
    assert client.get(path_of(link)).status_code == 200


def test_a_name_in_a_mail_cannot_bring_markup_along():
    boss = make_user("boss@example.org", first_name="<a href=//evil.example>")
    guest = make_user("guest@example.org", invited_by=boss)
    guest.set_unusable_password()

    mailing.mail_link(guest)

    (letter,) = mail.outbox
    assert isinstance(letter, EmailMultiAlternatives)
    html = str(letter.alternatives[0][0])
    assert "<a href=//evil.example>" not in html
    assert "<a href=//evil.example>" in letter.body


def test_a_link_sets_the_password_and_signs_in(client):
    alice = make_user("alice@example.org")
    path = path_of(mailing.password_link(alice))

    answer = client.post(path, NEW)

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/preferences/").status_code == 200
    alice.refresh_from_db()
    assert alice.check_password("seven-loud-herons-dance")
    assert JournalEntry.objects.get().verb == "person.password_set"


def test_a_link_works_once(client):
    alice = make_user("alice@example.org")
    path = path_of(mailing.password_link(alice))
    client.post(path, NEW)
    client.logout()

    again = client.post(
        path, {"password": "somebody-else-s-words", "again": "somebody-else-s-words"}
    )

    assert again.status_code == 410
    alice.refresh_from_db()
    assert alice.check_password("seven-loud-herons-dance")


def test_two_at_once_with_one_link_set_one_password():
    alice = make_user("alice@example.org")
    first, second = User.objects.get(pk=alice.pk), User.objects.get(pk=alice.pk)
    sessions.set_password(first, password="the-first-of-the-two", at=NOON)

    with pytest.raises(sessions.PasswordOutdated):
        sessions.set_password(second, password="the-second-of-the-two", at=NOON)

    alice.refresh_from_db()
    assert alice.check_password("the-first-of-the-two")
    assert JournalEntry.objects.count() == 1


def test_a_link_lasts_three_days(client, monkeypatch):
    alice = make_user("alice@example.org")
    made = mailing.tokens._now()
    path = path_of(mailing.password_link(alice))

    monkeypatch.setattr(mailing.tokens, "_now", lambda: made + timedelta(days=3, seconds=-1))
    in_time = client.get(path).status_code
    monkeypatch.setattr(mailing.tokens, "_now", lambda: made + timedelta(days=3, seconds=1))

    assert (in_time, client.get(path).status_code) == (200, 410)


def test_a_link_is_for_one_person_only(client):
    alice, bob = make_user("alice@example.org"), make_user("bob@example.org")
    token = mailing.tokens.make_token(alice)

    answer = client.get(reverse("accounts:password-set", args=[bob.public_id, token]))

    assert answer.status_code == 410


def test_a_link_dies_when_the_person_is_deactivated_and_stays_dead(client):
    make_user("boss@example.org", role="administrator")
    alice = make_user("alice@example.org")
    path = path_of(mailing.password_link(alice))

    people.deactivate_person(alice, by=None, at=NOON)
    while_inactive = client.get(path).status_code
    people.activate_person(alice, by=None, at=NOON)

    assert (while_inactive, client.get(path).status_code) == (410, 410)


def test_setting_the_password_ends_the_other_sessions(client):
    alice = make_user("alice@example.org")
    elsewhere = Client()
    elsewhere.force_login(alice)

    client.post(path_of(mailing.password_link(alice)), NEW)

    assert elsewhere.get("/preferences/").status_code == 302


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("short", "short", "This password is too short."),
        ("alice@example.org", "alice@example.org", "too similar to the email address"),
        ("password12345", "password12345", "too common"),
        ("seven-loud-herons-dance", "seven-loud-herons-sing", "This is not the same password."),
    ],
)
def test_a_weak_password_is_refused(client, password, again, said):
    alice = make_user("alice@example.org")
    path = path_of(mailing.password_link(alice))

    answer = client.post(path, {"password": password, "again": again})

    assert answer.status_code == 422
    assert said in answer.content.decode()
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_somebody_who_is_invited_is_welcomed(client):
    guest = make_user("guest@example.org")
    guest.password = make_password(None)
    guest.save(update_fields=["password"])

    page = client.get(path_of(mailing.password_link(guest))).content.decode()

    assert "Welcome to Overture" in page
