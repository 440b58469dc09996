import pytest
from django.urls import reverse

from accounts.actions import people as actions
from accounts.actions.granting import MayNotGrant
from accounts.models import JournalEntry, User
from tests.build import NOON, built_in, make_label, make_role, make_user

pytestmark = pytest.mark.django_db


def test_an_invitation_is_mailed_once_it_is_committed_and_shown_once(
    client, queued, django_capture_on_commit_callbacks
):
    boss = make_user("boss@example.org", role="administrator", first_name="Ada")
    client.force_login(boss)

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(
            reverse("accounts:person-invite"),
            {"email": "Bob@Example.org", "first_name": "Bob", "roles": ["agent", "analyst"]},
        )

    bob = User.objects.get(email="bob@example.org")
    assert answer.status_code == 200
    assert f"/password/{bob.public_id}/" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert queued == [bob.pk]
    assert bob.state == "invited"
    assert bob.invited_by == boss
    assert {role.code for role in bob.roles.all()} == {"agent", "analyst"}
    entry = JournalEntry.objects.get()
    assert (entry.verb, entry.by, entry.by_name, entry.via) == (
        "person.invited",
        boss,
        "Ada",
        "screen",
    )
    assert entry.after == {
        "email": "bob@example.org",
        "first_name": "Bob",
        "last_name": "",
        "roles": ["agent", "analyst"],
    }


def test_an_address_is_taken_in_any_case(queued):
    make_user("alice@example.org")

    with pytest.raises(actions.AddressTaken):
        actions.invite_person(
            email="ALICE@example.org", roles=[built_in("agent")], by=None, at=NOON
        )

    assert User.objects.count() == 1
    assert not JournalEntry.objects.exists()


def test_nobody_gives_a_role_with_a_right_that_they_do_not_hold(client, queued):
    manager = make_user("manager@example.org", "accounts.manage_people", "coupons.view_coupon")
    make_role("Reader", "coupons.view_coupon", code="reader")
    client.force_login(manager)
    invite = reverse("accounts:person-invite")

    refused = client.post(invite, {"email": "bob@example.org", "roles": ["offer_manager"]})
    allowed = client.post(invite, {"email": "carol@example.org", "roles": ["reader"]})

    assert refused.status_code == 422
    assert "You cannot give a right that you do not have" in refused.content.decode()
    assert allowed.status_code == 200
    assert not User.objects.filter(email="bob@example.org").exists()


def test_nobody_gives_a_role_with_a_label_that_they_do_not_hold():
    manager = make_user("manager@example.org", "accounts.manage_people")
    secret = make_role("Secret", labels=[make_label("secret")])

    with pytest.raises(MayNotGrant, match="Secret"):
        actions.invite_person(email="bob@example.org", roles=[secret], by=manager, at=NOON)

    assert User.objects.count() == 1


def test_an_invitation_needs_a_role_and_an_address(client):
    client.force_login(make_user(role="administrator"))

    answer = client.post(reverse("accounts:person-invite"), {"email": "not an address"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose at least one role." in page
    assert "Enter an email address such as name@example.com." in page
    assert User.objects.count() == 1
