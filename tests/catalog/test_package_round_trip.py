"""Whatever a package says, its export says the same for good."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from catalog.legible import illegible
from tests.build import make_coupon
from tests.catalog.packages import applied, exported, problems
from tests.often import often

pytestmark = pytest.mark.django_db

NAMES = st.sampled_from(["a", "b", "c", "d-1", "e_x", "F2"])
CODES = st.sampled_from(["A1", "b.2", "3-C", "D_4", "e5"])
WORDS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    lambda text: text.strip() and not illegible(text)
)
PIECES = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<b>bold</b>",
        "<a href='https://x.example/?a=1&b=2'>go</a>",
        '<a href="javascript:x">no</a>',
        "<script>alert(1)</script>",
        "<img src=/x.png onerror=x>",
        "&amp;",
        "&",
        "<",
        "{{ contact.first_name }}",
        "é’ ",
        "\r\n",
        "<!-- c -->",
        "plain ",
    ]
)
RULES = st.sampled_from(
    [None, "", "true", "contact.city == 'Paris'", 'call.device != "x"', " !true "]
)
WEIGHTS = st.sampled_from(["1", "0.5", "years(contact.birth_date) * 2", " 3 "])
MOMENTS = st.sampled_from(
    [
        None,
        "2026-03-29",
        "2026-10-25T02:30:00",
        "2026-10-25T02:30:00+01:00",
        "2026-01-01T00:00:00.25Z",
        "0001-01-01T00:00:00Z",
    ]
)
LATER = st.sampled_from([None, "2027-01-01", "9999-12-31T23:59:59Z"])
CONTENT = st.fixed_dictionaries(
    {},
    optional={
        "title": WORDS,
        "html": st.lists(PIECES, max_size=8).map("".join),
        "text": st.lists(PIECES, max_size=4).map("".join),
        "destination_url": st.sampled_from(
            ["", "https://x.example/{{ contact.city }}", " https://x.example "]
        ),
        "colour": WORDS,
    },
)
TAGS = st.lists(st.sampled_from(["z", "a", "ü"]), max_size=3)
THEMES = st.lists(WORDS, max_size=3)


def shape(required: dict[str, Any], **optional: Any) -> Any:
    return st.fixed_dictionaries(required, optional=optional)


SPACES = st.lists(
    shape(
        {"name": NAMES, "label": WORDS, "channel": st.sampled_from(["web", "email"])},
        unitary=st.booleans(),
        default_count=st.integers(1, 50),
        default_themes=THEMES,
        fields=st.just([{"name": "title", "required": True}, {"name": "colour"}]),
        render=shape({}, html=st.sampled_from(["", "<b>{{ title }}</b>"]), text=st.none()),
        tie_policy=st.sampled_from(["rotate", "fixed"]),
        fallback_offer=st.sampled_from([None, "BRAND"]),
        store_on_status=shape({}, b=st.just("contact.city"), a=st.just("1")),
        diversity=shape({}, max_per_category=st.integers(1, 3)),
        identification=st.sampled_from([[], ["email", "birth_date"]]),
    ),
    max_size=4,
    unique_by=lambda space: space["name"],
)
CATEGORIES = st.lists(
    shape(
        {"name": NAMES, "label": WORDS},
        start=MOMENTS,
        end=LATER,
        themes=THEMES,
        multiplier=st.sampled_from([1, 2.0, 1.5, 0.000001, 1.23456789, 999_999]),
        multiplier_end=LATER,
        filter=RULES,
        always_include=st.booleans(),
        enabled=st.booleans(),
    ),
    max_size=5,
    unique_by=lambda category: category["name"],
)
CONTEXTS = st.lists(
    shape({}, label=WORDS, weight=WEIGHTS, filter=RULES, start=MOMENTS, end=LATER), max_size=3
)
CAPS = st.lists(
    shape(
        {"limit": st.integers(1, 2_000_000_000)},
        per=st.sampled_from(["contact", "total"]),
        counts=st.sampled_from(["proposition", "accepted"]),
        every=st.sampled_from([None, {"days": 2}, {"months": 24}]),
        spaces=st.sampled_from(["together", "each"]),
    ),
    max_size=3,
)
OFFERS = st.lists(
    shape(
        {"code": CODES, "label": WORDS},
        description=WORDS,
        start=MOMENTS,
        end=LATER,
        filter=RULES,
        contexts=CONTEXTS,
        content=CONTENT,
        translations=shape({}, fr=CONTENT, de=CONTENT),
        caps=CAPS,
        tags=TAGS,
        coupon=st.sampled_from([None, "CPN1"]),
    ),
    max_size=4,
    unique_by=lambda offer: offer["code"],
)
RULES_OF_PRESENTATION = st.lists(
    shape(
        {"name": NAMES, "label": WORDS},
        channel=st.sampled_from(["all", "sms"]),
        order=st.integers(-3, 3),
        period=st.sampled_from([None, "10d", "36h", "2d6h"]),
        max=st.integers(1, 5),
        statuses=st.sampled_from([[], ["rejected", "accepted"]]),
        applies_to=st.sampled_from([None, "offer.code == 'A1'"]),
        recipients=RULES,
        propositions=st.sampled_from([None, "proposition.rank > 1"]),
    ),
    max_size=3,
    unique_by=lambda rule: rule["name"],
)


@st.composite
def packages(draw: Any) -> dict[str, Any]:
    spaces = draw(SPACES)
    categories = draw(CATEGORIES)
    offers = draw(OFFERS)
    names = [category["name"] for category in categories]
    for number, category in enumerate(categories):
        if number and draw(st.booleans()):
            category["parent"] = draw(st.sampled_from(names[:number]))
    for offer in offers:
        if names and draw(st.booleans()):
            offer["category"] = draw(st.sampled_from(names))
        offer["representations"] = [
            {"space": space["name"], **({"content": draw(CONTENT)} if draw(st.booleans()) else {})}
            for space in spaces
            if draw(st.booleans())
        ]
    return {
        "format": "overture-catalog/1",
        "environment": {
            "name": "shop",
            "label": draw(WORDS),
            "timezone": draw(st.sampled_from(["UTC", "Europe/Paris", "Asia/Kathmandu"])),
            "filter": draw(RULES),
            "call_data": {
                "device": {"type": "string"},
                "b": {"type": "int", "choices": ["2", "1"]},
            },
            "samples": draw(
                st.sampled_from([[], [{"name": "x", "data": {"device": "d", "b": 3}}]])
            ),
        },
        "content_fields": [{"name": "colour", "label": "Colour"}],
        "filters": [{"name": "f", "label": draw(WORDS), "rule": "call.b in [1, 2]"}],
        "spaces": spaces,
        "categories": draw(st.permutations(categories)),
        "offers": offers,
        "fallback_offers": [{"code": "BRAND", "label": draw(WORDS), "content": draw(CONTENT)}],
        "presentation_rules": draw(RULES_OF_PRESENTATION),
    }


@given(tree=packages())
@settings(
    max_examples=often(25),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_an_export_applied_anywhere_exports_the_same(tree):
    with transaction.atomic():
        make_coupon("CPN1")
        found = problems(tree)
        assume({code for _path, code in found} != {"bad_template"})
        assert found == []
        applied(tree)
        first = exported()
        assert applied(first.encode()).plan.is_empty
        assert exported() == first
        assert applied(tree).plan.is_empty
        transaction.set_rollback(True)
    with transaction.atomic():
        make_coupon("CPN1")
        applied(first.encode())
        assert exported() == first
        assert json.loads(first)["environment"]["name"] == "shop"
        transaction.set_rollback(True)
