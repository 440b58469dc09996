"""The pages of offers, as people use them."""

import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from catalog import publishing, releasing
from catalog.models import Draft, Offer, PlannedRelease, Revision, Space
from catalog.shapes import RepresentationShape
from catalog.views.listing import OFFERS
from tests.build import make_attribute, make_label, make_user
from tests.catalog.making import (
    category,
    edit,
    edit_category,
    fresh,
    make_fallback_offer,
    make_offer,
    offer_form,
    publish,
    space,
    states,
    write_all,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client):
    person = make_user("mia@example.org", role="offer_manager")
    client.force_login(person)
    return person


def url(name, *args):
    return reverse(f"catalog:{name}", args=["shop", *args])


def read(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    "page",
    [
        "offer-list",
        "fallback-offer-list",
        "offer-create",
        "fallback-offer-create",
    ],
)
def test_pages_of_an_environment_open(client, shop, manager, page):
    make_offer(shop)
    make_fallback_offer(shop)

    assert "<h1" in read(client, url(page))


@pytest.mark.parametrize(
    "page",
    [
        "offer-detail",
        "offer-numbers",
        "offer-journal",
        "offer-edit-content",
        "offer-edit-eligibility",
        "offer-edit-caps",
        "offer-edit-details",
        "offer-submit",
        "offer-compare",
        "offer-duplicate",
        "offer-delete",
    ],
)
def test_pages_of_an_offer_open(client, shop, manager, page):
    make_offer(shop)

    assert read(client, url(page, "NYC"))


@pytest.mark.parametrize("side", ["content", "eligibility"])
def test_review_pages_open(client, shop, manager, side):
    make_offer(shop)

    assert "Approve the" in read(client, url("offer-approve", "NYC", side))


def test_live_pages_open(client, shop, manager):
    publish(make_offer(shop))
    publish(make_fallback_offer(shop))
    client.post(reverse("side-choose"), {"side": "live"})

    assert "Nyc" in read(client, url("offer-list"))
    assert "Discover us" in read(client, url("fallback-offer-list"))
    assert "canada" not in read(client, url("offer-detail", "NYC"))
    assert "Discover us" in read(client, url("fallback-offer-detail", "BRAND"))


def test_fallback_pages_open(client, shop, manager):
    make_fallback_offer(shop)

    journal = client.get(url("offer-journal", "BRAND")).content.decode()

    assert "<title>Discover us · Journal · Shop · Overture</title>" in journal
    assert re.search('href="/catalogue/shop/fallback-offers/" .*aria-current="page"', journal)
    for page in ("fallback-offer-detail", "fallback-offer-edit"):
        assert "Discover us" in read(client, url(page, "BRAND"))


# --- made and edited ---


def said(answer):
    """The messages and errors of an answer, for the one who reads a failure."""
    return answer.content.decode()


def test_an_offer_is_created_from_its_label_and_leads_to_its_dashboard(client, shop, manager):
    answer = client.post(
        url("offer-create"), {"label": "Été à Québec", "category": "canada", "code": ""}
    )

    assert answer["Location"] == "/catalogue/shop/offers/ETE-A-QUEBEC/"
    offer = Offer.objects.get()
    assert (offer.label, offer.category.name, offer.author) == ("Été à Québec", "canada", manager)
    page = read(client, answer["Location"])
    assert "It appears in no space yet." in page
    assert "It appears nowhere yet" in page


def test_a_code_that_is_taken_is_told_at_its_field(client, shop, manager):
    make_offer(shop)

    answer = client.post(url("offer-create"), {"label": "Again", "code": "NYC"})

    assert answer.status_code == 422
    assert "There is already" in said(answer)
    assert Offer.objects.count() == 1


def eligibility(offer, **changes):
    """What the page of the eligibility sends for one weight."""
    return {
        "version": offer.version,
        "category": "travel",
        "start": "",
        "end": "",
        "filter": "",
        "weight": ["0"],
        "weight-0-label": "All",
        "weight-0-weight": "9",
        "weight-0-filter": "",
        "weight-0-space": "",
        "weight-0-start": "",
        "weight-0-end": "",
    } | changes


