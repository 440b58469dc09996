import pytest
from django.urls import reverse

from accounts.actions import labels as actions
from accounts.actions.granting import Stale
from accounts.models import AccessLabel, JournalEntry, held_labels
from tests.build import NOON, built_in, make_label, make_role, make_user

pytestmark = pytest.mark.django_db


def test_a_label_is_created_from_the_form(client):
    client.force_login(make_user(role="administrator"))

    answer = client.post(
        reverse("accounts:label-create"), {"name": "Brand A", "code": "brand-a", "description": ""}
    )

    assert answer["Location"] == "/labels/"
    assert str(AccessLabel.objects.get(code="brand-a")) == "Brand A"
    assert JournalEntry.objects.get().verb == "label.created"


@pytest.mark.parametrize("code", ["Brand A", "brand a", "-a", "create", "é", "a" * 51])
def test_a_code_is_plain(client, code):
    client.force_login(make_user(role="administrator"))

    answer = client.post(reverse("accounts:label-create"), {"name": "Brand A", "code": code})

    assert answer.status_code == 422
    assert not AccessLabel.objects.exists()


@pytest.mark.parametrize(("code", "name"), [("brand-a", "Other"), ("other", "BRAND A")])
def test_a_code_and_a_name_are_used_once(code, name):
    make_label("brand-a", name="Brand A")

    with pytest.raises(actions.NameTaken):
        actions.create_label(code=code, name=name, description="", by=None, at=NOON)

    assert AccessLabel.objects.count() == 1


def test_a_stale_edit_of_a_label_is_refused():
    label = make_label("brand-a")
    actions.edit_label(label, version=1, name="Brand Alpha", description="", by=None, at=NOON)

    with pytest.raises(Stale):
        actions.edit_label(label, version=1, name="Brand Omega", description="", by=None, at=NOON)

    label.refresh_from_db()
    assert label.name == "Brand Alpha"


def test_a_label_that_a_role_carries_is_not_deleted(client):
    label = make_label("brand-a")
    make_role("Brand manager", labels=[label])
    client.force_login(make_user(role="administrator"))
    asked = client.get(reverse("accounts:label-delete", args=["brand-a"])).content.decode()

    with pytest.raises(actions.StillUsed):
        actions.delete_label(label, by=None, at=NOON)

    assert "1 role or object carries this label" in asked
    assert "Delete the label</button>" not in asked
    assert AccessLabel.objects.exists()
    assert not JournalEntry.objects.exists()


def test_a_label_that_nothing_carries_is_deleted(client):
    client.force_login(make_user(role="administrator"))
    make_label("brand-a")

    client.post(reverse("accounts:label-delete", args=["brand-a"]))

    assert not AccessLabel.objects.exists()
    assert JournalEntry.objects.get().verb == "label.deleted"


def test_people_hold_the_labels_of_all_their_roles():
    a, b, c = make_label("brand-a"), make_label("brand-b"), make_label("brand-c")
    alice = make_user("alice@example.org", role=make_role("One", labels=[a]))
    alice.roles.add(make_role("Two", labels=[a, b]))
    boss = make_user("boss@example.org", role="administrator")

    assert list(held_labels(alice)) == [a, b]
    assert alice.held_label_keys == {a.pk, b.pk}
    assert list(held_labels(boss)) == [a, b, c]


def test_a_built_in_role_may_carry_labels():
    label = make_label("brand-a")
    built_in("agent").labels.add(label)

    assert list(held_labels(make_user(role="agent"))) == [label]
