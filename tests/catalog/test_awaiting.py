"""What waits for whom: on the home page, and for every person as approving itself says."""

import pytest
from django.urls import reverse

from catalog.actions import approvals
from catalog.approving import SIDES, may_approve, state_of
from catalog.awaiting import awaiting, held_up, sides_awaiting
from catalog.models import Approval, Environment, Offer
from tests.build import NOON, make_label, make_role, make_user
from tests.catalog.making import (
    CONTENT,
    ELIGIBILITY,
    LATER,
    make_offer,
    make_template,
    offer_form,
    write_all,
)

pytestmark = pytest.mark.django_db


def submit(offer, *sides, until=None):
    approvals.submit([offer], sides=sides or SIDES, deadline=until, by=None, at=NOON)


def codes(user):
    return [offer.code for offer in awaiting(user)]


def test_whoever_may_approve_is_waited_for_and_nobody_else(shop):
    secret = make_label("secret")
    chief = make_role("Chief")
    people = [
        make_user("ada@example.org", role="administrator"),
        make_user("mia@example.org", role="offer_manager"),
        make_user("rita@example.org", role=chief),
        make_user("omar@example.org", role="analyst"),
        make_user("zoe@example.org", role=make_role("Seer", "catalog.approve_offer")),
    ]
    named = make_template(shop)
    named.reviewers.add(people[3])
    by_role = make_template(shop, name="Of the chief")
    by_role.reviewer_roles.add(chief)
    offers = [
        make_offer(shop, "FREE", by=people[1]),
        make_offer(shop, "NAMED", template=named),
        make_offer(shop, "CHIEF", template=by_role, by=people[0]),
        make_offer(shop, "SECRET", access_labels=(secret.code,)),
        make_offer(shop, "IDLE"),
    ]
    for offer, sides in zip(offers, [SIDES, [CONTENT], [ELIGIBILITY], SIDES], strict=False):
        submit(offer, *sides)

    for four_eyes in (False, True):
        Environment.objects.update(four_eyes=four_eyes)
        for person in people:
            seen = Offer.objects.with_parts().visible_to(person).order_by("pk")
            expected = {
                offer.code: [
                    side
                    for side in SIDES
                    if state_of(offer, side) == Approval.PENDING
                    and may_approve(offer, side, person)
                ]
                for offer in seen.select_related("template")
            }
            found = {
                offer.code: sides_awaiting(offer, person)
                for offer in awaiting(person).select_related("environment")
            }
            assert found == {code: sides for code, sides in expected.items() if sides}
    assert codes(people[2]) == ["CHIEF"]
    assert codes(people[3]) == ["NAMED"]


def test_the_most_urgent_come_first_and_home_shows_them(
    shop, client, django_assert_max_num_queries
):
    rita = make_user("rita@example.org", role="offer_manager")
    for offer in write_all(shop, [offer_form(f"O{number}") for number in range(8)]):
        submit(offer, CONTENT)
    submit(make_offer(shop, "URGENT"), until=LATER)
    client.force_login(rita)
    with django_assert_max_num_queries(20):
        page = client.get(reverse("home")).content.decode()

    assert codes(rita)[0] == "URGENT"
    assert "Approve the content and the eligibility of Urgent" in page
    assert "Approve the content of O4" in page
    assert "Approve the content of O5" not in page
    assert "3 more offers wait for approval" in page


def test_what_could_not_go_live_waits_for_its_author(shop, client):
    mia = make_user("mia@example.org", role="offer_manager")
    make_user("rita@example.org", role="offer_manager")
    stuck = make_offer(shop, by=mia)
    Offer.objects.filter(pk=stuck.pk).update(publishing_errors={"en": "The space is gone."})
    client.force_login(mia)

    assert [offer.code for offer in held_up(mia)] == ["NYC"]
    assert "Nyc is approved, but could not go live" in client.get("/").content.decode()
    client.force_login(make_user("omar@example.org", role="offer_manager"))
    assert "could not go live" not in client.get("/").content.decode()