def test_windows_are_read_on_the_clocks_of_the_environment(client, shop, manager):
    offer = make_offer(shop)

    client.post(
        url("offer-edit-eligibility", "NYC"),
        eligibility(offer, start="2026-06-01T08:00", end="2026-10-25T02:30"),
    )

    offer = fresh(offer)
    assert offer.start.isoformat() == "2026-06-01T06:00:00+00:00"  # summer in Paris
    assert offer.end.isoformat() == "2026-10-25T00:30:00+00:00"  # the first of two
    assert 'value="2026-06-01T08:00"' in read(client, url("offer-edit-eligibility", "NYC"))


def test_weights_are_added_kept_while_typing_put_in_order_and_removed(client, shop, manager):
    offer = make_offer(shop)
    address = url("offer-edit-eligibility", "NYC")

    added = client.post(
        address, eligibility(offer, **{"weight-0-label": "Typed", "weight-add": "y"})
    )
    assert added.status_code == 200
    assert 'value="Typed"' in said(added)
    assert 'name="weight-1-label"' in said(added)
    assert fresh(offer).contexts.get().label == "All"  # nothing is saved yet

    second = {
        "weight": ["1", "0"],  # the new one first
        "weight-1-label": "Hero",
        "weight-1-weight": "5 + 1",
        "weight-1-space": "webHero",
        "weight-1-filter": 'contact.country == "CA"',
    }
    saved = client.post(address, eligibility(offer, **second))
    assert saved["Location"] == "/catalogue/shop/offers/NYC/"
    rows = [(c.label, c.weight, c.filter) for c in fresh(offer).contexts.order_by("position")]
    assert rows == [("Hero", "5 + 1", 'contact.country == "CA"'), ("All", "9", "")]

    removed = client.post(
        address, eligibility(fresh(offer), weight=["0"], **{"weight-remove": "0"})
    )
    assert "No weight yet." in said(removed)


def test_what_is_wrong_stands_at_its_field_and_in_the_summary(client, shop, manager):
    offer = make_offer(shop)

    answer = client.post(
        url("offer-edit-eligibility", "NYC"),
        eligibility(
            offer,
            start="2026-06-02T08:00",
            end="2026-06-01T08:00",
            **{"weight-0-weight": "contact.nothing * 2"},
        ),
    )

    assert answer.status_code == 422
    assert '<a href="#id_end">Until: The end must be after the start.</a>' in said(answer)
    assert 'href="#id_weight-0-weight"' in said(answer)
    assert fresh(offer).version == 1


def test_content_is_edited_in_spaces_that_are_added_and_removed(client, shop, manager):
    offer = make_offer(shop, representations=())
    address = url("offer-edit-content", "NYC")
    typed = {"version": offer.version, "content.*.en.title": "Come and see"}

    added = client.post(address, {**typed, "space-add": "webHero"})
    assert 'name="content.webHero.en.title"' in said(added)
    assert "Come and see" in said(added)
    assert not fresh(offer).representations.exists()  # nothing is saved yet

    saved = client.post(
        address,
        {
            **typed,
            "content-spaces": ["webHero", "callCenter"],
            "content.webHero.en.title": "<b>Here</b>",
            "content.callCenter.en.title": "",
        },
    )
    assert saved["Location"] == "/catalogue/shop/offers/NYC/"
    offer = fresh(offer)
    assert offer.content == {"title": "Come and see"}
    assert [
        (one.space.name, one.content) for one in offer.representations.order_by("position")
    ] == [
        ("webHero", {"title": "<b>Here</b>"}),
        ("callCenter", {}),
    ]

    client.post(
        address,
        {**typed, "version": offer.version, "content-spaces": ["callCenter"]},
    )
    assert [one.space.name for one in fresh(offer).representations.all()] == ["callCenter"]


