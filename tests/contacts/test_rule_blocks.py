"""Between a tree and what the builder shows nothing is lost, and nothing is made up."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.fuzzing import ATTRIBUTES, Fuzzer
from contacts.ruleblocks import BadBlocks, Gap, read_rule, write_rule, written_parts
from rules.parsing import parse
from rules.printing import print_rule
from rules.vocabulary import vocabulary
from tests.often import often

PARIS = ZoneInfo("Europe/Paris")
WORDS = vocabulary(contact=ATTRIBUTES, filters={"gold": parse("contact.age > 3")})


def shown(text):
    return read_rule(parse(text), WORDS, PARIS)


def condition(text):
    (part,) = shown(text)["parts"]
    return part


def written(blocks):
    return write_rule(blocks, WORDS, PARIS)


@given(st.integers(0, 10**9))
@settings(max_examples=often(300), deadline=None)
def test_a_tree_comes_back_from_the_builder_as_it_was(seed):
    tree = parse(print_rule(Fuzzer(seed).rule()))

    found = written(read_rule(tree, WORDS, PARIS))

    assert found.tree == tree
    assert found.problems == []


@pytest.mark.parametrize(
    ("text", "name", "ask", "value"),
    [
        ("contact.age >= 26", "contact.age", "at_least", "26"),
        ("contact.score >= 3.0", "contact.score", "at_least", "3.0"),
        (
            "contact.points == 9223372036854775807",
            "contact.points",
            "is",
            "9223372036854775807",
        ),
        ('contact.city in ["Lyon", "Metz"]', "contact.city", "one_of", ["Lyon", "Metz"]),
        ('!contact.city.contains("x")', "contact.city", "not_contains", "x"),
        ("!has(contact.city)", "contact.city", "unknown", None),
        ("contact.flag", "contact.flag", "yes", None),
        ("contact.flag == false", "contact.flag", "no", None),
        ("years(contact.born) < 26", "contact.born", "age_under", "26"),
        (
            "days(contact.born, now) >= 0 && days(contact.born, now) <= 30",
            "contact.born",
            "last_days",
            "30",
        ),
        (
            'contact.seen_at >= now - duration("720h") && contact.seen_at <= now',
            "contact.seen_at",
            "last_days",
            "30",
        ),
        (
            'contact.seen_at < timestamp("2026-05-01T08:00:00Z")',
            "contact.seen_at",
            "under",
            "2026-05-01T10:00:00",
        ),
        ('"a" in contact.tags', "contact.tags", "has_item", "a"),
        ('"a" in contact.tags || "b" in contact.tags', "contact.tags", "has_any", ["a", "b"]),
        ('!("a" in contact.tags || "b" in contact.tags)', "contact.tags", "has_none", ["a", "b"]),
        ("size(contact.tags) >= 2", "contact.tags", "count_at_least", "2"),
        ('filter("gold")', "audience", "member", "gold"),
        ('space.channel == "web"', "space.channel", "is", "web"),
    ],
)
def test_a_condition_is_a_question_with_fields(text, name, ask, value):
    found = condition(text)

    assert (found["name"], found["ask"], found.get("value")) == (name, ask, value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("contact.age + 1 > 3", "arithmetic"),
        ("(contact.flag ? contact.age : 3) > 2", "choice"),
        ("contact.age > contact.points", "two_names"),
        ("contact.nobody == 3", "unknown"),
        ("26 > contact.age", "other"),
        ('contact.city == ""', "other"),
        ('contact.city == "two\\nlines"', "other"),
        ('contact.seen_at >= now - duration("36h") && contact.seen_at <= now', "arithmetic"),
    ],
)
def test_a_part_without_fields_stays_as_it_is_written_and_says_why(text, why):
    (part, *_rest) = written_parts(shown(text))

    assert part["why"] == why


def test_groups_are_all_any_and_none():
    blocks = shown("contact.age > 3 && !(contact.flag || contact.other_flag) && contact.points > 1")

    assert blocks["how"] == "all"
    assert [part.get("how", part.get("ask")) for part in blocks["parts"]] == [
        "over",
        "none",
        "over",
    ]


def test_what_is_not_finished_is_named_and_the_rest_is_a_rule():
    blocks = {
        "how": "all",
        "parts": [
            {"name": "contact.age", "ask": "at_least", "value": "18"},
            {"name": "", "ask": "", "value": ""},
            {"name": "contact.city", "ask": "is", "value": ""},
            {"name": "contact.points", "ask": "is", "value": "many"},
            {"how": "any", "parts": []},
            {"text": "contact.age >"},
        ],
    }

    found = written(blocks)

    assert found.tree == parse("contact.age >= 18")
    assert [(problem.path, problem.gap) for problem in found.problems] == [
        ((1,), Gap.NAME),
        ((2,), Gap.VALUE),
        ((3,), Gap.BAD_VALUE),
        ((4,), Gap.EMPTY_GROUP),
        ((5,), Gap.BAD_TEXT),
    ]


def test_a_french_decimal_is_a_number():
    block = {"how": "all", "parts": [{"name": "contact.score", "ask": "over", "value": "2,5"}]}

    assert written(block).tree == parse("contact.score > 2.5")


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "all",
        {"parts": []},
        {"how": "some", "parts": []},
        {"how": "all"},
        {"how": "all", "parts": [3]},
        {"how": "all", "parts": [{"name": 3}]},
        {"how": "all", "parts": [{"text": 3}]},
        {"how": "all", "parts": [{"name": "contact.age", "ask": "is", "value": {"a": 1}}]},
    ],
)
def test_what_no_builder_sends_is_refused(data):
    with pytest.raises(BadBlocks):
        written(data)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["how", "parts", "name", "ask", "value", "text"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)
names = st.sampled_from([*WORDS.names, "audience", "", "contact.nobody"])
asks = st.sampled_from(
    ["is", "one_of", "last_days", "has_any", "matches", "member", "age_is", "known", "yes", ""]
)
blocks_of_builders = st.recursive(
    st.fixed_dictionaries({"name": names, "ask": asks, "value": st.text(max_size=6) | json})
    | st.fixed_dictionaries({"text": st.text(max_size=12)}),
    lambda inner: st.fixed_dictionaries(
        {"how": st.sampled_from(["all", "any", "none"]), "parts": st.lists(inner, max_size=4)}
    ),
    max_leaves=12,
)


@given(json | blocks_of_builders)
@settings(max_examples=often(400), deadline=None)
def test_whatever_is_sent_is_a_tree_with_problems_or_refused(data):
    try:
        found = written(data)
    except BadBlocks:
        return

    assert found.tree is None or parse(print_rule(found.tree)) is not None
