"""Describing audiences, and lists of people."""

from typing import Any

import pytest
from django.db.models import ProtectedError
from django.urls import reverse

from accounts.actions.granting import MayNotGrant, Stale
from accounts.models import JournalEntry
from contacts import counting, tasks
from contacts.actions import audiences as actions
from contacts.actions.refusing import NameTaken, StillUsed
from contacts.audiences import holding, members
from contacts.columns import asked
from contacts.facts import read_person
from contacts.models import Audience, Contact
from rules.refusals import BadRule
from tests.build import (
    NOON,
    make_attribute,
    make_audience,
    make_contact,
    make_label,
    make_role,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def queued(monkeypatch):
    """The keys of the audiences that a worker would count."""
    keys: list[object] = []
    monkeypatch.setattr(tasks.count_audience, "delay", keys.append)
    monkeypatch.setattr(tasks.index_attributes, "apply_async", lambda queue: keys.append(queue))
    return keys


def create(name="rich", rule="contact.points > 10", **options):
    options.setdefault("label", name.capitalize())
    return actions.create_audience(name=name, rule=rule, by=None, at=NOON, **options)


def test_an_audience_is_described_counted_and_shown(
    client, queued, django_capture_on_commit_callbacks
):
    make_attribute("points", "int", label="Points")
    client.force_login(make_user(role="administrator"))
    for number in range(12):
        make_contact(f"C-{number:02}", points=number)

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(
            reverse("contacts:audience-create"),
            {"name": "rich", "label": "Rich", "rule": "contact.points >= 1"},
        )

    assert answer["Location"] == "/audiences/rich/"
    audience = Audience.objects.get()
    assert audience.tree == {
        "op": ">=",
        "left": {"name": "contact.points"},
        "right": {"value": 1, "kind": "int"},
    }
    assert queued == [audience.pk, "bulk"]
    page = client.get("/audiences/rich/").content.decode()
    assert "Points is at least 1." in page
    people = client.get("/audiences/rich/people/").content.decode()
    assert '<div class="stat-value">11</div>' in people
    assert "10 of them:" in people
    assert counting.count_audience(audience.pk, at=NOON) == 11
    assert '<span title="' in client.get(reverse("contacts:audience-list")).content.decode()


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("contact.points >", "rule"),
        ("contact.unknown > 1", "rule"),
        ("contact.points", "rule"),
        ('filter("rich")', "rule"),
        ("", "rule"),
    ],
)
def test_a_rule_that_means_nothing_is_refused_with_why(client, rule, told):
    make_attribute("points", "int")
    client.force_login(make_user(role="administrator"))

    answer = client.post(
        reverse("contacts:audience-create"), {"name": "rich", "label": "Rich", "rule": rule}
    )

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [told]
    assert not Audience.objects.exists()


def test_a_rule_never_leads_back_to_itself():
    make_attribute("points", "int")
    rich = create("rich")
    create("very_rich", 'filter("rich") && contact.points > 100')

    with pytest.raises(BadRule):
        actions.edit_audience(
            rich,
            version=1,
            label="Rich",
            description="",
            access_labels=[],
            rule='filter("very_rich")',
            by=None,
            at=NOON,
        )

    rich.refresh_from_db()
    assert rich.rule == "contact.points > 10"


def test_an_audience_that_another_names_is_not_deleted(client):
    make_attribute("points", "int")
    rich = create("rich")
    create("very_rich", 'filter("rich") && contact.points > 100', label="Very rich")

    with pytest.raises(StillUsed, match="Very rich"):
        actions.delete_audience(rich, by=None, at=NOON)

    assert Audience.objects.count() == 2
    client.force_login(make_user(role="administrator"))
    assert "Very rich" in client.get("/audiences/rich/").content.decode()