def test_whoever_was_slower_keeps_what_was_typed_and_may_put_it_over(client, shop, manager):
    offer = make_offer(shop)
    edit(offer, by=make_user("carol@example.org", first_name="Carol"), description="Hers")
    mine = {"version": 1, "label": "Mine", "description": "", "new_tags": ""}

    refused = client.post(url("offer-edit-details", "NYC"), mine)
    assert refused.status_code == 422
    assert 'value="Mine"' in said(refused)
    assert 'name="over" value="2"' in said(refused)
    assert fresh(offer).label == "Nyc"

    client.post(url("offer-edit-details", "NYC"), {**mine, "over": "2"})
    assert fresh(offer).label == "Mine"


def test_tags_are_picked_or_added_in_place_and_caps_are_kept(client, shop, manager):
    offer = make_offer(shop, tags=("winter",))

    client.post(
        url("offer-edit-details", "NYC"),
        {
            "version": 1,
            "label": "Nyc",
            "tags": ["winter"],
            "new_tags": "city,  long   weekend , city",
        },
    )
    offer = fresh(offer)
    assert sorted(tag.name for tag in offer.tags.all()) == ["city", "long weekend", "winter"]

    row = {"limit": "2", "counts": "accepted", "per": "contact", "every": "3", "unit": "weeks"}
    client.post(
        url("offer-edit-caps", "NYC"),
        {
            "version": offer.version,
            "caps-row": ["0"],
            "caps-0-spaces": "each",
            **{f"caps-0-{name}": value for name, value in row.items()},
        },
    )
    cap = fresh(offer).caps.get()
    assert (cap.limit, cap.counts, cap.per, cap.every, cap.unit) == (
        2,
        "accepted",
        "contact",
        3,
        "weeks",
    )


# --- approved ---


def test_an_author_submits_a_reviewer_says_yes_twice_and_it_is_live(client, shop, manager):
    offer = make_offer(shop, by=manager)
    page = read(client, url("offer-detail", "NYC"))
    assert "Submit for approval" in page

    client.post(url("offer-submit", "NYC"), {"comment": "For the fair", "deadline": ""})
    assert states(offer) == ("pending", "pending")

    client.force_login(make_user("rita@example.org", role="offer_manager"))
    review = read(client, url("offer-approve", "NYC", "content"))
    assert "For the fair" in review
    answer = client.post(
        url("offer-approve", "NYC", "content"),
        {"version": 1, "decision": "approve", "enable": ["webHero"], "when": "now"},
    )
    assert answer["Location"] == "/catalogue/shop/offers/NYC/approve/eligibility/"
    assert states(offer) == ("approved", "pending")

    answer = client.post(
        answer["Location"], {"version": fresh(offer).version, "decision": "approve", "when": "now"}
    )
    assert answer["Location"] == "/catalogue/shop/offers/NYC/"
    assert states(offer) == ("live", "live")
    enabled = {one.space.name: one.is_enabled for one in fresh(offer).representations.all()}
    assert enabled == {"webHero": True, "callCenter": False}
    assert "Live as it stands here" in read(client, url("offer-detail", "NYC"))


def test_a_rejection_needs_its_reason(client, shop, manager):
    offer = make_offer(shop)
    address = url("offer-approve", "NYC", "eligibility")

    mute = client.post(address, {"version": 1, "decision": "reject", "when": "now"})
    assert mute.status_code == 422
    assert "Say why" in said(mute)

    client.post(
        address, {"version": 1, "decision": "reject", "comment": "Too broad", "when": "now"}
    )
    assert states(offer) == ("editing", "rejected")
    assert "Too broad" in read(client, url("offer-detail", "NYC"))


def test_the_reviewer_may_let_it_wait_for_a_moment(client, shop, manager):
    offer = make_offer(shop)
    for side in ("content", "eligibility"):
        answer = client.post(
            url("offer-approve", "NYC", side),
            {
                "version": 1,
                "decision": "approve",
                "enable": ["webHero"],
                "when": "later" if side == "content" else str(fresh(offer).planned.public_id),
                "moment": "2099-01-01T09:00",
            },
        )
        assert answer.status_code == 302, said(answer)

    assert states(offer) == ("approved", "approved")
    assert fresh(offer).planned.at.isoformat() == "2099-01-01T08:00:00+00:00"
    assert "Goes live" in read(client, url("offer-detail", "NYC"))


