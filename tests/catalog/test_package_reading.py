"""From bytes to a package: every mistake at once, with its path."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from catalog.packages.reading import LARGEST, read

SMALL: dict[str, Any] = {
    "format": "overture-catalog/1",
    "environment": {"name": "shop", "label": "Shop", "timezone": "Europe/Paris"},
}


def told(tree: Any) -> list[tuple[str, str]]:
    data = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    return [(problem.path, problem.code) for problem in read(data).problems]


def with_(**lists: Any) -> dict[str, Any]:
    return {**SMALL, **lists}


def test_dates_without_an_offset_are_those_of_the_environment():
    package = read(
        json.dumps(with_(categories=[{"name": "a", "label": "A", "start": "2026-05-01"}])).encode()
    ).package

    assert package is not None
    assert package.categories[0].start == datetime(2026, 4, 30, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "path", "code"),
    [
        (b"", "", "not_json"),
        (b"{", "", "not_json"),
        (b'{"format": "overture-catalog/1",}', "", "not_json"),
        (b"[1]", "", "not_an_object"),
        (b'{"format": "overture-catalog/2"}', "format", "other_format"),
        (b"{}", "format", "other_format"),
        (b'{"format": ["overture-catalog/1"]}', "format", "other_format"),
        (b"\xff\xfe{", "", "not_utf8"),
        (b"[" * 200_000, "", "not_json"),
        (b'{"format": ' + b"1" * 5_000 + b"}", "", "not_json"),
        (b" " * (LARGEST + 1), "", "too_large"),
        (b'{"format": "overture-catalog/1"}', "environment", "missing"),
        (b'{"format": "overture-catalog/1", "environment": 3}', "environment", "dict_type"),
    ],
)
def test_what_is_no_package_says_so(data, path, code):
    assert (path, code) in told(data)


def test_json_that_breaks_off_says_the_line_and_the_column():
    (problem,) = read(b'{\n  "format": "overture-catalog/1"\n  "environment": {}\n}').problems
    assert "line 3, column 3" in problem.message


def test_a_byte_order_mark_is_no_mistake():
    assert read(b"\xef\xbb\xbf" + json.dumps(SMALL).encode()).problems == []


@pytest.mark.parametrize(
    ("offer", "path", "code"),
    [
        ({"label": "A"}, "code", "missing"),
        ({"code": "A", "label": "A", "colour": 1}, "colour", "extra_forbidden"),
        ({"code": "A B", "label": "A"}, "code", "bad_name"),
        ({"code": "A", "label": ""}, "label", "too_short"),
        ({"code": "A", "label": "x" * 121}, "label", "too_long"),
        ({"code": "A", "label": 7}, "label", "string_type"),
        ({"code": "A", "label": "a\0"}, "label", "nul"),
        ({"code": "A", "label": "A", "enabled": "yes"}, "enabled", "bool_type"),
        ({"code": "A", "label": "A", "start": "soon"}, "start", "moment"),
        ({"code": "A", "label": "A", "end": "2026-03-29T02:30"}, "end", "date_nonexistent"),
        ({"code": "A", "label": "A", "contexts": {}}, "contexts", "list_type"),
        ({"code": "A", "label": "A", "contexts": [5]}, "contexts[0]", "dict_type"),
        (
            {"code": "A", "label": "A", "contexts": [{"weight": 5}]},
            "contexts[0].weight",
            "string_type",
        ),
        (
            {"code": "A", "label": "A", "caps": [{"limit": 0}]},
            "caps[0].limit",
            "greater_than_equal",
        ),
        ({"code": "A", "label": "A", "caps": [{"limit": 1.5}]}, "caps[0].limit", "int_type"),
        (
            {"code": "A", "label": "A", "caps": [{"limit": 1, "every": {"days": 1, "weeks": 1}}]},
            "caps[0].every",
            "one_length",
        ),
        (
            {"code": "A", "label": "A", "caps": [{"limit": 1, "per": "day"}]},
            "caps[0].per",
            "not_a_choice",
        ),
        ({"code": "A", "label": "A", "content": {"title": 1}}, "content.title", "string_type"),
        ({"code": "A", "label": "A", "tags": [1]}, "tags[0]", "string_type"),
        (
            {"code": "A", "label": "A", "start": "2026-05-02", "end": "2026-05-01"},
            "end",
            "empty_window",
        ),
        (
            {"code": "A", "label": "A", "representations": [{}]},
            "representations[0].space",
            "missing",
        ),
    ],
)
def test_a_mistake_in_an_offer_stands_at_its_path(offer, path, code):
    first = {"code": "FINE", "label": "Fine"}
    assert told(with_(offers=[first, offer])) == [(f"offers[1].{path}", code)]


def test_a_mistake_elsewhere_stands_at_its_path():
    rule = {"name": "R", "label": "R", "channel": "radio", "period": "0d"}
    space = {"name": "hero_2", "label": "H", "channel": "web"}
    category = {
        "name": "c",
        "label": "C",
        "multiplier": 0,
        "multiplier_start": "2026-05-02",
        "multiplier_end": "2026-05-01",
    }
    tree = with_(presentation_rules=[rule], spaces=[space], categories=[category])
    tree["environment"] = {**SMALL["environment"], "timezone": "Europe/Lutetia"}

    assert sorted(told(tree)) == [
        ("categories[0].multiplier", "greater_than"),
        ("categories[0].multiplier_end", "empty_multiplier_window"),
        ("environment.timezone", "zone"),
        ("presentation_rules[0].channel", "not_a_choice"),
        ("presentation_rules[0].period", "period_of_nothing"),
        ("spaces[0].name", "rank_suffix"),
    ]


def test_every_alternative_is_told_in_one_sentence():
    rule = {"name": "R", "label": "R", "channel": "radio"}
    (problem,) = read(json.dumps(with_(presentation_rules=[rule])).encode()).problems
    assert problem.message == (
        "Expected one of: web, call_center, email, sms, direct_mail, push, other, all."
    )


def test_a_key_twice_is_a_mistake():
    data = (
        b'{"format": "overture-catalog/1", "environment": {"name": "shop", "label": "A",'
        b' "label": "B"}, "offers": [{"code": "A", "label": "A", "content":'
        b' {"title": "x", "title": "y"}}]}'
    )
    assert told(data) == [
        ("environment.label", "key_twice"),
        ("offers[0].content.title", "key_twice"),
    ]


def test_nan_is_no_number():
    data = json.dumps(with_(categories=[{"name": "a", "label": "A", "multiplier": 1}]))
    assert told(data.replace('"multiplier": 1', '"multiplier": NaN').encode()) == [
        ("categories[0].multiplier", "not_a_number")
    ]


def test_what_is_wrong_does_not_hide_the_rest():
    tree = with_(
        offers=[{"code": "A", "label": "A", "colour": 1, "filter": "nonsense("}],
        spaces=["hero"],
    )
    found = read(json.dumps(tree).encode())

    assert [(p.path, p.code) for p in found.problems] == [
        ("spaces[0]", "dict_type"),
        ("offers[0].colour", "extra_forbidden"),
    ]
    assert found.package is not None
    assert found.package.offers[0].filter == "nonsense("


def test_a_word_that_nothing_can_stand_in_for_hides_nothing_else():
    rule = {"name": "R", "label": "R", "statuses": ["seen"]}
    field = {"name": "badge", "label": "Badge", "type": "int"}
    tree = with_(
        offers=[{"code": "A", "label": "A", "filter": "nonsense("}],
        content_fields=[field],
        presentation_rules=[rule],
    )
    found = read(json.dumps(tree).encode())

    assert sorted((p.path, p.code) for p in found.problems) == [
        ("content_fields[0].type", "not_a_choice"),
        ("presentation_rules[0].statuses[0]", "not_a_choice"),
    ]
    assert found.package is not None
    assert found.package.offers[0].filter == "nonsense("


def test_half_a_character_is_named_and_hides_nothing_else():
    tree = with_(
        offers=[
            {"code": "A", "label": "caf\ud83d", "colour": 1},
            {"code": "B", "label": "caf\U0001f600", "content": {"\udc00": "x"}},
        ]
    )
    found = read(json.dumps(tree).encode())

    assert sorted((p.path, p.code) for p in found.problems) == [
        ("offers[0].colour", "extra_forbidden"),
        ("offers[0].label", "half_character"),
        ("offers[1].content", "half_character"),
    ]
    assert found.package is not None
    assert told({**SMALL, "format": "\ud800"}) == [("format", "other_format")]
