"""The engine against a naive reading of the algorithm, over random catalogues and histories."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisioning.engine import blocks, masks
from decisioning.engine.compiled import Release
from decisioning.engine.decide import Engine
from decisioning.engine.values import (
    Cap,
    Catalogue,
    Category,
    Offer,
    Past,
    PresentationRule,
    Question,
    Scope,
    Slot,
    Space,
    Window,
    microseconds_at,
)
from rules.keys import key_in
from tests.engine.bank import PARIS, context, counting, rule
from tests.engine.naive import Naive
from tests.often import often

NOW = datetime(2026, 6, 15, 8, 0, tzinfo=UTC)
CODES = tuple(f"O{number}" for number in range(12))
NAMES = ("a", "b", "c", "d")
FILTERS = (
    None,
    "contact.age < 26",
    "!contact.has_account",
    'contact.income == "high" || contact.frequent_traveller',
    "contact.propensity_home > 0.5",
    'offer.code != "O3"',
    'call.device == "mobile"',
    "contact.age in [17, 20, 23]",
    'contact.income == "high" && contact.age > 20',
    '!contact.has_account && (contact.age < 30 && contact.income == "low")',
    'space.channel == "web"',
    "'x' in offer.tags",
    "years(contact.birth_date) < 26 && !(years(contact.birth_date) in [18, 19])",
    "contact.age > 17 || contact.propensity_home * 2.0 > 1.0",
    'has(contact.income) && (contact.income != "low" ? contact.age < 30 : contact.has_account)',
)
WEIGHTS = ("0", "1", "5", "5", "7.5", "10 + 20 * contact.propensity_home", "contact.age / 3", "-2")
COUNTED = (
    None,
    None,
    None,
    "proposition.offer == offer.code",
    'proposition.status == "rejected" || "x" in offer.tags',
    'proposition.channel == "web" && proposition.date < now',
    'proposition.rank == 1 || proposition.space == "mail"',
    "proposition.weight < 6.0",
)
RULED = (None, "offer.category == 'a'", "'x' in offer.tags", "'b' in offer.categories")

# Hypothesis takes long to make a strategy, and knows one again that is made of the same values:
# what is drawn often is made here, and of tuples.
moments = st.integers(-30, 30).map(lambda days: NOW + timedelta(days=days))
moments_or_none = st.none() | moments
periods = st.none() | st.integers(1, 20).map(lambda days: timedelta(days=days))


tenths, fifths, quarters = st.integers(0, 9), st.integers(0, 4), st.integers(0, 3)
flags, few = st.booleans(), st.integers(0, 1)


@st.composite
def drawn_windows(draw):
    start, end = draw(moments_or_none), draw(moments_or_none)
    if start and end and end <= start:
        start, end = (end, start) if end < start else (start, None)
    return Window(start, end)


windows = drawn_windows()
filters = st.sampled_from(FILTERS).map(lambda text: rule(text) if text else None)
ruled = st.sampled_from(RULED).map(lambda text: rule(text) if text else None)
counted = st.sampled_from(COUNTED).map(lambda text: counting(text) if text else None)
keyed = st.sampled_from(FILTERS).map(
    lambda text: {"filter": rule(text), "key": key_in(text)} if text else {}
)


parents = [st.sampled_from((None, *NAMES[:index])) for index in range(len(NAMES))]
themes = st.lists(st.sampled_from(("red", "Blue")), max_size=2)
multipliers = st.sampled_from((Decimal(1), Decimal("1.5"), Decimal("0.333333")))
categories_or_none = st.sampled_from((None, *NAMES))
weights = st.sampled_from(WEIGHTS)
small_categories = st.sampled_from((None, "a", "b"))
most_of_category = st.sampled_from((None, None, 1, 2))
spaces_or_none = st.sampled_from((None, None, "hero", "mail"))
spaces = st.sets(st.sampled_from(("hero", "mail")), min_size=1)
tags = st.sets(st.sampled_from(("x", "y")))
channels = st.sampled_from(("all", "all", "web", "email"))
limits = st.integers(1, 3)
counts = st.sampled_from(("proposition", "proposition", "presented", "accepted"))
maxima = st.integers(1, 4)
scopes = st.sampled_from(tuple(Scope))
statuses = st.sets(st.sampled_from((0, 1, 3, 5)), max_size=2)


@st.composite
def categories(draw):
    found = []
    for index, name in enumerate(NAMES):
        found.append(
            Category(
                name=name,
                parent=draw(parents[index]),
                enabled=draw(tenths) > 0,
                window=draw(windows) if draw(quarters) == 0 else Window(),
                themes=tuple(draw(themes)),
                multiplier=draw(multipliers),
                multiplier_window=draw(windows),
                filter=draw(filters) if draw(flags) else None,
                always_include=draw(fifths) == 0,
            )
        )
    return tuple(found)


@st.composite
def offers(draw):
    return tuple(
        Offer(
            code=code,
            category=draw(categories_or_none),
            enabled=draw(tenths) > 0,
            window=draw(windows) if draw(quarters) == 0 else Window(),
            **draw(keyed),
            contexts=tuple(
                context(
                    draw(weights),
                    f"context {number}",
                    **draw(keyed),
                    space=draw(spaces_or_none),
                    window=draw(windows) if draw(quarters) == 0 else Window(),
                )
                for number in range(draw(quarters))
            ),
            spaces=frozenset(draw(spaces)),
            caps=tuple(
                Cap(
                    key=f"{code}/{number}",
                    limit=draw(limits),
                    counts=draw(counts),
                    each_space=draw(flags),
                )
                for number in range(draw(few))
            ),
            tags=tuple(draw(tags)),
        )
        for code in CODES
    )


@st.composite
def presentation_rules(draw):
    return tuple(
        PresentationRule(
            name=f"R{number}",
            channel=draw(channels),
            active=draw(fifths) > 0,
            order=draw(quarters),
            applies_to=draw(ruled),
            period=draw(periods),
            max=draw(maxima),
            same_channel=draw(flags),
            scope=draw(scopes),
            statuses=frozenset(draw(statuses)),
            recipients=draw(filters) if draw(quarters) == 0 else None,
            propositions=draw(counted),
            count_this_call=draw(flags),
        )
        for number in range(draw(quarters))
    )


@st.composite
def catalogues(draw):
    return Catalogue(
        environment="e",
        number=1,
        zone=PARIS,
        filter=draw(filters) if draw(fifths) == 0 else None,
        categories=draw(categories()),
        offers=draw(offers()),
        rules=draw(presentation_rules()),
        spaces=(
            Space(
                name="hero",
                channel="web",
                max_per_category=draw(most_of_category),
                category_depth=draw(st.sampled_from((None, 1, 2))),
                default_category=draw(st.sampled_from((None, "a"))),
                status_on_proposition=draw(few),
            ),
            Space(
                name="mail",
                channel="email",
                default_themes=("red",),
                status_on_proposition=draw(few),
            ),
        ),
    )


small_weights, small_limits = st.sampled_from(("5", "7.5")), st.integers(1, 2)
places = st.sampled_from((("hero",), ("mail",), ("hero", "mail"), ("hero", "mail")))


@st.composite
def small_catalogues(draw):
    """So few offers that what one slot shows matters to the next."""
    return Catalogue(
        environment="e",
        number=1,
        zone=PARIS,
        categories=(Category(name="a"), Category(name="b", parent="a")),
        offers=tuple(
            Offer(
                code=code,
                category=draw(small_categories),
                **(draw(keyed) if draw(fifths) == 0 else {}),
                contexts=(context(draw(small_weights), "context"),),
                spaces=frozenset(draw(places)),
                caps=tuple(
                    Cap(
                        key=f"{code}/{number}",
                        limit=draw(small_limits),
                        counts=draw(counts),
                        each_space=draw(flags),
                    )
                    for number in range(draw(few))
                ),
                tags=tuple(draw(tags)),
            )
            for code in CODES[:4]
        ),
        rules=tuple(
            PresentationRule(
                name=f"R{number}",
                channel=draw(channels),
                applies_to=draw(ruled),
                period=draw(periods),
                max=draw(small_limits),
                same_channel=draw(flags),
                scope=draw(scopes),
                statuses=frozenset(draw(statuses)),
                propositions=draw(counted),
                count_this_call=True,
            )
            for number in range(draw(few))
        ),
        spaces=(
            Space(
                name="hero",
                channel="web",
                max_per_category=draw(most_of_category),
                status_on_proposition=draw(few),
            ),
            Space(name="mail", channel="email", status_on_proposition=draw(few)),
        ),
    )


contacts = st.fixed_dictionaries(
    {},
    optional={
        "age": st.integers(15, 40),
        "has_account": st.booleans(),
        "income": st.sampled_from(("low", "high")),
        "frequent_traveller": st.booleans(),
        "propensity_home": st.sampled_from((0.1, 0.5, 0.8)),
        "birth_date": st.sampled_from((date(2000, 6, 15), date(2000, 6, 16), date(2007, 1, 1))),
    },
)
histories = st.lists(
    st.builds(
        Past,
        offer=st.sampled_from((*CODES, "GONE")),
        space=st.just("hero"),
        channel=st.sampled_from(("web", "email")),
        status=st.sampled_from((0, 1, 3, 5)),
        microseconds=moments.map(microseconds_at),
        category=st.sampled_from(("a", None, "")),
        is_fallback=st.sampled_from((False, False, False, True)),
    ),
    max_size=8,
).map(tuple)
caps_used = st.dictionaries(
    st.tuples(st.sampled_from([f"{code}/0" for code in CODES]), st.sampled_from(("", "hero"))),
    st.integers(0, 3),
)


asked_spaces, asked_counts = st.sampled_from(("hero", "mail")), st.integers(1, 12)
asked_categories = st.lists(st.sampled_from((*NAMES, "nope")), max_size=2)
asked_themes = st.lists(st.sampled_from(("red", "blue ")), max_size=1)
told = st.sampled_from(({}, {"device": "mobile"}))
slots = st.lists(
    st.builds(
        Slot,
        slot=st.just("s"),
        space=asked_spaces,
        count=asked_counts,
        categories=asked_categories.map(tuple),
        themes=asked_themes.map(tuple),
        call=told,
    ),
    min_size=1,
    max_size=3,
).map(tuple)


small_slots = st.lists(
    st.builds(
        Slot, slot=st.just("s"), space=asked_spaces, count=st.integers(1, 3), call=st.just({})
    ),
    min_size=2,
    max_size=3,
).map(tuple)


@st.composite
def questions(draw, slots=slots):
    return Question(
        at=NOW,
        target="C1",
        seed=draw(st.sampled_from(("t1", "t2"))),
        contact=draw(contacts),
        history=draw(histories),
        used=draw(caps_used),
        slots=draw(slots),
        deduplicate=draw(flags),
    )


@settings(max_examples=often(120), deadline=None)
@given(catalogues(), questions())
def test_the_engine_does_what_the_text_says(catalogue, question):
    same(catalogue, question)


@settings(max_examples=often(200), deadline=None)
@given(small_catalogues(), questions(small_slots))
def test_what_a_call_has_chosen_counts_for_the_rest_of_it(catalogue, question):
    same(catalogue, question)


@pytest.mark.parametrize(
    ("spaces", "expected"),
    [(("hero", "mail"), [["O1"], []]), (("mail", "hero"), [["O1"], ["O1"]])],
)
def test_a_cap_counts_what_a_call_has_chosen_by_the_status_that_it_got(spaces, expected):
    cap = Cap(key="O1/0", limit=1, counts="presented")
    everywhere = frozenset({"hero", "mail"})
    offer = Offer(code="O1", contexts=(context("5", "context"),), spaces=everywhere, caps=(cap,))
    hero = Space(name="hero", channel="web", status_on_proposition=1)
    mail = Space(name="mail", channel="email", status_on_proposition=0)
    made = Catalogue(environment="e", number=1, zone=PARIS, offers=(offer,), spaces=(hero, mail))
    asked = tuple(Slot(slot=name, space=name, count=1) for name in spaces)

    question = Question(at=NOW, target="C1", seed="t1", slots=asked, deduplicate=False)
    answers = Engine(Release(made)).decide(question).answers

    assert [[one.offer for one in answer.propositions] for answer in answers] == expected
    same(made, question)


def same(catalogue, question):
    expected = Naive(catalogue).decide(question)

    release = Release(catalogue)
    answers = Engine(release).decide(question).answers

    assert [
        [(p.offer, p.weight, p.context) for p in answer.propositions] for answer in answers
    ] == expected
    with patch.object(blocks, "SMALLEST", 2):
        assert Engine(release, for_many=True).decide(question).answers == answers


@settings(max_examples=often(50), deadline=None)
@given(catalogues(), st.lists(questions(), min_size=2, max_size=8), moments)
def test_who_is_asked_for_many_answers_each_as_if_nobody_had_been_asked_before(
    catalogue, asked, later
):
    release = Release(catalogue)
    one = Engine(release)
    with patch.object(blocks, "SMALLEST", 2), patch.object(masks, "MOST_VALUES", 2):
        many = Engine(release, for_many=True)
        for question in [*asked, *(replace(each, at=later) for each in asked)]:
            assert many.decide(question).answers == one.decide(question).answers


@settings(max_examples=often(50), deadline=None)
@given(catalogues(), questions())
def test_an_explanation_changes_nothing_and_speaks_of_every_offer(catalogue, question):
    engine = Engine(Release(catalogue))

    plain = engine.decide(question).answers
    explained = engine.decide(replace(question, explain=True)).answers

    assert [one.propositions for one in explained] == [one.propositions for one in plain]
    for answer in explained:
        assert sorted(one.offer for one in answer.explained) == sorted(CODES)