def test_a_refused_yes_leaves_no_planned_release(client, shop, manager):
    offer = make_offer(shop, content={}, representations=(RepresentationShape(space="webHero"),))

    answer = client.post(
        url("offer-approve", "NYC", "content"),
        {"version": 1, "decision": "approve", "when": "later", "moment": "2099-01-01T09:00"},
    )

    assert answer.status_code == 422
    assert fresh(offer).planned is None
    assert PlannedRelease.objects.filter(state="waiting").count() == 0


def test_the_reviewer_sees_the_difference_from_live_in_words(client, shop, manager):
    offer = make_offer(shop)
    publish(offer)
    make_attribute("points", "int", label="Points")
    edit(offer, content={"title": "Go by train"}, filter="contact.points > 3")

    content = read(client, url("offer-approve", "NYC", "content"))
    assert '<del class="before">Go to NYC</del>' in content
    assert '<ins class="after">Go by train</ins>' in content
    assert "points is over 3" not in content
    assert "points is over 3" in read(client, url("offer-approve", "NYC", "eligibility"))
    assert "Go by train" in read(client, url("offer-compare", "NYC"))


def test_one_click_takes_it_off_line_and_another_brings_it_back(client, shop, manager):
    offer = make_offer(shop)
    publish(offer)

    client.post(url("offer-switch", "NYC"), {"enabled": "no"})
    assert not fresh(offer).enabled
    assert "Disabled" in read(client, url("offer-detail", "NYC"))
    client.post(url("offer-switch", "NYC"), {"enabled": "yes"})

    shop.refresh_from_db()
    assert (fresh(offer).enabled, shop.release_number) == (True, 3)


def test_many_are_approved_tagged_copied_and_deleted_at_once(client, shop, manager):
    for code in ("A", "B"):
        make_offer(shop, code)
    rows = {"row": ["A", "B", "NOTHING"]}

    for verb in ("submit", "approve-content", "approve-eligibility"):
        client.post(url("offers-bulk", verb), rows)
    assert list(Offer.objects.values_list("content_state", "eligibility_state").distinct()) == [
        ("live", "live")
    ]
    client.post(url("offers-bulk", "tag"), {**rows, "new_tags": "fair", "removes": "add"})
    assert Offer.objects.filter(tags__name="fair").count() == 2
    client.post(url("offers-bulk", "disable"), rows)
    assert Offer.objects.filter(enabled=False).count() == 2
    client.post(url("offers-bulk", "duplicate"), rows)
    assert sorted(Offer.objects.values_list("code", flat=True)) == ["A", "A-2", "B", "B-2"]
    client.post(url("offers-bulk", "delete"), {"row": ["A", "A-2"]})
    assert sorted(Offer.objects.values_list("code", flat=True)) == ["B", "B-2"]


# --- fallback offers ---


def test_a_fallback_offer_is_made_in_steps_that_survive_a_closed_tab(client, shop, manager):
    first = client.post(url("fallback-offer-create"), {"label": "Welcome", "code": ""})
    step = first["Location"]
    assert step.endswith("/representations/")
    client.post(step, {"space-add": "webHero", "content.*.en.title": "Hello"})
    assert not Offer.objects.exists()

    # the tab is closed; somebody comes back to the list
    page = read(client, url("fallback-offer-list"))
    assert "You have begun “Welcome”" in page
    assert step in page
    again = read(client, step)
    assert "Hello" in again
    assert 'name="content.webHero.en.title"' in again

    whole = {"content-spaces": ["webHero"], "content.*.en.title": "Hello you"}
    summary = client.post(step, whole)["Location"]
    assert "Still without a fallback offer:" in read(client, summary)
    done = client.post(
        summary,
        {
            **whole,
            "label": "Welcome",
            "code": "WELCOME",
            "new_tags": "",
            "behind": ["webHero"],
            "decision": "approve",
        },
    )
    assert done["Location"] == "/catalogue/shop/fallback-offers/WELCOME/"
    offer = fresh(Offer.objects.get())
    assert offer.is_live
    assert offer.content == {"title": "Hello you"}
    assert space("webHero").fallback_offer == offer
    assert not Draft.objects.exists()


