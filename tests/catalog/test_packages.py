"""Packages: exported, planned and applied, wholly or not at all."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import JournalEntry
from accounts.rights import Right
from catalog.demo import load_catalogue, package
from catalog.models import (
    Asset,
    Category,
    Environment,
    Filter,
    Offer,
    Release,
    Revision,
    Space,
    Tag,
)
from catalog.packages.applying import MayNot
from catalog.pictures import address_of
from catalog.problems import NotAcceptable
from contacts.columns import known
from contacts.models import Attribute, Contact
from tests.build import (
    NOON,
    make_attribute,
    make_audience,
    make_key,
    make_label,
    make_role,
    make_user,
)
from tests.catalog.packages import (
    DESIGNED,
    PUBLISHED,
    SHOP,
    applied,
    changed,
    exported,
    planned,
    problems,
)

pytestmark = pytest.mark.django_db


def acts(plan):
    return [(str(change.kind), change.name, change.act) for change in plan.changes]


# --- applying ---


def test_a_package_makes_all_that_it_names():
    done = applied(SHOP)

    assert done.environment.name == "shop"
    assert Space.objects.get(name="hero").fallback_offer == Offer.objects.get(code="BRAND")
    assert Space.objects.get(name="body").default_category == Category.objects.get(name="travel")
    assert Category.objects.get(name="canada").parent == Category.objects.get(name="travel")
    assert Filter.objects.get().rule == "contact.tier == 'gold'"
    assert Tag.objects.get().name == "winter"
    assert known()["tier"].choices == {"gold": "gold", "silver": "silver"}
    assert done.release is None
    assert Release.objects.count() == 0


def test_an_export_is_what_was_applied():
    applied(SHOP)

    tree = json.loads(exported())

    assert tree["environment"]["call_data"] == {
        "device": {"type": "string", "choices": ["mobile", "desktop"]}
    }
    assert tree["categories"][0] == {
        "name": "travel",
        "label": "Travel",
        "start": "2026-05-01T00:00:00+02:00",
        "end": "2026-10-01T00:00:00+02:00",
    }
    assert tree["offers"][1] == SHOP["offers"][0]
    assert list(tree["offers"][1]) == [
        "code",
        "label",
        "category",
        "filter",
        "contexts",
        "content",
        "representations",
        "caps",
        "tags",
    ]
    assert tree["presentation_rules"] == SHOP["presentation_rules"]
    assert list(tree) == [
        "format",
        "environment",
        "attributes",
        "filters",
        "spaces",
        "categories",
        "offers",
        "fallback_offers",
        "presentation_rules",
    ]


def test_applying_an_export_changes_nothing():
    DESIGNED.bring()
    text = exported()
    entries = JournalEntry.objects.count()

    again = applied(text.encode())

    assert again.plan.is_empty
    assert exported() == text
    assert JournalEntry.objects.count() == entries


def test_a_second_publication_makes_no_release():
    first = applied(SHOP, publish=True)
    second = applied(SHOP, publish=True)

    assert first.release is not None
    assert (first.release.number, second.release) == (1, None)
    assert set(Offer.objects.values_list("content_state", "eligibility_state")) == {
        ("live", "live")
    }
    assert Revision.objects.filter(kind="offer").count() == 2


def test_publishing_brings_what_is_no_offer_live_too():
    PUBLISHED.bring()
    rules = changed()["presentation_rules"]
    rules[0]["max"] = 4

    done = applied(changed(presentation_rules=rules), publish=True)

    assert done.release is not None
    assert done.release.number == 2
    live = Revision.objects.current().get(kind="presentation_rule")
    assert live.body["max"] == 4


def test_what_a_package_does_not_name_stays():
    DESIGNED.bring()
    applied(changed(offers=[], categories=[], presentation_rules=[], filters=[]))

    assert set(Offer.objects.values_list("code", "enabled")) == {
        ("SNOW", True),
        ("ACC", True),
        ("BRAND", True),
    }


def test_prune_turns_off_what_a_package_does_not_name():
    PUBLISHED.bring()
    smaller = changed(offers=SHOP["offers"][:1], presentation_rules=[])

    done = applied(smaller, prune=True, publish=True)

    assert acts(done.plan) == [("offer", "ACC", "changed"), ("presentation_rule", "R1", "changed")]
    assert Offer.objects.get(code="ACC").enabled is False
    assert Revision.objects.current().get(name="ACC").body["enabled"] is False
    assert applied(smaller, prune=True, publish=True).release is None


def test_what_was_pruned_before_leaves_live_with_the_next_publication():
    PUBLISHED.bring()
    smaller = changed(offers=SHOP["offers"][:1])
    applied(smaller, prune=True)

    applied(smaller, publish=True)  # does not speak of it
    assert Revision.objects.current().get(name="ACC").body["enabled"] is True

    applied(smaller, prune=True, publish=True)
    assert Revision.objects.current().get(name="ACC").body["enabled"] is False


def test_a_key_left_out_goes_back_to_its_default():
    DESIGNED.bring()
    applied(changed(categories=[{"name": "travel", "label": "Travel"}, SHOP["categories"][1]]))

    travel = Category.objects.get(name="travel")
    assert (travel.start, travel.end) == (None, None)


def test_categories_stand_in_the_order_of_the_package():
    names = ["a", "b", "c", "d"]
    applied(
        changed(
            categories=[{"name": n, "label": n} for n in names],
            spaces=[],
            offers=[],
            fallback_offers=[],
        )
    )
    turned = [{"name": n, "label": n} for n in ("d", "b", "a")]
    other = changed(categories=turned, spaces=[], offers=[], fallback_offers=[])

    assert planned(other).order == ["d", "b", "a"]
    applied(other)

    tree = json.loads(exported())
    assert [category["name"] for category in tree["categories"]] == ["d", "b", "c", "a"]
    assert planned(other).is_empty


def test_a_filter_that_is_an_audience_already_is_not_doubled():
    make_attribute("tier", "string", choices=[["gold", "Gold"], ["silver", "Silver"]])
    make_audience("gold", "contact.tier == 'gold'")
    applied(SHOP)

    assert Filter.objects.count() == 0
    tree = json.loads(exported())
    assert [one["name"] for one in tree["filters"]] == ["gold"]
    assert planned(exported().encode()).is_empty


# --- attributes ---


def test_an_attribute_that_is_there_keeps_its_type():
    make_attribute("tier", "int")
    assert problems(SHOP)[0] == ("attributes.tier.type", "other_type")


def test_an_attribute_keeps_the_label_that_people_know():
    make_attribute("tier", "string", label="Loyalty", choices=[["gold", "Or"], ["iron", "Fer"]])

    applied(SHOP)

    attribute = Attribute.objects.get(name="tier")
    assert attribute.label == "Loyalty"
    assert attribute.choices == [["gold", "Or"], ["silver", "silver"]]
    assert "tier" not in {change.name for change in planned(SHOP).changes}


def test_a_reserved_attribute_is_refused():
    tree = changed(
        attributes={"email": {"type": "string"}, "Tier": {"type": "bool"}}, filters=[], offers=[]
    )
    assert problems(tree) == [
        ("attributes.Tier", "bad_name"),
        ("attributes.email", "reserved"),
    ]


# --- errors ---

WRONG = changed(
    offers=[
        SHOP["offers"][0],
        {"code": "A", "label": "A", "colour": "red"},
        {"code": "B", "label": "B", "category": "nowhere"},
        {"code": "C", "label": "C", "contexts": [{"weight": "contact.tier +"}]},
        {"code": "D", "label": "D", "filter": "contact.age < 3"},
        {"code": "E", "label": "E", "content": {"destination_url": "javascript:alert(1)"}},
        {"code": "F", "label": "F", "content": {"html": "{% if %}"}},
        {"code": "G", "label": "G", "representations": [{"space": "hero"}, {"space": "hero"}]},
        {"code": "H", "label": "H", "start": "2026-02-30"},
        {"code": "H", "label": "H", "access_labels": ["secret"]},
        {"code": "I", "label": "I", "caps": [{"limit": "many"}], "coupon": ""},
    ],
    presentation_rules=[{"name": "R", "label": "R", "applies_to": "contact.tier == 'gold'"}],
)


def test_every_error_is_told_with_its_path():
    assert problems(WRONG) == [
        ("offers[1].colour", "extra_forbidden"),
        ("offers[2].category", "unknown_category"),
        ("offers[3].contexts[0].weight", "unexpected_end"),
        ("offers[4].filter", "unknown_name"),
        ("offers[5].content.destination_url", "bad_address"),
        ("offers[6].content.html", "bad_template"),
        ("offers[7].representations[1].space", "space_twice"),
        ("offers[8].start", "moment"),
        ("offers[9].access_labels[0]", "unknown_label"),
        ("offers[9].code", "duplicate"),
        ("offers[10].caps[0].limit", "int_type"),
        ("offers[10].coupon", "bad_name"),
        ("presentation_rules[0].applies_to", "unknown_name"),
    ]


def test_an_error_changes_nothing():
    with pytest.raises(NotAcceptable):
        applied(WRONG)

    assert Environment.objects.count() == 0
    assert Attribute.objects.count() == 0
    assert JournalEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("lists", "path", "code"),
    [
        ({"categories": [{"name": "a", "label": "A", "parent": "a"}]}, "categories[0].parent",
         "category_cycle"),
        (
            {"categories": [{"name": "a", "label": "A", "parent": "b"},
                            {"name": "b", "label": "B", "parent": "a"}]},
            "categories[1].parent",
            "category_cycle",
        ),
        ({"categories": [{"name": "a", "label": "\u200b"}]}, "categories[0].label", "illegible"),
        ({"categories": [{"name": "a", "label": "A", "themes": ["b", "\u202ecod"]}]},
         "categories[0].themes[1]", "illegible"),
        ({"offers": [{"code": "A", "label": "\u3164 \u2800"}]}, "offers[0].label", "illegible"),
        ({"offers": [{"code": "A", "label": "A", "tags": ["\x1b[2J"]}]}, "offers[0].tags[0]",
         "illegible"),
        ({"offers": [{"code": "A", "label": "A", "description": "a\nb\u2066c"}]},
         "offers[0].description", "illegible"),
        ({"categories": [{"name": "a", "label": "A", "multiplier": 0.0000001}]},
         "categories[0].multiplier", "out_of_range"),
        ({"filters": [{"name": "f", "label": "F", "rule": "filter('f')"}]}, "filters[0].rule",
         "circular_filter"),
        ({"filters": [{"name": "f", "label": "F", "rule": "contact.tier"}]}, "filters[0].rule",
         "wrong_kind"),
        (
            {"filters": [{"name": "f", "label": "F", "rule": "contact.nothing"}],
             "offers": [{"code": "A", "label": "A", "filter": "filter('f')"}]},
            "offers[0].filter",
            "broken_filter",
        ),
        ({"content_fields": [{"name": "title", "label": "T"}]}, "content_fields[0].name",
         "built_in"),
        ({"spaces": [{"name": "s", "label": "S", "channel": "web", "fallback_offer": "X"}]},
         "spaces[0].fallback_offer", "unknown_fallback_offer"),
        ({"spaces": [{"name": "s", "label": "S", "channel": "web", "anonymous_space": "t"}]},
         "spaces[0].anonymous_space", "unknown_space"),
        ({"spaces": [{"name": "s", "label": "S", "channel": "web", "identification": ["shoe"]}]},
         "spaces[0].identification[0]", "unknown_attribute"),
        ({"spaces": [{"name": "s", "label": "S", "channel": "web", "fields": [{"name": "x"}]}]},
         "spaces[0].fields[0].name", "unknown_field"),
        ({"spaces": [{"name": "s", "label": "S", "channel": "web",
                      "store_on_status": {"a": "proposition.nothing"}}]},
         "spaces[0].store_on_status.a", "unknown_name"),
        ({"offers": [{"code": "A", "label": "A", "filter": "proposition.rank > 1"}]},
         "offers[0].filter", "unknown_name"),
        ({"offers": [{"code": "BRAND", "label": "A"}]}, "fallback_offers[0].code", "code_taken"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(lists, path, code):
    empty: dict[str, list[object]] = {
        "offers": [],
        "spaces": [],
        "categories": [],
        "filters": [],
        "fallback_offers": [],
    }
    keep = {"fallback_offers": [{"code": "BRAND", "label": "B"}]} if path.startswith("fall") else {}
    assert (path, code) in problems(changed(**{**empty, **keep, **lists}))


def test_a_space_of_another_environment_stays_there():
    DESIGNED.bring()
    other = changed(
        environment={"name": "other", "label": "Other"},
        filters=[], categories=[], offers=[], fallback_offers=[], presentation_rules=[],
        spaces=[{"name": "hero", "label": "Mine", "channel": "web"}],
    )  # fmt: skip
    assert problems(other) == [("spaces[0].name", "space_elsewhere")]


def test_unidentified_people_go_to_a_space_for_visitors_of_the_same_channel():
    DESIGNED.bring()
    visitors = {
        "format": "overture-catalog/1",
        "environment": {"name": "anon", "label": "Visitors", "audience": "visitors"},
        "spaces": [{"name": "anonHero", "label": "Hero", "channel": "web"}],
    }
    applied(visitors)

    def with_hero(**fields):
        return problems(changed(spaces=[{**SHOP["spaces"][0], **fields}, SHOP["spaces"][1]]))

    assert with_hero(anonymous_space="anonHero") == []
    assert with_hero(anonymous_space="body") == [
        ("spaces[0].anonymous_space", "not_for_visitors"),
        ("spaces[0].anonymous_space", "other_channel"),
    ]
    assert with_hero(anonymous_space="anonHero", channel="push") == [
        ("spaces[0].anonymous_space", "other_channel")
    ]


def test_doubts_do_not_keep_a_package():
    tree = changed(
        offers=[
            {"code": "A", "label": "A", "representations": [{"space": "hero"}]},
            {"code": "B", "label": "B", "category": "travel", "start": "2027-01-01",
             "contexts": [{"weight": "1", "filter": "call.device == 'fridge'"}]},
        ]
    )  # fmt: skip
    doubts = [(problem.path, problem.code) for problem in planned(tree).problems]
    assert doubts == [
        ("offers[0].contexts", "no_context"),
        ("offers[0].representations[0].content.title", "required_missing"),
        ("offers[1].contexts[0].filter", "not_a_choice"),
        ("offers[1].representations", "no_representation"),
        ("offers[1].start", "never"),
    ]


def test_what_lacks_a_required_field_does_not_go_live():
    lacking = {"code": "A", "label": "A", "representations": [{"space": "hero"}]}
    tree = changed(offers=[SHOP["offers"][0], lacking])

    with pytest.raises(NotAcceptable) as refusal:
        applied(tree, publish=True)

    (problem,) = refusal.value.problems
    assert (problem.path, problem.code) == (
        "offers[1].representations",
        "required_missing",
    )


def test_the_people_of_an_environment_never_change():
    DESIGNED.bring()
    other = changed(environment={**SHOP["environment"], "audience": "visitors"})
    assert ("environment.audience", "fixed") in problems(other)


def test_another_channel_tells_whom_it_reaches():
    DESIGNED.bring()
    hero = {**SHOP["spaces"][0], "channel": "push"}
    (doubt,) = planned(changed(spaces=[hero, SHOP["spaces"][1]])).problems
    assert (doubt.path, doubt.code) == ("spaces[0]", "reaches_offers")
    assert "ACC, BRAND, SNOW" in doubt.message


# --- who may ---


def test_each_change_asks_for_its_own_right():
    DESIGNED.bring()
    offers = changed()["offers"]
    offers[0]["label"] = "Snow and ice"
    writer = make_user("writer@example.org", Right.CHANGE_OFFER)
    reader = make_user("reader@example.org", Right.CHANGE_CATEGORY)

    with pytest.raises(MayNot, match="Create and change offers"):
        applied(changed(offers=offers), by=reader)
    with pytest.raises(MayNot, match="Approve the content"):
        applied(changed(offers=offers), by=writer, publish=True)
    applied(changed(offers=offers), by=writer)

    assert Offer.objects.get(code="SNOW").label == "Snow and ice"


def test_labels_hide_from_exports_and_from_edits():
    label = make_label("brand-b")
    tree = changed()
    tree["categories"][0]["access_labels"] = ["brand-b"]
    applied(tree)
    role = make_role("Editors", *(r.value for r in Right if r.value.startswith("catalog.")))
    outsider = make_user("out@example.org", role=role)
    role.labels.set([])
    insider = make_user("in@example.org", role=make_role("All", *role.rights, labels=[label]))

    seen = json.loads(exported(user=outsider))
    assert "categories" not in seen
    assert [offer["code"] for offer in seen["offers"]] == ["ACC"]
    assert [o["code"] for o in json.loads(exported(user=insider))["offers"]] == ["ACC", "SNOW"]
    assert ("offers[0]", "not_visible") in problems(tree, by=outsider)
    assert problems(tree, by=insider) == []
    assert ("offers[1].access_labels", "label_not_held") in problems(
        changed(
            offers=[
                {"code": "X", "label": "X"},
                {**SHOP["offers"][1], "access_labels": ["brand-b"]},
            ]
        ),
        by=outsider,
    )


def test_a_key_has_the_labels_of_whoever_made_it():
    make_label("brand-b")
    tree = changed(environment={**SHOP["environment"], "access_labels": ["brand-b"]})
    applied(tree)
    outsider = make_user("out@example.org", Right.CHANGE_OFFER)
    key, _secret = make_key("catalog", created_by=outsider)

    assert problems(tree, by=key)[0] == ("environment", "not_visible")


# --- how much it takes ---


def test_the_number_of_queries_does_not_grow_with_the_package():
    def statements(number: int) -> tuple[int, int, int]:
        offers = [
            {**SHOP["offers"][0], "code": f"N{number}-{i}", "filter": None} for i in range(number)
        ]
        categories = [*SHOP["categories"]] + [
            {"name": f"c{number}x{i}", "label": "C", "parent": "travel"} for i in range(number)
        ]
        tree = changed(offers=offers, categories=categories)
        with CaptureQueriesContext(connection) as applying:
            applied(tree, publish=True)
        with CaptureQueriesContext(connection) as again:
            applied(tree, publish=True)
        with CaptureQueriesContext(connection) as exporting:
            exported()
        return len(applying), len(again), len(exporting)

    PUBLISHED.bring()
    assert statements(3) == statements(40)


# --- the demo ---


def test_the_demo_is_live_in_both_environments():
    assert load_catalogue(at=NOON) == 6
    assert dict(Environment.objects.values_list("name", "release_number")) == {
        "contacts": 1,
        "visitors": 1,
    }
    assert Offer.objects.offers().count() == 12
    shown = {offer.content["image_url"] for offer in Offer.objects.all()}
    assert shown == {address_of(asset) for asset in Asset.objects.all()}
    assert Contact.objects.count() == 6
    assert load_catalogue(at=NOON) == 0
    assert Release.objects.count() == 2


def test_the_packages_of_the_demo_are_exports():
    load_catalogue(at=NOON)
    assert exported("contacts") == package("contacts").decode()
    assert exported("visitors") == package("visitors").decode()