def test_whoever_lacks_its_label_hears_of_an_audience_nowhere(client):
    make_attribute("points", "int", label="Points")
    create("rich", access_labels=[make_label("brand-a")])
    create("poor", "contact.points < 1")
    create("hushed", 'contact.points > 10 && filter("poor")', access_labels=[make_label("brand-b")])
    gone = create("hushed_list", None, access_labels=[make_label("brand-c")])
    actions.change_members(gone, [], replaces=False, by=None, at=NOON)
    actions.delete_audience(gone, by=None, at=NOON)
    rights = ["contacts.view_audience", "contacts.change_audience", "contacts.change_attribute"]
    reader = make_user("reader@example.org", *rights, "accounts.view_journal")
    client.force_login(reader)

    def page(path):
        return client.get(path).content.decode()

    paths = ["/journal/", "/audiences/poor/", "/audiences/poor/edit/", "/attributes/points/edit/"]
    shown = {path: page(path) for path in paths}
    for path in ("/audiences/poor/delete/", "/attributes/points/retire/"):
        shown[path] = client.post(path, follow=True).content.decode()

    assert [path for path in shown if "ushed" in shown[path]] == []
    assert "created the audience Poor" in shown["/journal/"]
    assert "some that you may not see" in shown["/audiences/poor/delete/"]
    assert "Poor, some that you may not see" in shown["/attributes/points/retire/"]


def test_names_are_given_once_and_a_stale_edit_is_refused():
    make_attribute("points", "int")
    rich = create("rich")
    fields: dict[str, Any] = {"description": "", "access_labels": [], "by": None, "at": NOON}
    actions.edit_audience(rich, version=1, label="Wealthy", **fields)

    with pytest.raises(NameTaken):
        create("rich")
    with pytest.raises(Stale):
        actions.edit_audience(rich, version=1, label="Poor", **fields)

    rich.refresh_from_db()
    assert rich.label == "Wealthy"


def test_a_list_is_made_of_pasted_keys_former_ones_too(client):
    client.force_login(make_user(role="administrator"))
    alice, bob = make_contact("C-1"), make_contact("C-2")
    alice.aliases.create(key="old")
    make_contact("V-1", kind="visitor")

    answer = client.post(
        reverse("contacts:audience-create-list"),
        {"name": "vip", "label": "VIP", "keys": "old\r\nC-2;C-2,V-1\tnobody"},
        follow=True,
    )

    vip = Audience.objects.get()
    assert set(vip.members.values_list("contact_id", flat=True)) == {alice.pk, bob.pk}
    assert vip.last_count == 2
    page = answer.content.decode()
    assert "2 contacts are on the list." in page
    assert "There are no contacts with 2 of the keys: V-1, nobody." in page
    assert "VIP" in client.get(alice.get_absolute_url()).content.decode()


@pytest.mark.parametrize(("what", "left"), [("add", {"C-1", "C-2"}), ("replace", {"C-2"})])
def test_pasted_keys_are_added_or_are_the_whole_list(client, what, left):
    client.force_login(make_user(role="administrator"))
    make_contact("C-1"), make_contact("C-2")
    vip = make_audience("vip")
    actions.change_members(vip, ["C-1"], replaces=True, by=None, at=NOON)

    client.post("/audiences/vip/members/", {"keys": "C-2", "replaces": what})

    assert set(vip.members.values_list("contact__key", flat=True)) == left


def test_an_audience_with_a_label_is_for_those_who_hold_it(client):
    brand = make_label("brand-a")
    holder = make_role(
        "Brand", "contacts.view_audience", "contacts.change_audience", labels=[brand]
    )
    vip = make_audience("vip")
    vip.access_labels.add(brand)
    client.force_login(make_user("eve@example.org", role="analyst"))

    assert client.get("/audiences/vip/").status_code == 404
    assert "vip" not in client.get(reverse("contacts:audience-list")).content.decode()
    client.force_login(make_user("alice@example.org", role=holder))
    assert client.get("/audiences/vip/").status_code == 200

    eve = make_user("mallory@example.org", "contacts.view_audience", "contacts.change_audience")
    with pytest.raises(MayNotGrant):
        actions.create_audience(
            name="x", label="X", rule=None, access_labels=[brand], by=eve, at=NOON
        )