def test_what_is_live_is_served_until_save_and_approve(client, shop, manager):
    offer = make_fallback_offer(shop)
    publish(offer, at=now() - timedelta(days=1))
    form = {
        "version": 1,
        "label": "Discover us",
        "new_tags": "",
        "content-spaces": ["webHero"],
        "content.*.en.title": "Better",
    }

    client.post(url("fallback-offer-edit", "BRAND"), {**form, "decision": "draft"})
    assert live_title(shop) == "Hello"
    assert "Changed since it went live" in read(client, url("fallback-offer-detail", "BRAND"))

    client.post(
        url("fallback-offer-edit", "BRAND"),
        {**form, "version": fresh(offer).version, "decision": "approve"},
    )
    assert live_title(shop) == "Better"


def live_title(shop):
    revisions = Revision.objects.filter(environment=shop, kind="fallback_offer").current()
    return revisions.get().body["content"]["title"]


def test_a_fallback_offer_in_use_is_not_deleted(client, shop, manager):
    offer = make_fallback_offer(shop)
    Space.objects.filter(name="webHero").update(fallback_offer=offer)

    answer = client.post(url("offer-delete", "BRAND"), follow=True)

    assert "It is the fallback offer of these spaces: webHero." in said(answer)
    assert Offer.objects.exists()


def test_a_draft_is_its_owners_alone(client, shop, manager):
    step = client.post(url("fallback-offer-create"), {"label": "Mine", "code": ""})["Location"]

    client.force_login(make_user("other@example.org", role="offer_manager"))

    assert client.get(step).status_code == 404
    assert "Mine" not in read(client, url("fallback-offer-list"))


# --- who sees what ---


def test_labels_hide_offers_everywhere(client, shop, manager):
    label = make_label("brand-a")
    hidden = make_offer(shop, "HIDDEN")
    make_offer(shop, "SHOWN", category="canada")
    publish(hidden)
    hidden.access_labels.add(label)

    assert "HIDDEN" not in read(client, url("offer-list"))
    assert client.get(url("offer-detail", "HIDDEN")).status_code == 404
    for page in ("content", "eligibility", "caps", "details"):
        assert client.get(url(f"offer-edit-{page}", "HIDDEN")).status_code == 404
    assert client.post(url("offer-delete", "HIDDEN")).status_code == 404
    client.post(url("offers-bulk", "delete"), {"row": ["HIDDEN"]})
    assert Offer.objects.filter(code="HIDDEN").exists()

    found = client.get(reverse("search"), {"q": "hidden"}).content.decode()
    assert "/offers/HIDDEN/" not in found
    assert "/offers/SHOWN/" in client.get(reverse("search"), {"q": "shown"}).content.decode()

    category("travel").access_labels.add(label)
    assert "SHOWN" not in read(client, url("offer-list"))
    shop.access_labels.add(label)
    assert client.get(url("offer-list")).status_code == 404


def test_labels_hide_what_is_live(client, shop, manager):
    make_label("brand-a")
    publish(make_offer(shop, "HIDDEN", access_labels=("brand-a",)))
    publish(make_offer(shop, "SHOWN"))
    client.post(reverse("side-choose"), {"side": "live"})

    page = read(client, url("offer-list"))
    assert "SHOWN" in page
    assert "HIDDEN" not in page
    assert client.get(url("offer-detail", "HIDDEN")).status_code == 404

    edit_category(category("travel"), access_labels=("brand-a",))
    publish(edit(Offer.objects.get(code="SHOWN"), description="again"))
    assert "SHOWN" not in read(client, url("offer-list"))


def test_who_may_only_see_what_is_live_is_shown_that(client, shop):
    publish(make_offer(shop, "LIVE"))
    make_offer(shop, "DRAFT")
    client.force_login(make_user("dan@example.org", role="delivery_manager"))

    page = read(client, url("offer-list"))

    assert "LIVE" in page
    assert "DRAFT" not in page
    assert "Create an offer" not in page
    assert client.get(url("offer-numbers", "LIVE")).status_code == 403


# --- the list ---


