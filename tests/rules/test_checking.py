"""Every part of a rule has a kind, or a mistake that says where it stands."""

from dataclasses import replace

import pytest

from rules.checking import check_rule, check_weight
from rules.kinds import BOOL, DATE, DOUBLE, INT, STRING, TIMESTAMP, Base, Kind
from rules.nearness import apart
from rules.parsing import parse
from rules.refusals import BadRule, Code
from rules.vocabulary import vocabulary

WORDS = vocabulary(
    contact={
        "age": INT,
        "income": STRING,
        "score": DOUBLE,
        "flag": BOOL,
        "tags": Kind(Base.STRING, is_list=True),
        "birth_date": DATE,
        "created_at": TIMESTAMP,
    },
    call={"device": STRING},
    filters={
        "adult": parse("contact.age >= 18"),
        "rich_adult": parse('filter("adult") && contact.income == "high"'),
        "snake": parse('!filter("tail")'),
        "tail": parse('filter("snake")'),
    },
    choices={"contact.income": ("low", "mid", "high")},
)


def mistakes_of(text, check=check_rule):
    with pytest.raises(BadRule) as refusal:
        check(parse(text), WORDS)
    return [(mistake.code, text[mistake.start : mistake.end]) for mistake in refusal.value.mistakes]


@pytest.mark.parametrize(
    "text",
    [
        "contact.flag",
        "contact.age < 26.5",
        'contact.income in ["low", "mid"]',
        '"vip" in contact.tags',
        "size(contact.tags) > 1",
        "years(contact.birth_date) < 26",
        "days(contact.created_at, now) > 30",
        "date(contact.created_at) == contact.birth_date",
        'now - contact.created_at > duration("720h")',
        "contact.flag == (contact.age < 3)",
        "has(contact.age) && !has(call.device)",
        '"travel" in offer.categories',
        'contact.income.matches("^l")',
        "contact.age in []",
        "contact.flag ? contact.age > 3 : true",
    ],
)
def test_a_rule_that_means_something_is_a_question(text):
    assert check_rule(parse(text), WORDS).kind == BOOL


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("contact.agee < 3", [(Code.UNKNOWN_NAME, "contact.agee")]),
        ("proposition.rank < 3", [(Code.UNKNOWN_NAME, "proposition.rank")]),
        ('contact.age < "x"', [(Code.NOT_COMPARABLE, 'contact.age < "x"')]),
        ("contact.flag < true", [(Code.NOT_COMPARABLE, "contact.flag < true")]),
        ("contact.birth_date < now", [(Code.NOT_COMPARABLE, "contact.birth_date < now")]),
        ("contact.age", [(Code.WRONG_KIND, "contact.age")]),
        ("contact.flag && contact.age", [(Code.WRONG_KIND, "contact.age")]),
        ('contact.income + 1 == "x"', [(Code.NOT_COMPUTABLE, "contact.income + 1")]),
        ("1.5 % 2 == 1", [(Code.NOT_COMPUTABLE, "1.5 % 2")]),
        ('"a" in contact.income', [(Code.WRONG_KIND, "contact.income")]),
        ("1 in contact.tags", [(Code.NOT_COMPARABLE, "1 in contact.tags")]),
        ('contact.age in [1, "a"]', [(Code.MIXED_LIST, '[1, "a"]')]),
        ('contact.income.matches("(a")', [(Code.BAD_PATTERN, '"(a"')]),
        ('contact.income.matches("(a)\\\\1")', [(Code.BAD_PATTERN, '"(a)\\\\1"')]),
        ("contact.income.matches(contact.income)", [(Code.LITERAL_NEEDED, "contact.income")]),
        ("has(1)", [(Code.NAME_NEEDED, "1")]),
        ("size(3) > 1", [(Code.WRONG_KIND, "3")]),
        ("years(contact.age) > 1", [(Code.WRONG_KIND, "contact.age")]),
        ("days(now) > 1", [(Code.WRONG_NUMBER_OF_ARGUMENTS, "days(now)")]),
        ("timestamp(contact.income) < now", [(Code.LITERAL_NEEDED, "contact.income")]),
        ('filter("nobody")', [(Code.UNKNOWN_FILTER, 'filter("nobody")')]),
        ("contact.flag ? 1 : contact.income", [(Code.WRONG_KIND, "contact.income")]),
        (
            "contact.x && size(3) > 1 || contact.y",
            [
                (Code.UNKNOWN_NAME, "contact.x"),
                (Code.WRONG_KIND, "3"),
                (Code.UNKNOWN_NAME, "contact.y"),
            ],
        ),
    ],
)
def test_every_mistake_is_found_at_its_place(text, found):
    assert mistakes_of(text) == found


def test_what_holds_a_mistake_is_not_blamed_too():
    assert mistakes_of("(contact.x + 1) * 2 > 3") == [(Code.UNKNOWN_NAME, "contact.x")]


def test_a_weight_is_a_number():
    assert check_weight(parse("contact.age * 1.5"), WORDS).kind == DOUBLE
    assert check_weight(parse("10"), WORDS).kind == INT
    assert mistakes_of("contact.flag", check_weight) == [(Code.WRONG_KIND, "contact.flag")]


def test_filters_are_written_out():
    checked = check_rule(parse('filter("rich_adult")'), WORDS)

    assert checked.tree == parse('contact.age >= 18 && contact.income == "high"')


def test_a_filter_that_asks_itself_is_refused():
    assert mistakes_of('filter("snake")')[0][0] == Code.CIRCULAR_FILTER


def test_a_value_that_an_attribute_never_has_is_a_warning():
    text = 'contact.income in ["low", "rich"]'

    (warning,) = check_rule(parse(text), WORDS).warnings

    assert (warning.code, text[warning.start : warning.end]) == (Code.NOT_A_CHOICE, '"rich"')
    assert warning.expected == ("low", "mid", "high")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("contact.agee > 3", "contact.age"),
        ("contact.ega > 3", "contact.age"),
        ('contact.incmoe == "low"', "contact.income"),
        ("contact.birthdate == date(now)", "contact.birth_date"),
        ("contact.Flag", "contact.flag"),
        ("contact.createdat < now", "contact.created_at"),
        ("contcat.age > 3", "contact.age"),
        ('call.devcie == "x"', "call.device"),
        ("age > 3", "contact.age"),
        ('incmoe == "low"', "contact.income"),
        ("nonsense", "call"),
        ('filter("adlut")', "adult"),
        ('filter("rich_adults")', "rich_adult"),
        ('filter("press_lst")', "press_list"),
        ('contact.income.startWith("l")', "startsWith"),
        ("year(contact.birth_date) > 3", "years"),
    ],
)
def test_the_first_suggestion_is_what_was_meant(text, meant):
    with pytest.raises(BadRule) as refusal:
        check_rule(parse(text), replace(WORDS, lists={"press_list": 1}))

    assert refusal.value.first.expected[0] == meant


@pytest.mark.parametrize(
    ("one", "other", "letters"),
    [("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("abcd", "axcy", 2)],
)
def test_words_are_as_far_apart_as_it_takes_letters(one, other, letters):
    assert apart(one, other) == letters
    assert apart(other, one) == letters
