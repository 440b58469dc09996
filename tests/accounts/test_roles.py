import pytest
from django.urls import reverse

from accounts.actions import roles as actions
from accounts.actions.granting import MayNotGrant, Stale
from accounts.models import JournalEntry, Role
from accounts.rights import Right
from tests.build import NOON, built_in, make_label, make_role, make_user

pytestmark = pytest.mark.django_db


def create(name="Brand manager", *, rights=(), labels=(), by=None):
    return actions.create_role(
        name=name, description="", rights=rights, labels=labels, by=by, at=NOON
    )


def edit(role, *, by=None, **changes):
    given = {
        "version": role.version,
        "name": role.name,
        "description": role.description,
        "rights": list(role.granted),
        "labels": list(role.labels.all()),
    }
    actions.edit_role(role, **{**given, **changes}, by=by, at=NOON)


def test_a_role_is_created_from_the_form(client):
    client.force_login(make_user(role="administrator"))
    make_label("brand-a")

    answer = client.post(
        reverse("accounts:role-create"),
        {
            "name": "Brand manager",
            "description": "Writes for one brand.",
            "rights": ["coupons.view_coupon", "catalog.change_offer"],
            "labels": ["brand-a"],
        },
    )

    assert answer["Location"] == "/roles/brand-manager/"
    role = Role.objects.get(code="brand-manager")
    assert role.rights == ["catalog.change_offer", "coupons.view_coupon"]
    assert [label.code for label in role.labels.all()] == ["brand-a"]
    assert JournalEntry.objects.get().after == {
        "name": "Brand manager",
        "description": "Writes for one brand.",
        "rights": ["catalog.change_offer", "coupons.view_coupon"],
        "labels": ["brand-a"],
    }


def test_a_copy_begins_with_the_rights_of_the_original(client):
    client.force_login(make_user(role="administrator"))

    page = client.get(reverse("accounts:role-duplicate", args=["agent"])).content.decode()

    assert 'value="Copy of Call centre agent"' in page
    assert page.count("checked") == 9


@pytest.mark.parametrize("name", ["Agent", "AGENT", "brand manager"])
def test_a_name_or_a_code_is_used_once(name):
    make_role("Brand Manager")

    with pytest.raises(actions.NameTaken):
        create(name)

    assert Role.objects.count() == 6


@pytest.mark.parametrize("name", ["Create", "日本", "—"])
def test_a_name_that_makes_no_code_has_one_of_its_own(name):
    role = create(name)

    assert role.code.startswith("role-")


def test_nobody_gives_a_role_a_right_that_they_do_not_hold():
    manager = make_user("manager@example.org", "accounts.manage_roles", "coupons.view_coupon")

    create("Reader", rights=[Right.VIEW_COUPON], by=manager)
    with pytest.raises(MayNotGrant, match="Redeem coupon codes"):
        create("Till", rights=[Right.VIEW_COUPON, Right.REDEEM_CODES], by=manager)

    assert not Role.objects.filter(name="Till").exists()


def test_nobody_adds_to_their_own_role_what_they_do_not_hold():
    manager = make_user("manager@example.org", "accounts.manage_roles")
    role = manager.roles.get()

    with pytest.raises(MayNotGrant):
        edit(role, rights=[Right.MANAGE_ROLES, Right.MANAGE_PEOPLE], by=manager)
    with pytest.raises(MayNotGrant):
        edit(role, labels=[make_label("secret")], by=manager)

    role.refresh_from_db()
    assert role.rights == ["accounts.manage_roles"]
    assert not role.labels.exists()


def test_what_a_role_has_already_may_stay_when_somebody_else_edits_it():
    manager = make_user("manager@example.org", "accounts.manage_roles")
    till = make_role("Till", "coupons.redeem_codes")

    edit(till, name="Tills", by=manager)

    till.refresh_from_db()
    assert (till.name, till.rights) == ("Tills", ["coupons.redeem_codes"])


def test_of_a_built_in_role_only_the_labels_change():
    agent = built_in("agent")
    label = make_label("brand-a")

    edit(agent, name="Other", rights=[Right.MANAGE_PEOPLE], labels=[label])

    agent = Role.objects.get(code="agent")
    assert (str(agent), agent.rights) == ("Call centre agent", [])
    assert Right.MANAGE_PEOPLE not in agent.granted
    assert list(agent.labels.all()) == [label]


def test_the_form_of_a_built_in_role_takes_nothing_but_labels(client):
    client.force_login(make_user(role="administrator"))
    make_label("brand-a")

    answer = client.post(
        reverse("accounts:role-edit", args=["agent"]),
        {"name": "X", "rights": ["accounts.manage_people"], "labels": ["brand-a"], "version": 1},
    )

    assert answer["Location"] == "/roles/agent/"
    agent = Role.objects.get(code="agent")
    assert (str(agent), agent.rights) == ("Call centre agent", [])
    assert [label.code for label in agent.labels.all()] == ["brand-a"]


def test_a_stale_edit_of_a_role_is_refused():
    role = make_role("Till", "coupons.redeem_codes")
    edit(role, name="Tills")

    with pytest.raises(Stale):
        edit(role, name="Cash desks")

    role.refresh_from_db()
    assert role.name == "Tills"
    assert JournalEntry.objects.count() == 1


def test_a_role_that_somebody_holds_is_not_deleted(client):
    role = make_role("Till")
    make_user("alice@example.org", role=role, is_active=False)
    client.force_login(make_user("boss@example.org", role="administrator"))
    asked = client.get(reverse("accounts:role-delete", args=[role.code])).content.decode()

    with pytest.raises(actions.StillHeld, match="1 person holds"):
        actions.delete_role(role, by=None, at=NOON)

    assert "1 person holds this role" in asked
    assert "Cancel" not in asked  # nothing to press
    assert Role.objects.filter(pk=role.pk).exists()
    assert not JournalEntry.objects.exists()


def test_a_built_in_role_is_not_deleted():
    with pytest.raises(actions.BuiltInRole):
        actions.delete_role(built_in("analyst"), by=None, at=NOON)

    assert Role.objects.filter(code="analyst").exists()


def test_the_journal_keeps_what_a_deleted_role_allowed():
    role = make_role("Till", "coupons.redeem_codes")

    actions.delete_role(role, by=None, at=NOON)

    entry = JournalEntry.objects.get()
    assert (entry.verb, entry.subject_label) == ("role.deleted", "Till")
    assert entry.before["rights"] == ["coupons.redeem_codes"]


def test_the_list_of_roles_counts_people(client, django_assert_max_num_queries):
    client.force_login(make_user(role="administrator"))
    till = make_role("Till", "coupons.redeem_codes")
    make_user("bob@example.org", role=till)
    make_user("gone@example.org", role=till, is_active=False)

    with django_assert_max_num_queries(10):
        answer = client.get(reverse("accounts:role-list"))

    counts = {str(row): row.person_count for row in answer.context["list"].rows}
    assert counts["Till"] == 1
    assert counts["Administrator"] == 1
    assert counts["Analyst"] == 0
