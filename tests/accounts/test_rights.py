"""What each built-in role allows: the matrix of the catalogue, cell by cell, and the rest."""

import pytest

from accounts.rights import BUILT_IN_RIGHTS, DESCRIPTIONS, ROOMS, BuiltIn, Right, groups, matrix
from tests.build import make_role, make_user

# INT-041. object: offer manager in design and live, delivery manager in design and live.
MATRIX = {
    "offer": ("RW", "R", "–", "R"),
    "environment": ("RW", "R", "–", "R"),
    "administration_branch": ("RW", "R", "–", "–"),
    "space": ("RW", "R", "–", "R"),
    "filter": ("RW", "R", "R", "R"),
    "rule_set": ("RW", "R", "R", "R"),
    "presentation_rule": ("RW", "R", "–", "R"),
    "catalogue_root": ("RW", "R", "R", "R"),
    "category": ("RW", "R", "–", "R"),
}


@pytest.mark.parametrize("thing", MATRIX)
@pytest.mark.parametrize(("role", "column"), [("offer_manager", 0), ("delivery_manager", 2)])
def test_the_matrix_of_rights_on_the_catalogue(thing, role, column):
    design, live = MATRIX[thing][column], MATRIX[thing][column + 1]

    granted = BUILT_IN_RIGHTS[role]

    assert (f"catalog.view_design_{thing}" in granted) == ("R" in design)
    assert (f"catalog.change_{thing}" in granted) == ("W" in design)
    assert (f"catalog.view_live_{thing}" in granted) == ("R" in live)


def test_only_the_administrator_creates_spaces_and_environments():
    holders = {
        role.value
        for role in BuiltIn
        if {"catalog.add_space", "catalog.add_environment"} & BUILT_IN_RIGHTS[role]
    }

    assert holders == {"administrator"}


def test_the_administrator_may_do_everything():
    assert BUILT_IN_RIGHTS["administrator"] == set(Right)


def test_the_offer_manager_approves_publishes_and_simulates_but_sends_nothing():
    granted = BUILT_IN_RIGHTS["offer_manager"]

    assert granted >= {"catalog.approve_offer", "catalog.publish", "decisioning.simulate"}
    assert not granted & {"delivery.confirm_delivery", "contacts.view_personal_data"}


def test_the_delivery_manager_sends_but_approves_nothing():
    granted = BUILT_IN_RIGHTS["delivery_manager"]

    assert granted >= {"delivery.confirm_delivery", "decisioning.view_proposition"}
    assert not granted & {"catalog.approve_offer", "catalog.publish", "decisioning.simulate"}


def test_the_agent_may_do_these_things_only():
    assert {str(right) for right in BUILT_IN_RIGHTS["agent"]} == {
        "catalog.view_live_offer",
        "contacts.change_contact",
        "contacts.view_contact",
        "contacts.view_personal_data",
        "coupons.redeem_codes",
        "coupons.view_codes",
        "coupons.view_coupon",
        "decisioning.use_call_centre",
        "decisioning.view_proposition",
    }


def test_the_analyst_reads_all_but_personal_data_and_codes_and_changes_nothing():
    granted = {str(right) for right in BUILT_IN_RIGHTS["analyst"]}

    reading = {right for right in granted if right.partition(".")[2].startswith("view_")}
    assert granted - reading == {"decisioning.simulate", "decisioning.explain"}
    assert not granted & {"contacts.view_personal_data", "coupons.view_codes"}


def test_every_right_belongs_to_a_room_and_has_words():
    for right in Right:
        assert right.room in ROOMS
        assert str(right.label) != right.value
    assert set(DESCRIPTIONS) == set(BuiltIn)


def test_the_pages_show_every_right_once():
    shown = [right for row in matrix() for right in (row.design, row.change, row.live)]
    shown += [right for _name, rights in groups() for right in rights]

    assert sorted(shown) == sorted(Right)


@pytest.mark.django_db
def test_a_person_may_do_what_any_of_their_roles_allows():
    reader = make_role("Reader", "coupons.view_coupon")
    person = make_user(role="agent")
    person.roles.add(reader, make_role("Sender", "delivery.view_delivery"))

    assert person.has_perm("coupons.view_coupon")
    assert person.has_perms(["delivery.view_delivery", "decisioning.use_call_centre"])
    assert not person.has_perm("delivery.confirm_delivery")
    assert not person.has_perms(["delivery.view_delivery", "delivery.confirm_delivery"])
    assert person.has_module_perms("delivery")
    assert not person.has_module_perms("transfers")


@pytest.mark.django_db
def test_rights_cost_one_query_however_often_they_are_asked_for(django_assert_num_queries):
    person = make_user(role="offer_manager")
    person.roles.add(make_role("Reader", "coupons.view_coupon"))

    with django_assert_num_queries(1):
        for right in Right:
            person.has_perm(right)
        person.has_module_perms("catalog")
        assert not person.is_administrator


@pytest.mark.django_db
def test_somebody_deactivated_may_do_nothing():
    person = make_user(role="administrator", is_active=False)

    assert not person.has_perm("accounts.manage_people")
    assert not person.is_administrator


@pytest.mark.django_db
def test_a_right_that_has_gone_out_of_use_is_not_held():
    person = make_user("alice@example.org", "coupons.view_coupon", "catalog.long_gone")

    assert person.rights == {Right.VIEW_COUPON}
