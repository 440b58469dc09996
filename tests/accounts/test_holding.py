"""Somebody is read with what they hold by one statement, anew for every request."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.holding import active_person
from accounts.models import User
from tests.build import make_label, make_role, make_user


@pytest.fixture
def alice(db):
    """Somebody with two roles, one of which carries two labels, and with columns of every kind."""
    labels = [make_label("brand-a"), make_label("brand-b")]
    person = make_user(
        role=make_role("One", "accounts.view_journal", labels=labels),
        language="fr",
        time_zone="Europe/Paris",
        list_columns={"people": ["name"]},
    )
    person.roles.add(make_role("Two", "accounts.manage_keys", "gone.right"))
    return person


def columns_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_it_is_what_the_orm_reads(alice):
    ours, theirs = active_person(alice.pk), User.objects.get(pk=alice.pk)

    assert columns_of(ours) == columns_of(theirs)
    assert list(map(columns_of, ours.held_roles)) == list(
        map(columns_of, theirs.roles.order_by("pk"))
    )
    assert ours.held_label_keys == theirs.held_label_keys
    assert len(ours.held_label_keys) == 2
    assert ours.rights == {"accounts.view_journal", "accounts.manage_keys"}


@pytest.mark.django_db(transaction=True)
def test_it_is_the_same_where_the_server_has_prepared_it():
    label = make_label("brand-a")
    alice = make_user(role=make_role("One", labels=[label]), list_columns={"people": ["name"]})

    for _time in range(2):
        ours = active_person(alice.pk)
        assert columns_of(ours) == columns_of(User.objects.get(pk=alice.pk))
        assert ours.held_label_keys == {label.pk}


def test_nothing_more_is_asked_to_know_what_they_may_do(alice):
    with CaptureQueriesContext(connection) as asked:
        person = active_person(alice.pk)
        assert person.has_perm("accounts.view_journal")
        assert not person.is_administrator
        assert person.held_label_keys

    assert len(asked) == 1


def test_an_administrator_holds_every_label(db):
    boss = make_user(role="administrator")
    label = make_label("brand-a")

    assert active_person(boss.pk).held_label_keys == {label.pk}


def test_somebody_without_a_role_holds_nothing(db):
    nobody = active_person(make_user().pk)

    assert (nobody.held_roles, nobody.rights, nobody.held_label_keys) == ([], set(), set())


def test_who_is_deactivated_or_gone_is_nobody(alice):
    User.objects.update(is_active=False)

    assert active_person(alice.pk) is None
    assert active_person(alice.pk + 1) is None


def test_what_is_taken_away_is_gone_with_the_next_request(client, alice):
    client.force_login(alice)
    journal = reverse("accounts:journal-list")

    assert client.get(journal).status_code == 200
    alice.roles.filter(name="One").update(rights=[])
    assert client.get(journal).status_code == 403
    alice.roles.filter(name="One").update(rights=["accounts.view_journal"])
    assert client.get(journal).status_code == 200
    alice.roles.clear()
    assert client.get(journal).status_code == 403
    User.objects.update(is_active=False)
    assert client.get(journal)["Location"].startswith(reverse("accounts:sign-in"))
