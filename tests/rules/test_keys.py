"""What a rule asks at the least: who lacks that must never be one for whom it holds."""

import string
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.checking import check_rule
from rules.compiling import compile_rules
from rules.keys import Key, key_in
from rules.kinds import BOOL, INT, STRING
from rules.parsing import parse
from rules.vocabulary import vocabulary
from tests.often import often

WORDS = vocabulary(contact={"city": STRING, "age": INT, "client": BOOL}, call={"device": STRING})
CITY, DEVICE = ("contact", "city"), ("call", "device")


@pytest.mark.parametrize(
    ("text", "path", "values"),
    [
        ('contact.city == "Lyon"', CITY, {"Lyon"}),
        ("contact.age > 3 && contact . city == 'a && b'", CITY, {"a && b"}),
        ('call.device in ["a", \'b\']&&contact.city == "Lyon"', DEVICE, {"a", "b"}),
        ("contact.age in [18, 007]", ("contact", "age"), {18, 7}),
        ("(contact.age > 3 || contact.age < 1) && contact.city == 'x'", CITY, {"x"}),
        ("contact.client && years(contact.born) > 3", ("contact", "client"), {True}),
        ("!call.app && contact.client", ("call", "app"), {False, None}),
        ("contact.client && contact.city == 'x'", CITY, {"x"}),
        ('has(contact.age) && (contact.age > 3) && contact.city == "x"', CITY, {"x"}),
    ],
)
def test_a_link_of_a_chain_is_a_key(text, path, values):
    assert key_in(text) == Key(path, frozenset(values))


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        'contact.city != "Lyon"',
        'contact.city == "Lyon" || contact.age > 3',
        "!(contact.client)",
        "!!contact.client",
        '!(contact.age > 3 && contact.city == "Lyon" && contact.age < 9)',
        'contact.age > 3 ? contact.city == "Lyon" : contact.age < 2',
        'contact.city == "a\\"b"',
        'contact.city == r"a"',
        '!contact.city == "Lyon"',
        'contact.city == "Lyon" // && more',
        "contact.age == 12345678901",
        "contact.age == 1.5",
    ],
)
def test_what_is_no_mere_chain_has_none(text):
    assert key_in(text) is None


cities = st.sampled_from(["Lyon", "a && b", "x'y", "(", "]"])
atoms = st.one_of(
    st.just("contact.client"),
    st.just("!contact.client"),
    st.builds("contact.city == {!r}".format, cities),
    st.builds("contact.city in [{!r}, 'Lille']".format, cities),
    st.builds("call.device == {!r}".format, st.sampled_from(["a", "b"])),
    st.builds("contact.age {} {}".format, st.sampled_from([">", "==", "<"]), st.integers(0, 3)),
)
texts = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds("{} && {}".format, inner, inner),
        st.builds("({} && {} && {})".format, inner, inner, inner),
        st.builds("{} || {}".format, inner, inner),
        st.builds("!({})".format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
    ),
    max_leaves=6,
)
people = st.fixed_dictionaries(
    {}, optional={"city": cities, "age": st.integers(0, 3), "client": st.booleans()}
)
calls = st.fixed_dictionaries({}, optional={"device": st.sampled_from(["a", "b"])})


@settings(max_examples=often(300), deadline=None)
@given(texts, people, calls)
def test_a_rule_holds_only_where_its_key_does(text, contact, call):
    key = key_in(text)
    facts = {"contact": contact, "call": call}
    ask = compile_rules([check_rule(parse(text), WORDS)]).evaluate

    if key is not None and ask(facts, datetime(2026, 6, 15, tzinfo=UTC), UTC)[0]:
        root, name = key.path
        assert facts[root].get(name) in key.values


@given(st.text(alphabet=string.printable))
@settings(max_examples=often(200))
def test_any_text_can_be_looked_at(text):
    key_in(text)
