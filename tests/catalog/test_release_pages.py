"""Releases in the browser: listed, compared, gone back to; and those that are planned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.timezone import now as clock

from accounts.rights import BuiltIn, Right
from catalog import releasing
from catalog.actions import approvals, releases
from catalog.actions.planned import plan_release
from catalog.models import PlannedRelease, Release
from tests.build import NOON, make_label, make_role, make_user
from tests.catalog.making import (
    CONTENT,
    edit,
    fresh,
    make_offer,
    make_shop,
    now,
    publish,
    weigh,
)

pytestmark = pytest.mark.django_db
PAGE = "/catalogue/shop/releases/"


@pytest.fixture(scope="module")
def shop_of_the_module(module_db):
    """Release 1 has NYC; release 2 has it heavier, with a rule; release 3 has ROME too."""
    shop = make_shop()
    offer = make_offer(shop)
    publish(offer)
    edit(offer, filter='contact.city == "Paris"')
    publish(weigh(offer, "25"))
    publish(make_offer(shop, "ROME"))
    return shop


@pytest.fixture
def manager(client):
    user = make_user("manager@example.org", role=BuiltIn.OFFER_MANAGER, first_name="Ada")
    client.force_login(user)
    return user


def text_of(client, path="", **data):
    answer = client.get(f"{PAGE}{path}", data)
    assert answer.status_code == 200
    return answer.content.decode()


def go_live_side(client):
    client.post("/side/", {"side": "live", "next": "/"})


# --- looked at ---


def test_the_newest_release_comes_first_with_who_why_and_what(client, shop, manager):
    releases.switch([fresh(shop.offers.get(code="NYC"))], enabled=False, by=manager, at=NOON)
    Release.objects.filter(number=4).update(comment="Strike <b>")

    page = text_of(client)

    assert page.index(f'href="{PAGE}4/"') < page.index(f'href="{PAGE}3/"')
    assert "Strike &lt;b&gt;" in page
    assert str(manager) in page
    assert "<code>ROME</code>" in page
    assert "Disabled" in page


def test_releases_are_found_by_number_person_and_cause(client, shop, manager):
    releases.roll_back(shop, 1, comment="Too dear", by=manager, at=NOON)

    def found(**asked):
        page = client.get(PAGE, asked).content.decode()
        return [number for number in range(1, 5) if f'<a href="{PAGE}{number}/">' in page]

    assert found(q="dear") == [4]
    assert found(q="2") == [2]
    assert found(cause="rolled_back") == [4]
    assert found(q=str(manager)) == [4]
    assert found(q="99999999999999999999") == []


def test_a_release_says_what_it_changed_with_rules_as_sentences(client, shop, manager):
    page = text_of(client, "2/")

    assert '<del class="before">9</del>' in page
    assert '<ins class="after">25</ins>' in page
    assert "city is “Paris”" in page
    assert "ROME" not in page


def test_any_two_are_compared_either_way(client, shop, manager):
    forth = text_of(client, "compare/", before=1, after=3)
    back = text_of(client, "compare/", before=3, after=1)
    ticked = text_of(client, "compare/", row=["3", "1"])

    assert "2 objects differ" in forth
    assert '<ins class="after">25</ins>' in forth
    assert "<strong>Rome</strong> <code>ROME</code>" in forth
    assert '<del class="before">25</del>' in back
    assert '<del class="before"><strong>Rome</strong></del>' in back
    assert "2 objects differ" in ticked


@pytest.mark.parametrize(
    "asked",
    [{}, {"before": "x"}, {"before": 1, "after": 99}, {"before": -1, "after": 2}, {"row": "\0"}],
)
def test_what_is_no_release_is_not_compared(client, shop, manager, asked):
    assert "differ</h2>" not in text_of(client, "compare/", **asked)


@pytest.mark.parametrize("path", ["9/", "0/", "99999999999999999999/", "9/roll-back/"])
def test_a_release_that_never_was_is_not_found(client, shop, manager, path):
    assert client.get(f"{PAGE}{path}").status_code == 404


def test_the_first_pages_cost_as_many_queries_for_one_release_as_for_many(
    client, shop, manager, django_assert_max_num_queries
):
    client.get(PAGE)
    with django_assert_max_num_queries(14) as few:
        client.get(PAGE)
    for number in range(30, 36):
        publish(weigh(shop.offers.get(code="NYC"), str(number)))
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(PAGE)


def test_every_release_is_exported_as_it_was(client, shop, manager):
    first = client.get("/catalogue/shop/package/export/", {"release": 1})
    assert first["Content-Disposition"].startswith('attachment; filename="shop-release-1-')
    assert b'"weight": "9"' in first.content
    publish(weigh(fresh(shop.offers.get(code="NYC")), "60"))
    again = client.get("/catalogue/shop/package/export/", {"release": 1})
    assert again.content == first.content
    for wrong in ("9", "0", "x", "1e3", "99999999999999999999"):
        answer = client.get("/catalogue/shop/package/export/", {"release": wrong})
        assert answer.status_code == 404


# --- gone back to ---


def roll_back(client, number, **data):
    data = {"live": 3, "comment": "", **data}
    return client.post(f"{PAGE}{number}/roll-back/", data, follow=True)


def test_going_back_shows_what_would_change_and_asks_why(client, shop, manager):
    page = text_of(client, "1/roll-back/")
    assert "2 objects change" in page
    assert now(shop).release_number == 3

    done = roll_back(client, 1, comment="Too dear")

    assert "Release 4 is live, with the content of release 1." in done.content.decode()
    made = Release.objects.get(number=4)
    assert (made.comment, made.by, made.content_of) == ("Too dear", manager, 1)
    assert ("offer", "ROME") not in releasing.live_bodies(shop)


def test_who_looked_at_another_state_looks_again(client, shop, manager):
    publish(make_offer(shop, "OSLO"))

    refused = roll_back(client, 1)

    text = refused.content.decode()
    assert refused.status_code == 422
    assert "Release 4 has gone live meanwhile" in text
    assert "OSLO" in text
    assert now(shop).release_number == 4
    assert 'name="live" value="4"' in text
    assert roll_back(client, 1, live=4).status_code == 200
    assert now(shop).release_number == 5


def test_going_back_to_what_is_live_makes_no_release(client, shop, manager):
    assert "What is live is what release 3 was." in roll_back(client, 3).content.decode()
    assert now(shop).release_number == 3


def test_what_cannot_be_gone_back_to_is_named(client, shop, manager):
    broken = 'contact.gone == "x"'
    revision = shop.revisions.get(kind="offer", name="NYC", since=1)
    revision.body["filter"] = broken
    type(revision).objects.filter(pk=revision.pk).update(body=revision.body, digest="other")

    refused = roll_back(client, 1)

    assert refused.status_code == 422
    assert "Nyc (NYC), filter:" in refused.content.decode()
    assert now(shop).release_number == 3


def test_live_shows_releases_and_changes_nothing(client, shop, manager):
    go_live_side(client)
    assert "roll-back" not in text_of(client)
    assert "roll-back" not in text_of(client, "1/")


def test_going_back_asks_for_the_right(client, shop):
    rights = [Right.VIEW_DESIGN_OFFER, Right.PUBLISH]
    client.force_login(make_user("few@example.org", role=make_role("Few", *rights)))
    assert "roll-back" not in text_of(client, "1/")
    assert client.get(f"{PAGE}1/roll-back/").status_code == 403
    assert client.post(f"{PAGE}1/roll-back/", {"live": 3}).status_code == 403


# --- planned ---


@pytest.fixture
def plan(shop):
    offers = [make_offer(shop, "OSLO"), make_offer(shop, "LIMA")]
    for offer in offers:
        approvals.approve(offer, CONTENT, by=None, at=NOON)
    soon = clock() + timedelta(days=2)
    return plan_release(shop, offers, moment=soon, comment="Summer", by=None, at=clock())


def test_what_is_planned_stands_above_and_says_what_is_missing(client, shop, manager, plan):
    page = text_of(client)
    assert "Oslo" in page
    assert "2 are not approved on both sides yet" in page
    go_live_side(client)
    assert "Oslo" not in text_of(client)


def test_the_moment_and_the_offers_of_a_plan_change(client, shop, manager, plan):
    address = f"/catalogue/shop/planned-releases/{plan.public_id}/edit/"
    assert 'value="OSLO"' in client.get(address).content.decode()
    moment = "2031-05-01T08:30"
    changed = {"moment": moment, "comment": "Later", "offers": ["LIMA"], "version": 1}

    done = client.post(address, changed, follow=True)

    assert "The planned release is changed." in done.content.decode()
    plan.refresh_from_db()
    assert plan.at == datetime(2031, 5, 1, 6, 30, tzinfo=UTC)  # of Paris
    assert [offer.code for offer in plan.offers.all()] == ["LIMA"]
    assert client.post(address, changed).status_code == 422  # somebody else was first
    none = {**changed, "version": 2, "offers": []}
    assert "Choose at least one offer." in client.post(address, none).content.decode()
    for wrong in ("", "2020-01-01T00:00", "soon"):
        assert client.post(address, {**changed, "version": 2, "moment": wrong}).status_code == 422


def test_a_plan_is_cancelled_once(client, shop, manager, plan):
    address = f"/catalogue/shop/planned-releases/{plan.public_id}/cancel/"
    assert "Oslo" in client.get(address).content.decode()
    done = client.post(address, follow=True)
    assert "The planned release is cancelled." in done.content.decode()
    assert PlannedRelease.objects.get().state == "cancelled"
    assert fresh(shop.offers.get(code="OSLO")).planned is None
    assert client.post(address).status_code == 404


# --- what labels hide ---


def test_hidden_offers_are_in_no_release_for_whoever_lacks_their_labels(client, shop, plan):
    make_label("secret")
    publish(make_offer(shop, "HUSH", access_labels=("secret",), content={"title": "Psst"}))
    hidden_now = fresh(shop.offers.get(code="ROME"))
    edit(hidden_now, access_labels=("secret",))  # nobody has published that yet
    edit(fresh(shop.offers.get(code="OSLO")), access_labels=("secret",))
    client.force_login(make_user("manager@example.org", role=BuiltIn.OFFER_MANAGER))

    pages = [
        text_of(client),
        text_of(client, "4/"),
        text_of(client, "3/"),
        text_of(client, "compare/", before=0, after=4),
        text_of(client, "1/roll-back/"),
        client.get(f"/catalogue/shop/planned-releases/{plan.public_id}/edit/").content.decode(),
        client.get("/catalogue/shop/package/export/?release=4").content.decode(),
    ]

    for page in pages:
        assert "HUSH" not in page
        assert "Psst" not in page
        assert "ROME" not in page
        assert "OSLO" not in page
    assert "1 object changes" in pages[4]
    assert "What you may not see goes back too." in pages[4]
    changed = {"moment": "2031-05-01T08:30", "offers": ["LIMA"], "version": 1}
    client.post(f"/catalogue/shop/planned-releases/{plan.public_id}/edit/", changed)
    assert sorted(offer.code for offer in plan.offers.all()) == ["LIMA", "OSLO"]
