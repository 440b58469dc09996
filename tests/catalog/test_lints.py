"""What to look at: every sort of finding, and that it goes once it is mended."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import now

from catalog.lints import counted, lints_of
from catalog.models import Category, Environment, Offer, PresentationRule, Representation, Space
from catalog.shapes import (
    CapShape,
    CategoryShape,
    ContextShape,
    PresentationRuleShape,
    RepresentationShape,
)
from tests.build import make_label, make_user
from tests.catalog.making import (
    make_fallback_offer,
    make_offer,
    make_shop,
    offer_form,
    write,
    write_all,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def shop_of_the_module(module_db):
    """As `make_shop`, with an offer in canada and a backup that everybody always gets."""
    shop = make_shop()
    PresentationRule.objects.update(applies_to="offer.category != 'essentials'")
    write(None, CategoryShape(name="essentials", label="Essentials", always_include=True), shop)
    weak = (ContextShape(label="All", weight="1"),)
    make_offer(shop, "PRESS", category="essentials", contexts=weak)
    make_offer(shop, "SNOW", category="canada", contexts=(ContextShape(label="All", weight="7"),))
    return shop


def found(shop, user, code=None):
    """(name, sentence) of the findings of a sort, or of all by their sort."""
    with translation.override("en"):
        groups = lints_of(Environment.objects.get(pk=shop.pk), user, at=now())
        said = {
            group.code: [(each.name, str(each.sentence)) for each in group.findings]
            for group in groups
        }
    return said if code is None else said.get(code, [])


def weight(text="9", **values):
    return ContextShape(**{"label": "All", "weight": text} | values)


def test_a_catalogue_where_all_is_well_has_nothing_to_look_at(shop, ada):
    assert found(shop, ada) == {}


# --- offers that nobody gets ---


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"contexts": ()}, "It has no weight."),
        ({"representations": ()}, "It appears in no space."),
        ({"content": {}}, "It is complete in none of its spaces."),
        (
            {"contexts": (weight("0"),)},
            "None of its weights ever counts: with 0 nothing is ever proposed.",
        ),
        (
            {"contexts": (weight(space="callCenter"),), "representations": ("webHero",)},
            "None of its weights ever counts: it is for the space “callCenter”, where the offer "
            "is not.",
        ),
    ],
)
def test_an_offer_that_nobody_can_ever_get(shop, ada, values, sentence):
    if values.get("representations") == ("webHero",):
        values["representations"] = (RepresentationShape(space="webHero"),)
    make_offer(shop, "NYC", **values)

    assert found(shop, ada, "never") == [("NYC", sentence)]


def test_dates_that_do_not_meet(shop, ada):
    Category.objects.filter(name="travel").update(end=now() + 20 * DAY)
    make_offer(shop, "NYC", start=now() + 30 * DAY)
    make_offer(shop, "MAY", contexts=(weight(start=now() + 40 * DAY),))

    assert found(shop, ada, "never") == [
        (
            "MAY",
            "None of its weights ever counts: its dates do not meet those of the offer and its "
            "categories.",
        ),
        ("NYC", "Its dates and those of its categories do not meet."),
    ]


def test_what_is_switched_off_is_meant_so(shop, ada):
    make_offer(shop, "NYC", contexts=(), enabled=False)
    write(None, CategoryShape(name="off", label="Off", enabled=False), shop)
    make_offer(shop, "OFF", contexts=(), category="off")

    assert found(shop, ada) == {}


def test_a_weight_that_never_counts_beside_one_that_does(shop, ada):
    lines = (weight("3"), weight("0", label="Nothing"), weight("5", label="Call", space="webHero"))
    there = (RepresentationShape(space="callCenter"),)
    make_offer(shop, "NYC", contexts=lines, representations=there)

    assert found(shop, ada) == {
        "partly-never": [
            ("NYC", "The weight “Nothing”: with 0 nothing is ever proposed."),
            (
                "NYC",
                "The weight “Call”: it is for the space “webHero”, where the offer is not.",
            ),
        ]
    }


def test_content_that_some_of_its_spaces_require(shop, ada):
    offer = make_offer(shop, "NYC", content={})
    Representation.objects.filter(offer=offer, space__name="webHero").update(content={"title": "x"})

    assert found(shop, ada) == {
        "missing": [("NYC", "It lacks what these spaces require: callCenter.")]
    }


# --- time ---


def test_offers_that_end_soon_or_are_over(shop, ada):
    soon, late = now() + 3 * DAY, now() + 15 * DAY
    make_offer(shop, "SOON", category=None, end=soon, contexts=(weight("3"),))
    make_offer(shop, "LATE", category=None, end=late, contexts=(weight("4"),))
    make_offer(shop, "OVER", category=None, end=now() - DAY)
    write(None, CategoryShape(name="fair", label="Fair", end=soon), shop)
    make_offer(shop, "FAIR", category="fair", contexts=(weight("5"),))

    said = found(shop, ada)

    assert [name for name, _sentence in said["expiring"]] == ["FAIR", "SOON"]
    assert said["expiring"][0][1].startswith("Its category ends on ")
    assert said["expiring"][1][1].startswith("It ends on ")
    assert [name for name, _sentence in said["ended"]] == ["OVER"]
    assert set(said) == {"expiring", "ended"}


def test_an_answer_that_was_due(shop, ada):
    make_offer(shop, "NYC", contexts=(weight("3"),))
    Offer.objects.filter(code="NYC").update(
        content_state="pending", content_deadline=now() - DAY, eligibility_deadline=now() - DAY
    )

    assert [name for name, _sentence in found(shop, ada, "overdue")] == ["NYC"]


# --- ties ---


def test_offers_that_come_to_the_same_in_a_space(shop, ada):
    make_offer(shop, "NYC")  # 9 x 2 in both spaces
    make_offer(shop, "SOFA", category=None, contexts=(weight("18", space="webHero"),))
    make_offer(shop, "TENT", category=None, contexts=(weight("18", space="callCenter"),))
    make_offer(shop, "PAST", category=None, contexts=(weight("18", end=now() - DAY), weight("2")))

    groups = lints_of(shop, ada, at=now())
    (ties,) = (group for group in groups if group.code == "tie")

    assert sorted((each.name, each.label) for each in ties.findings) == [
        ("18", "Nyc · Sofa"),
        ("18", "Nyc · Tent"),
    ]


def test_many_offers_of_one_weight_are_one_finding(shop, ada):
    write_all(shop, [offer_form(f"O{number}", label=f"Offer {number}") for number in range(8)])

    groups = lints_of(shop, ada, at=now())
    (tie,) = next(group for group in groups if group.code == "tie").findings

    assert tie.label == "Offer 0 · Offer 1 · Offer 2 · Offer 3 · Offer 4 · 3 others"


# --- backups ---


def take_backup_away():
    Category.objects.filter(name="essentials").update(always_include=False)


def test_a_space_where_nothing_is_left_for_somebody(shop, ada):
    take_backup_away()

    sentence = "It has no fallback offer, and no offer here is for everybody, always."
    assert found(shop, ada, "no-backup") == [("callCenter", sentence), ("webHero", sentence)]


def test_a_fallback_offer_stands_behind_its_space_when_it_is_complete(shop, ada):
    take_backup_away()
    behind = make_fallback_offer(shop)
    Space.objects.filter(name="webHero").update(fallback_offer=behind)
    assert [name for name, _said in found(shop, ada, "no-backup")] == ["callCenter"]

    Space.objects.filter(name="callCenter").update(fallback_offer=behind)
    assert found(shop, ada, "no-backup") == [
        ("callCenter", "Its fallback offer Discover us says nothing complete here.")
    ]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: Offer.objects.filter(code="PRESS").update(filter='filter("grown")'),
        lambda: Category.objects.filter(name="essentials").update(filter='filter("grown")'),
        lambda: Environment.objects.update(filter='filter("grown")'),
        lambda: Offer.objects.filter(code="PRESS").update(end=now() + 300 * DAY),
        lambda: Offer.objects.filter(code="PRESS").update(start=now() + DAY),
        lambda: Offer.objects.filter(code="PRESS").update(enabled=False),
        lambda: PresentationRule.objects.update(applies_to=""),
    ],
)
def test_a_backup_that_is_not_always_there_for_all_is_none(shop, ada, spoil):
    assert found(shop, ada, "no-backup") == []

    spoil()

    assert {name for name, _said in found(shop, ada, "no-backup")} == {"callCenter", "webHero"}


def test_a_backup_that_can_be_used_up_is_none(shop, ada):
    Offer.objects.filter(code="PRESS").delete()
    make_offer(
        shop,
        "APP",
        category="essentials",
        contexts=(weight("1"),),
        caps=(CapShape(limit=10, per="total"),),
    )

    assert {name for name, _said in found(shop, ada, "no-backup")} == {"callCenter", "webHero"}


def test_backup_offers_that_come_too_early_end_or_are_limited(shop, ada):
    PresentationRule.objects.update(applies_to="offer.category == 'essentials'")
    make_offer(
        shop,
        "APP",
        category="essentials",
        filter='filter("grown")',
        end=now() + 300 * DAY,
        contexts=(weight("0.5"), weight("7", label="Strong")),
    )

    assert found(shop, ada, "backup") == [
        ("APP", "Its weight “Strong” is not below those of the regular offers."),
        ("APP", "It is not for everybody."),
        ("APP", "It ends."),
        ("APP", "The presentation rule “Already taken” limits it."),
        ("PRESS", "The presentation rule “Already taken” limits it."),
    ]


# --- presentation rules ---


def rule(shop, name, **values):
    write(None, PresentationRuleShape(name=name, label=name, **values), shop)


def test_rules_that_no_proposition_can_meet(shop, ada):
    Offer.objects.filter(code="PRESS").update(label="Press")
    rule(shop, "mail", channel="email", applies_to="offer.code == 'SNOW'")
    rule(shop, "gone", applies_to="offer.category == 'sold'")
    rule(shop, "off", applies_to="offer.category == 'sold'", active=False)
    rule(shop, "tagged", applies_to="'canada' in offer.categories && offer.code == 'SNOW'")
    rule(shop, "themed", applies_to="'sun' in offer.themes")

    assert found(shop, ada) == {
        "rule-never": [
            ("gone", "It applies to no offer that there is."),
            ("mail", "There is no space of its channel: Email."),
            ("themed", "It applies to no offer that there is."),
        ]
    }
    Category.objects.filter(name="travel").update(themes=["sun"])  # which canada inherits
    assert "themed" not in dict(found(shop, ada, "rule-never"))


def test_a_rule_that_means_nothing(shop, ada):
    PresentationRule.objects.update(recipients="contact.sold == 1")

    (finding,) = found(shop, ada, "broken-rule")

    assert finding[0] == "R1"
    assert "sold" in finding[1]


# --- categories ---


def test_a_boost_in_dates_when_nothing_is_proposed(shop, ada):
    Category.objects.filter(name="travel").update(
        start=now() - 9 * DAY, multiplier_end=now() - 10 * DAY
    )

    assert found(shop, ada) == {
        "boost-never": [("travel", "Its multiplier holds when nothing of it is proposed.")]
    }


def test_a_category_without_offers(shop, ada):
    write(None, CategoryShape(name="home", label="Home", parent="travel"), shop)

    assert found(shop, ada) == {"empty-category": [("home", "No offer stands in it.")]}


# --- the page ---


def url(page, *args):
    return reverse(f"catalog:{page}", args=["shop", *args])


def test_the_page_says_why_and_leads_to_where_it_is_mended(client, ada, shop):
    make_offer(shop, "NYC", contexts=())

    page = client.get(url("lint-list")).content.decode()

    assert "Offers that nobody can ever get" in page
    assert '<a href="/catalogue/shop/offers/NYC/eligibility/">Nyc</a>' in page
    assert "It has no weight." in page


def test_a_tie_leads_to_the_weights_that_make_it(client, ada, shop):
    make_offer(shop, "NYC")
    make_offer(shop, "SAHARA")

    page = client.get(url("lint-list")).content.decode()
    (line,) = (each for each in page.split("<li>") if ">Nyc · Sahara<" in each)
    address = line.split('href="')[1].split('"')[0]

    assert address == "/catalogue/shop/weights/?amount_today=18"
    rows = client.get(address).context["list"].rows
    assert {row.offer.code for row in rows} == {"NYC", "SAHARA"}


def test_many_findings_are_shown_in_part_and_all_when_asked(client, ada, shop):
    write_all(shop, [offer_form(f"O{number}", contexts=()) for number in range(15)])

    page = client.get(url("lint-list")).content.decode()
    assert page.count("It has no weight.") == 12
    assert "Show all 15" in page

    page = client.get(url("lint-list"), {"only": "never"}).content.decode()
    assert page.count("It has no weight.") == 15


def test_a_catalogue_without_findings_says_so(client, ada, shop):
    assert "Nothing to look at" in client.get(url("lint-list")).content.decode()
    assert "Nothing to look at" in client.get(url("lint-list"), {"only": "x"}).content.decode()


def test_whoever_may_only_look_is_led_to_what_they_may_open(client, shop):
    write(None, CategoryShape(name="home", label="Home"), shop)
    make_offer(shop, "NYC", contexts=())
    take_backup_away()
    client.force_login(make_user("ana@example.org", role="analyst", language="en"))

    answer = client.get(url("lint-list"))

    addresses = [address for _group, pairs in answer.context["groups"] for _one, address in pairs]
    assert len(addresses) == 4
    assert {client.get(address).status_code for address in addresses} == {200}


def test_what_is_hidden_is_not_named_but_counts(client, ada, shop):
    label = make_label("secret")
    make_offer(shop, "DEAL", contexts=()).access_labels.add(label)
    Category.objects.filter(name="essentials").get().access_labels.add(label)
    olga = make_user("olga@example.org", role="offer_manager", language="en")
    assert found(shop, ada, "never") == [("DEAL", "It has no weight.")]

    assert found(shop, olga) == {}  # PRESS, which she does not see, is a backup all the same

    take_backup_away()
    assert {name for name, _said in found(shop, olga, "no-backup")} == {"callCenter", "webHero"}
    client.force_login(olga)
    assert "DEAL" not in client.get(url("lint-list")).content.decode()


def test_the_home_page_counts_what_does_not_do_what_was_meant(client, ada, shop):
    make_offer(shop, "NYC", contexts=())
    write(None, CategoryShape(name="home", label="Home"), shop)  # good to know, and no more

    assert 'hx-get="/catalogue-lints/"' in client.get(reverse("home")).content.decode()
    lines = client.get(reverse("catalog:lint-counts")).content.decode()

    assert "1 thing to look at in Shop" in lines
    assert counted(lints_of(shop, ada, at=now())) == {"bad": 1, "wait": 0, "info": 1}


def test_the_environment_says_how_much_there_is_to_look_at(client, ada, shop):
    make_offer(shop, "NYC", contexts=())

    page = client.get(url("environment-detail")).content.decode()
    told = client.get(url("lint-list"), headers={"HX-Request": "true"}).content.decode()

    assert 'hx-get="/catalogue/shop/lints/"' in page
    assert '/catalogue/shop/lints/#never">Offers that nobody can ever get</a>' in told
    assert "<html" not in told


def test_the_queries_do_not_grow_with_the_offers(shop, ada, django_assert_num_queries):
    def count():
        with django_assert_num_queries(16):
            lints_of(shop, ada, at=now())

    assert ada.is_administrator  # which is asked once
    count()
    write_all(shop, [offer_form(f"O{number}", contexts=()) for number in range(20)])
    for number in range(20):
        rule(shop, f"R{number}x", applies_to=f"offer.code == 'O{number}'")
    count()