def test_a_contact_page_says_which_rules_hold_for_somebody(client):
    make_attribute("points", "int")
    make_audience("rich", "contact.points > 10", label="The rich")
    make_audience("poor", "contact.points <= 10", label="The poor")
    contact = make_contact("C-1", points=11)
    client.force_login(make_user(role="administrator"))

    page = client.get(contact.get_absolute_url()).content.decode()

    assert "The rich" in page
    assert "The poor" not in page


def test_a_rule_whose_attribute_is_gone_says_so_instead_of_failing(client):
    make_audience("rich", "contact.points > 10")
    client.force_login(make_user(role="administrator"))

    answer = client.get("/audiences/rich/people/")

    assert answer.status_code == 200
    assert "contact.points" in answer.content.decode()
    assert JournalEntry.objects.count() == 0


# --- lists inside rules ---


@pytest.fixture
def vip():
    make_attribute("points", "int")
    for key, points in (("C-1", 5), ("C-2", 50), ("C-3", 500)):
        make_contact(key, points=points)
    vip = create("vip", None, label="VIP")
    actions.change_members(vip, ["C-2", "C-3"], replaces=True, by=None, at=NOON)
    return vip


def keys_of(audience):
    people = members(audience, at=NOON, zone="UTC")
    return sorted(people.values_list("key", flat=True))


def held_by(key, *audiences):
    """What the compiled rules say of somebody."""
    contact = Contact.objects.get(key=key)
    return holding(audiences, read_person(contact.pk, asked()), at=NOON, zone="UTC")


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ('filter("vip")', ["C-2", "C-3"]),
        ('!filter("vip")', ["C-1"]),
        ('filter("vip") && contact.points > 100', ["C-3"]),
        ('filter("vip") ? contact.points < 100 : contact.points > 100', ["C-2"]),
    ],
)
def test_a_list_is_a_filter_in_python_as_in_the_database(vip, rule, found):
    audience = create("some", rule)

    assert keys_of(audience) == found
    assert [key for key in ("C-1", "C-2", "C-3") if held_by(key, audience)] == found


def test_a_rule_follows_its_list(vip):
    audience = create("some", 'filter("vip")')

    actions.change_members(vip, ["C-1"], replaces=True, by=None, at=NOON)

    assert keys_of(audience) == ["C-1"]
    assert held_by("C-1", audience) == [audience]
    assert held_by("C-3", audience) == []


def test_a_person_is_read_with_their_lists_in_one_query(vip, django_assert_num_queries):
    contact = Contact.objects.get(key="C-2")
    columns = asked()

    with django_assert_num_queries(1):
        facts = read_person(contact.pk, columns)

    assert facts["lists"] == (vip.pk,)


def test_a_list_that_a_rule_names_is_not_deleted(vip):
    create("some", 'filter("vip")', label="Some of them")

    with pytest.raises(StillUsed, match="Some of them"):
        actions.delete_audience(vip, by=None, at=NOON)

    assert Audience.objects.filter(name="vip").exists()


def test_a_list_that_other_rooms_name_is_not_deleted(vip, monkeypatch):
    def protected(self):
        raise ProtectedError("protected", {self})

    monkeypatch.setattr(Audience, "delete", protected)

    with pytest.raises(StillUsed, match="These use it: VIP"):
        actions.delete_audience(vip, by=None, at=NOON)

    assert not JournalEntry.objects.filter(verb="audience.deleted").exists()


def test_a_list_is_said_and_offered_by_its_label(vip, client):
    create("some", '!filter("vip") && contact.points > 1')
    client.force_login(make_user(role="administrator", language="en"))

    page = client.get("/audiences/some/").content.decode()
    form = client.get("/audiences/some/edit/").content.decode()

    assert "s not in the list VIP and points is over 1" in page
    assert '["vip", "VIP"]' in form


def test_the_label_of_a_list_that_one_may_not_see_is_not_told(vip, client):
    vip.access_labels.add(make_label("brand-a"))
    create("some", 'filter("vip")')
    client.force_login(make_user("eve@example.org", role="analyst", language="en"))

    page = client.get("/audiences/some/").content.decode()

    assert "VIP" not in page
    assert "“vip”" in page
