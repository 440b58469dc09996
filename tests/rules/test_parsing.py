"""From text to tree and back, and what is said of a text that is no rule."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.fuzzing import Fuzzer
from rules.jsonform import BadJson, from_json, to_json
from rules.parsing import parse
from rules.printing import print_rule
from rules.refusals import BadRule, Code, Mistake
from tests.often import often


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("contact.age<26", "contact.age < 26"),
        ("a&&b||!c", "a && b || !c"),
        ("(a && b) && c", "(a && b) && c"),
        ("a && (b || c)", "a && (b || c)"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a - b) - c", "a - b - c"),
        ("-5 + 3 * -x", "-5 + 3 * -x"),
        ("- 5", "-5"),
        ("x.size() > 1", "size(x) > 1"),
        ("'it''s' == x", None),
        ("'say \"hi\"' == x", '"say \\"hi\\"" == x'),
        ("r'\\d+' == x", '"\\\\d+" == x'),
        ("x in [1, 2,]", "x in [1, 2]"),
        ('timestamp("2026-05-01T10:00:00+02:00") < now', 'timestamp("2026-05-01T08:00:00Z") < now'),
        ('duration("90m") < duration("1.5h")', 'duration("1h30m") < duration("1h30m")'),
        ('date("2026-05-01") == x', 'date("2026-05-01") == x'),
        ("a ? b : c ? d : e", "a ? b : c ? d : e"),
        ("(a ? b : c) ? d : e", "(a ? b : c) ? d : e"),
        ("0x1F == 1e3", "31 == 1000.0"),
        ("x // a remark", "x"),
        ('"é😀\\u00e9\\n"', '"é😀é\\n"'),
        ("-9223372036854775808", "-9223372036854775808"),
    ],
)
def test_every_tree_has_one_text(text, canonical):
    if canonical is None:
        with pytest.raises(BadRule):
            parse(text)
        return

    assert print_rule(parse(text)) == canonical
    assert parse(canonical) == parse(text)


@pytest.mark.parametrize(
    ("text", "code", "start", "end", "expected"),
    [
        ("", Code.EMPTY, 0, 0, ("value",)),
        ("   ", Code.EMPTY, 0, 3, ("value",)),
        ("contact.age <", Code.UNEXPECTED_END, 13, 13, ("value",)),
        ("contact.age < < 3", Code.UNEXPECTED, 14, 15, ("value",)),
        ('"abc', Code.UNCLOSED_TEXT, 0, 4, ('"',)),
        ("(1", Code.UNEXPECTED_END, 2, 2, (")",)),
        ("a ? b", Code.UNEXPECTED_END, 5, 5, (":",)),
        (
            "99999999999999999999",
            Code.NUMBER_TOO_LARGE,
            0,
            20,
            ("-9223372036854775808 … 9223372036854775807",),
        ),
        ("1e101", Code.NUMBER_TOO_LARGE, 0, 5, ("1e-100 … 1e+100",)),
        ('"a\\qb"', Code.BAD_ESCAPE, 2, 4, ("escape",)),
        ('"\\u0000"', Code.BAD_ESCAPE, 1, 7, ("escape",)),
        ('timestamp("2026-13-01T00:00:00Z")', Code.BAD_TIMESTAMP, 10, 32, None),
        ('timestamp("2026-12-01")', Code.BAD_TIMESTAMP, 10, 22, None),
        ('date("2026-02-30")', Code.BAD_DATE, 5, 17, None),
        ('duration("10 days")', Code.BAD_DURATION, 9, 18, None),
        ("foo(1)", Code.UNKNOWN_FUNCTION, 0, 3, None),
        ("a.foo()", Code.UNKNOWN_FUNCTION, 2, 5, None),
        ("a == b c", Code.UNEXPECTED, 7, 8, None),
        ("@", Code.UNEXPECTED, 0, 1, ("value",)),
        ("(" * 31 + "1" + ")" * 31, Code.TOO_DEEP, 0, 63, ("30",)),
        ("!" * 30 + "a", Code.TOO_DEEP, 0, 31, ("30",)),
        ("a == 1 && " * 70 + "a", Code.TOO_MANY_PARTS, 0, 701, ("200",)),
        ("x" * 8193, Code.TOO_LONG, 0, 8193, ("8192",)),
    ],
)
def test_a_text_that_is_no_rule_says_where_and_what_was_expected(text, code, start, end, expected):
    with pytest.raises(BadRule) as refusal:
        parse(text)

    mistake = refusal.value.first
    assert (mistake.code, mistake.start, mistake.end) == (code, start, end)
    if expected is not None:
        assert mistake.expected == expected


def test_a_chain_is_one_level_however_long():
    assert print_rule(parse(" + ".join(["1"] * 90))) == " + ".join(["1"] * 90)


@given(st.text(max_size=200))
def test_no_text_is_more_than_refused(text):
    try:
        tree = parse(text)
    except BadRule as refusal:
        found = refusal.first
    else:
        found = Mistake(Code.EMPTY, 0, 0)
        assert parse(print_rule(tree)) == tree

    assert 0 <= found.start <= found.end <= len(text)


@settings(max_examples=often(300))
@given(st.integers(min_value=0))
def test_print_and_json_lose_nothing(seed):
    tree = Fuzzer(seed).rule()

    assert parse(print_rule(tree)) == tree
    assert from_json(to_json(tree)) == tree


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"all": []},
        {"all": "x"},
        {"op": "like", "left": {"name": "a"}, "right": {"name": "b"}},
        {"op": "=="},
        {"value": "x", "kind": "int"},
        {"value": True, "kind": "int"},
        {"value": 1, "kind": "colour"},
        {"value": "2026-13-01", "kind": "date"},
        {"name": "a", "value": None, "kind": "string"},
    ],
)
def test_json_that_describes_no_tree_is_refused(data):
    with pytest.raises(BadJson):
        from_json(data)