NARROWED = {
    "": {"LIVE", "DRAFT", "OVER", "BRAND"},
    "q=dra": {"DRAFT"},
    "status=live": {"LIVE"},
    "status=never": {"DRAFT", "OVER", "BRAND"},
    "status=expiring": {"DRAFT"},
    "category=travel": {"LIVE", "DRAFT", "OVER"},
    "category=canada": {"DRAFT"},
    "space=callCenter": {"LIVE", "DRAFT"},
    "tag=fair": {"OVER"},
    "kind=fallback": {"BRAND"},
}


def test_the_list_is_narrowed(client, shop, manager):
    at = now()
    publish(make_offer(shop, "LIVE"))
    make_offer(shop, "DRAFT", category="canada", end=at + timedelta(days=3))
    make_offer(
        shop,
        "OVER",
        end=at - timedelta(days=3),
        tags=("fair",),
        representations=(RepresentationShape(space="webHero"),),
    )
    make_fallback_offer(shop)

    pages = {asked: read(client, f"{url('offer-list')}?{asked}") for asked in NARROWED}

    assert {
        asked: {code for code in NARROWED[""] if f'data-row="{code}"' in page}
        for asked, page in pages.items()
    } == NARROWED


def test_the_lists_cost_the_same_for_five_offers_and_for_twenty_five(client, shop, manager):
    offers, columns = url("offer-list"), ",".join(column.name for column in OFFERS.columns)
    addresses = [offers, f"{offers}?columns={columns}", f"{offers}?view=cards"]

    def costs():
        with transaction.atomic():
            publishing.approve_and_publish(
                releasing.hold(shop), shop.offers.all(), by=None, at=now()
            )
        found = [queries_of(client, address) for address in addresses]
        client.post("/side/", {"side": "live", "next": "/"})
        found.append(queries_of(client, offers))
        client.post("/side/", {"side": "design", "next": "/"})
        return found

    write_all(shop, [offer_form(f"N{number}") for number in range(5)])
    few = costs()
    more = {"category": "canada"}
    write_all(shop, [offer_form(f"N{n}", tags=(f"tag {n}",), **more) for n in range(5, 25)])

    assert costs() == few


def queries_of(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


# --- moved together ---


def test_many_offers_are_moved_and_what_could_not_be_is_named(client, shop, manager):
    offer = make_offer(shop, "A")
    publish(offer)
    make_fallback_offer(shop)
    rows = {"row": ["A", "BRAND"], "category": "canada"}
    assert "To the category" in read(client, f"{url('offers-bulk', 'move')}?row=A")

    page = client.post(url("offers-bulk", "move"), rows, follow=True).content.decode()

    assert "Done for 1 offer." in page
    assert "BRAND: A fallback offer is in no category." in page
    assert fresh(offer).category.name == "canada"
    assert states(offer) == ("live", "editing")


def test_offers_are_moved_to_no_category_and_not_to_an_unknown_one(client, shop, manager):
    offer = make_offer(shop, "A")

    answer = client.post(url("offers-bulk", "move"), {"row": ["A"], "category": "nowhere"})
    assert answer.status_code == 422
    assert "Choose one of the categories." in answer.content.decode()

    client.post(url("offers-bulk", "move"), {"row": ["A"], "category": ""})
    assert fresh(offer).category is None


def test_offers_are_found_without_their_accents(client, shop, manager):
    publish(make_offer(shop, "XMAS", label="Soldes de Noël, 100 %"))

    def finds(words):
        grid = client.get(url("weight-grid"), {"q": words}).content.decode()
        listed = "XMAS" in client.get(url("offer-list"), {"q": words}).content.decode()
        return listed, "Soldes de No" in grid

    assert [finds(words) for words in ("noel", "NOËL", "100 %", "no_l")] == [
        (True, True),
        (True, True),
        (True, True),
        (False, False),
    ]
    assert "/offers/XMAS/" in client.post(reverse("search"), {"q": "noel"}).content.decode()
    client.post(reverse("side-choose"), {"side": "live"})
    assert [finds(words)[0] for words in ("noel", "no_l")] == [True, False]
