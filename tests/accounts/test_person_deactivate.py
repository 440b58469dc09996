import threading
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.urls import reverse

from accounts.actions import people as actions
from accounts.actions.granting import LastAdministrator
from accounts.models import JournalEntry, User
from tests.build import NOON, make_key, make_user


@pytest.mark.django_db
def test_a_confirmation_comes_before_the_deactivation(client):
    boss = make_user("boss@example.org", role="administrator")
    bob = make_user("bob@example.org", role="agent", first_name="Bob")
    make_key(name="Till key", created_by=bob)
    client.force_login(boss)
    url = reverse("accounts:person-deactivate", args=[bob.public_id])

    asked = client.get(url)
    untouched = User.objects.get(pk=bob.pk).is_active
    done = client.post(url)

    assert "Deactivate Bob?" in asked.content.decode()
    assert "Till key" in asked.content.decode()  # which goes on working
    assert untouched
    assert done["Location"] == f"/people/{bob.public_id}/"
    assert not User.objects.get(pk=bob.pk).is_active
    assert JournalEntry.objects.get().verb == "person.deactivated"


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["person-deactivate", "person-link"])
def test_who_may_do_more_is_not_offered_for_it(client, page):
    boss = make_user("boss@example.org", role="administrator")
    client.force_login(make_user("alice@example.org", "accounts.manage_people"))

    asked = client.get(reverse(f"accounts:{page}", args=[boss.public_id])).content.decode()

    assert "boss@example.org may do more than you: ask an administrator." in asked
    assert "Close" in asked
    assert "Cancel" not in asked


@pytest.mark.django_db
def test_nobody_deactivates_themselves():
    boss = make_user("boss@example.org", role="administrator")
    make_user("other@example.org", role="administrator")

    with pytest.raises(actions.NotYourself):
        actions.deactivate_person(boss, by=boss, at=NOON)

    assert User.objects.get(pk=boss.pk).is_active
    assert not JournalEntry.objects.exists()


@pytest.mark.django_db
def test_the_last_administrator_is_not_deactivated_even_from_the_shell():
    boss = make_user("boss@example.org", role="administrator")
    make_user("gone@example.org", role="administrator", is_active=False)

    with pytest.raises(LastAdministrator):
        actions.deactivate_person(boss, by=None, at=NOON)

    assert User.objects.get(pk=boss.pk).is_active
    assert not JournalEntry.objects.exists()


@pytest.mark.django_db
def test_somebody_is_deactivated_once():
    bob = make_user("bob@example.org")
    actions.deactivate_person(bob, by=None, at=NOON)

    with pytest.raises(actions.NotActive):
        actions.deactivate_person(bob, by=None, at=NOON)

    assert JournalEntry.objects.count() == 1


@pytest.mark.django_db
def test_several_are_deactivated_and_those_who_cannot_be_are_named(client):
    boss = make_user("boss@example.org", role="administrator")
    bob, carol = make_user("bob@example.org"), make_user("carol@example.org")
    client.force_login(boss)
    rows = {"row": [str(person.public_id) for person in (bob, carol, boss)]}

    asked = client.get(reverse("accounts:people-deactivate"), rows)
    done = client.post(reverse("accounts:people-deactivate"), rows, follow=True)

    assert "Deactivate 3 people?" in asked.content.decode()
    page = done.content.decode()
    assert "2 people are deactivated." in page
    assert "You cannot deactivate yourself." in page
    assert list(User.objects.active().values_list("email", flat=True)) == ["boss@example.org"]


@pytest.mark.django_db
def test_nonsense_among_the_ticked_rows_is_nobody(client):
    client.force_login(make_user(role="administrator"))

    answer = client.post(reverse("accounts:people-deactivate"), {"row": ["nonsense"]})

    assert answer.status_code == 302
    assert User.objects.active().count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_deactivate_each_other_at_once_leave_one(monkeypatch):
    one = make_user("one@example.org", role="administrator")
    other = make_user("other@example.org", role="administrator")
    nearly_done = threading.Event()

    def take_a_while(*args, **kwargs):
        nearly_done.set()
        time.sleep(0.5)

    def deactivate_one():
        actions.deactivate_person(one, by=other, at=NOON)
        connection.close()

    monkeypatch.setattr(actions, "record", take_a_while)
    thread = threading.Thread(target=deactivate_one)
    thread.start()
    assert nearly_done.wait(5)

    with pytest.raises(LastAdministrator):
        actions.deactivate_person(other, by=one, at=NOON)

    thread.join()
    assert User.objects.active().administrators().get() == other


@pytest.mark.django_db(transaction=True)
def test_ten_ways_to_lose_the_administrators_at_once_leave_one():
    people = [make_user(f"{n}@example.org", role="administrator") for n in range(10)]
    start = Barrier(10)

    def lose(numbered):
        number, person = numbered
        try:
            start.wait()
            if number % 2:
                actions.deactivate_person(person, by=None, at=NOON)
            else:
                actions.edit_person(
                    person,
                    version=1,
                    email=person.email,
                    first_name="",
                    last_name="",
                    roles=[],
                    by=None,
                    at=NOON,
                )
        except LastAdministrator:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lose, enumerate(people)))

    assert answers.count(True) == 9
    assert User.objects.active().administrators().count() == 1
