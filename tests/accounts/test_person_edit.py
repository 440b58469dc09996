import pytest
from django.urls import reverse

from accounts.actions import people as actions
from accounts.actions.granting import LastAdministrator, MayNotGrant, MayNotManage, Stale
from accounts.models import UNUSABLE_PASSWORD, JournalEntry, Role, User
from accounts.rights import Right
from tests.build import NOON, built_in, make_role, make_user

pytestmark = pytest.mark.django_db


def edit(person, *, by=None, **changes):
    given = {
        "version": person.version,
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "roles": list(person.roles.all()),
    }
    actions.edit_person(person, **{**given, **changes}, by=by, at=NOON)


@pytest.mark.django_db(transaction=True)
def test_a_role_that_was_deleted_meanwhile_is_a_refusal():
    bob = make_user("bob@example.org", role="agent")
    role = make_role("Short-lived")
    Role.objects.filter(pk=role.pk).delete()

    with pytest.raises(MayNotGrant, match="just been deleted"):
        edit(bob, roles=[role])

    assert [role.code for role in User.objects.get(pk=bob.pk).roles.all()] == ["agent"]


def test_an_edit_writes_what_changed_into_the_journal(client):
    boss = make_user("boss@example.org", role="administrator", first_name="Ada")
    bob = make_user("bob@example.org", role="agent", first_name="Bob")
    client.force_login(boss)

    answer = client.post(
        reverse("accounts:person-edit", args=[bob.public_id]),
        {"email": "bob@example.org", "first_name": "Robert", "roles": ["analyst"], "version": 1},
    )

    assert answer["Location"] == f"/people/{bob.public_id}/"
    bob = User.objects.get(pk=bob.pk)
    assert (bob.first_name, bob.version) == ("Robert", 2)
    assert [role.code for role in bob.roles.all()] == ["analyst"]
    entry = JournalEntry.objects.get()
    assert entry.before == {"first_name": "Bob", "roles": ["agent"]}
    assert entry.after == {"first_name": "Robert", "roles": ["analyst"]}


@pytest.mark.parametrize(("email", "told"), [("new@example.org", 1), ("bob@example.org", 0)])
def test_whoever_is_invited_elsewhere_needs_another_link(client, email, told):
    client.force_login(make_user("boss@example.org", role="administrator"))
    bob = make_user("bob@example.org", role="agent")
    User.objects.filter(pk=bob.pk).update(password=UNUSABLE_PASSWORD)

    answer = client.post(
        reverse("accounts:person-edit", args=[bob.public_id]),
        {"email": email, "first_name": "Robert", "roles": ["agent"], "version": 1},
        follow=True,
    )

    assert answer.content.decode().count("send the invitation again.") == told


def test_an_edit_that_changes_nothing_is_no_news():
    bob = make_user("bob@example.org", role="agent")

    edit(bob)

    assert not JournalEntry.objects.exists()


def test_a_stale_form_is_refused_and_says_who_was_first(client):
    boss = make_user("boss@example.org", role="administrator", first_name="Ada", last_name="Morel")
    bob = make_user("bob@example.org", role="agent", first_name="Bob")
    client.force_login(boss)
    edit(bob, first_name="Robert", by=boss)

    answer = client.post(
        reverse("accounts:person-edit", args=[bob.public_id]),
        {"email": "bob@example.org", "first_name": "Bobby", "roles": ["agent"], "version": 1},
    )

    assert answer.status_code == 422
    assert "Changed by Ada Morel on 21 November 2026" in answer.content.decode()
    bob.refresh_from_db()
    assert bob.first_name == "Robert"
    assert JournalEntry.objects.count() == 1


def test_a_stale_edit_gives_no_roles_either():
    bob = make_user("bob@example.org", role="agent")

    with pytest.raises(Stale):
        edit(bob, version=7, roles=[built_in("administrator")])

    assert [role.code for role in User.objects.get(pk=bob.pk).roles.all()] == ["agent"]


def test_an_address_that_is_taken_is_refused():
    make_user("alice@example.org")
    bob = make_user("bob@example.org")

    with pytest.raises(actions.AddressTaken):
        edit(bob, email="Alice@Example.org", first_name="Robert")

    bob.refresh_from_db()
    assert (bob.email, bob.first_name) == ("bob@example.org", "")


def test_the_last_administrator_stays_one():
    boss = make_user("boss@example.org", role="administrator")

    with pytest.raises(LastAdministrator):
        edit(boss, roles=[built_in("agent")], by=boss)

    assert User.objects.get(pk=boss.pk).is_administrator
    assert not JournalEntry.objects.exists()


def test_an_administrator_who_has_never_come_does_not_count():
    boss = make_user("boss@example.org", role="administrator")
    guest = make_user("guest@example.org", role="administrator")
    guest.set_unusable_password()
    guest.save(update_fields=["password"])

    with pytest.raises(LastAdministrator):
        edit(boss, roles=[built_in("agent")])

    assert User.objects.get(pk=boss.pk).is_administrator


def test_nobody_changes_the_address_of_somebody_who_may_do_more():
    """They could then have the other's password mailed to themselves."""
    boss = make_user("boss@example.org", role="administrator")
    manager = make_user("manager@example.org", "accounts.manage_people")

    with pytest.raises(MayNotManage):
        edit(boss, email="mine@example.org", by=manager)
    with pytest.raises(MayNotManage):
        actions.make_link(boss, by=manager, at=NOON)
    with pytest.raises(MayNotManage):
        actions.deactivate_person(boss, by=manager, at=NOON)

    boss.refresh_from_db()
    assert (boss.email, boss.is_active) == ("boss@example.org", True)
    assert not JournalEntry.objects.exists()


def test_somebody_inactive_is_not_reactivated_by_who_may_do_less():
    boss = make_user("boss@example.org", role="administrator", is_active=False)
    manager = make_user("manager@example.org", "accounts.manage_people")

    with pytest.raises(MayNotManage):
        actions.activate_person(boss, by=manager, at=NOON)

    boss.refresh_from_db()
    assert not boss.is_active


def test_nobody_gives_themselves_more():
    manager = make_user("manager@example.org", "accounts.manage_people")

    with pytest.raises(MayNotGrant):
        edit(manager, roles=[*manager.roles.all(), built_in("administrator")], by=manager)

    assert not User.objects.get(pk=manager.pk).is_administrator


def test_only_an_administrator_makes_an_administrator():
    """Who has every right still does not hold the labels of tomorrow."""
    manager = make_user("manager@example.org", *Right)
    administrator = make_user("boss@example.org", role="administrator")

    with pytest.raises(MayNotGrant, match="Only an administrator"):
        edit(manager, roles=[built_in("administrator")], by=manager)
    with pytest.raises(MayNotManage):
        actions.make_link(administrator, by=manager, at=NOON)

    assert not User.objects.get(pk=manager.pk).is_administrator
    edit(manager, roles=[built_in("administrator")], by=administrator)
    assert User.objects.get(pk=manager.pk).is_administrator
