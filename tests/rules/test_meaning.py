"""What rules answer, case by case, in Python and in PostgreSQL alike."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.fuzzing import ATTRIBUTES, LISTS, Fuzzer
from contacts.vocabulary import membership
from rules.checking import check_rule, check_weight
from rules.compiling import compile_rules
from rules.parsing import parse
from rules.printing import print_rule
from rules.sql import Surroundings, to_sql, type_of
from rules.vocabulary import vocabulary
from tests.often import often

WORDS = vocabulary(contact=ATTRIBUTES, lists=LISTS)
NOW = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # in the hour that Paris has twice
ZONE = "Europe/Paris"
ALICE = {
    "flag": True,
    "age": 25,
    "score": 2.5,
    "city": "Lyon",
    "born": date(2001, 10, 26),
    "created_at": datetime(2026, 9, 24, 22, 30, tzinfo=UTC),
    "tags": ("vip", "new"),
    "years_bought": (2024, 2025),
    "lists": (LISTS["press"],),
}

pytestmark = pytest.mark.django_db


def in_python(rule, person):
    (answer,) = compile_rules([rule]).evaluate({"contact": person}, NOW, ZoneInfo(ZONE))
    return answer


def in_postgres(rule, person):
    """The answer for a person who stands in a row of their own."""
    columns, values = [], []
    for name, kind in ATTRIBUTES.items():
        value = person.get(name)
        columns.append(f"%s::{type_of(kind)} AS {name}")
        values.append(list(value) if isinstance(value, tuple) else value)
    columns.append("%s::bigint[] AS lists")
    values.append(list(person.get("lists", ())))
    around = Surroundings(
        {f"contact.{name}": name for name in ATTRIBUTES},
        NOW,
        ZONE,
        membership="{} = ANY(lists)",
    )
    asked = to_sql(rule, around)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {asked.text} FROM (SELECT {', '.join(columns)}) AS person",
            [*asked.parameters, *values],
        )
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("contact.age < 26", True),
        ("contact.points < 26", False),
        ("!(contact.points < 26)", True),
        ("contact.points != 26", False),
        ("contact.other_flag", False),
        ("!contact.other_flag", True),
        ("contact.other_flag == false", False),
        ("has(contact.age) && !has(contact.points)", True),
        ("contact.age == 25.0", True),
        ('contact.city == "lyon"', False),
        ('contact.city.lowerAscii() == "lyon"', True),
        ('contact.city.startsWith("Ly") && contact.city.endsWith("on")', True),
        ('contact.city.contains("yo")', True),
        ('contact.city.matches("^L.o[a-z]$")', True),
        ('contact.segment.matches(".*")', False),
        ('"vip" in contact.tags', True),
        ("2025 in contact.years_bought", True),
        ("2025.0 in contact.years_bought", True),
        ("contact.points in [1, 2]", False),
        ("contact.age in [contact.points, 25]", True),
        ("size(contact.tags) == 2", True),
        ('filter("press")', True),
        ('filter("vip")', False),
        ('!filter("vip") && filter("press") == true', True),
        ('(filter("vip") ? 1 : 2) == 2', True),
        ("size(contact.city) == 4", True),
        ("years(contact.born) == 24", True),
        ("date(now) == date(contact.created_at)", False),
        ('date(contact.created_at) == date("2026-09-25")', True),
        ("days(contact.created_at, now) == 30", True),
        ('now - contact.created_at > duration("720h")', True),
        ('contact.created_at + duration("24h") < now', True),
        ("contact.age / 0 > 1", False),
        ("contact.flag ? contact.age > 20 : contact.age > 30", True),
        ("contact.other_flag ? contact.age > 20 : contact.age > 30", False),
        ("-7 / 2 == -3 && -7 % 2 == -1 && 7 % -2 == 1", True),
        ("9223372036854775807 + 1 > 0", False),
        ("!(9223372036854775807 + 1 > 0)", True),
        ("1e99 * 1e99 > 0.0", False),
        ("1e-99 * 1e-99 == 0.0", True),
        ("9007199254740993 == 9007199254740992.0", True),
        ('"Z" < "a" && "z" < "é"', True),
    ],
)
def test_a_rule_answers_the_same_everywhere(text, answer):
    rule = check_rule(parse(text), WORDS)

    assert in_python(rule, ALICE) is answer
    assert bool(in_postgres(rule, ALICE)) is answer


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("10", 10),
        ("contact.age * 1.5", 37.5),
        ("contact.points * 2", None),
        ("contact.points > 1 ? 5 : 3", 3),
        ("7 / 2", 3),
        ("7 / 2.0", 3.5),
        ("1 / 0", None),
        ("contact.age - 30", -5),
    ],
)
def test_a_weight_is_a_number_or_missing(text, weight):
    rule = check_weight(parse(text), WORDS)

    assert in_python(rule, ALICE) == weight
    assert in_postgres(rule, ALICE) == weight


@pytest.mark.parametrize(
    ("born", "today", "completed"),
    [
        (date(2000, 2, 29), datetime(2026, 2, 28, 12, tzinfo=UTC), 25),
        (date(2000, 2, 29), datetime(2026, 3, 1, 12, tzinfo=UTC), 26),
        (date(2000, 2, 29), datetime(2028, 2, 29, 12, tzinfo=UTC), 28),
        (date(2000, 6, 30), datetime(2026, 6, 29, 21, 59, tzinfo=UTC), 25),
        (date(2000, 6, 30), datetime(2026, 6, 29, 22, 0, tzinfo=UTC), 26),
    ],
)
def test_a_year_is_completed_on_the_day_itself_where_the_person_is(
    monkeypatch, born, today, completed
):
    monkeypatch.setattr(f"{__name__}.NOW", today)
    rule = check_weight(parse("years(contact.born)"), WORDS)

    assert in_python(rule, {"born": born}) == completed
    assert in_postgres(rule, {"born": born}) == completed


def test_a_set_of_rules_answers_each_in_its_place():
    rules = [
        check_rule(parse("contact.age < 26 && contact.flag"), WORDS),
        check_weight(parse("contact.age * 2"), WORDS),
        check_rule(parse("!(contact.age < 26) || contact.flag"), WORDS),
    ]

    answers = compile_rules(rules).evaluate({"contact": ALICE}, NOW, ZoneInfo(ZONE))

    assert answers == (True, 50, True)


def test_what_several_rules_ask_is_asked_once():
    rules = [
        check_rule(parse(f"contact.city.matches('^L') && contact.age < {n}"), WORDS)
        for n in range(50)
    ]

    assert compile_rules(rules).source.count("is not None and c0(") == 1


def test_what_a_rule_writes_is_never_part_of_a_statement():
    rule = check_rule(parse('contact.city == "\'; DROP TABLE people; --"'), WORDS)

    asked = to_sql(rule, Surroundings({"contact.city": "city"}, NOW, ZONE))

    assert asked.text == "(city = CAST(%s AS text))"
    assert asked.parameters == ("'; DROP TABLE people; --",)


@pytest.mark.parametrize(
    "text",
    [
        "contact.age * 2 + contact.points / 3 - contact.age % 7 > 10",
        "contact.score / contact.age * 2.0 + contact.ratio > 10",
        'contact.created_at + duration("24h") > now - (now - contact.seen_at)',
        'contact.city.endsWith("on") && years(contact.born) > 3',
    ],
)
def test_what_is_computed_lets_postgres_work_in_parallel(text):
    """A query inside an expression would not."""
    columns = {f"contact.{name}": name for name in ATTRIBUTES}

    assert (
        "SELECT"
        not in to_sql(check_rule(parse(text), WORDS), Surroundings(columns, NOW, ZONE)).text
    )


def test_a_moment_that_is_the_same_for_everybody_is_computed_once():
    rule = check_rule(parse('contact.seen_at >= now - duration("24h")'), WORDS)

    asked = to_sql(rule, Surroundings({"contact.seen_at": "seen_at"}, NOW, ZONE))

    assert asked.text == "(seen_at >= CAST(%s AS timestamptz))"
    assert asked.parameters == (datetime(2026, 10, 24, 1, 30, tzinfo=UTC),)


PEOPLE = Fuzzer(seed=7).people(40)


@settings(
    max_examples=often(250),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(min_value=0, max_value=2**32))
def test_python_and_postgres_agree_on_any_rule(people_table, seed):
    rule = check_rule(Fuzzer(seed).rule(), WORDS)
    evaluate = compile_rules([rule]).evaluate
    expected = {
        number
        for number, person in enumerate(PEOPLE)
        if evaluate({"contact": person}, NOW, ZoneInfo(ZONE))[0]
    }

    columns = {f"contact.{name}": name for name in ATTRIBUTES}
    on_list = membership("fuzzed.id", table="fuzzed_members")
    asked = to_sql(rule, Surroundings(columns, NOW, ZONE, membership=on_list))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM fuzzed WHERE {asked.text}", asked.parameters)
        found = {number for (number,) in cursor}

    assert found == expected, print_rule(rule.tree)


@pytest.fixture
def people_table(db):
    columns = ", ".join(f"{name} {type_of(kind)}" for name, kind in ATTRIBUTES.items())
    places = ", ".join(["%s"] * (len(ATTRIBUTES) + 1))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE fuzzed (id int, {columns}) ON COMMIT DROP")
        for number, person in enumerate(PEOPLE):
            values = [person.get(name) for name in ATTRIBUTES]
            listed = [list(value) if isinstance(value, tuple) else value for value in values]
            cursor.execute(f"INSERT INTO fuzzed VALUES ({places})", [number, *listed])
        cursor.execute(
            "CREATE TEMPORARY TABLE fuzzed_members (audience_id bigint, contact_id int)"
            " ON COMMIT DROP"
        )
        members = [(which, number) for number, who in enumerate(PEOPLE) for which in who["lists"]]
        cursor.executemany("INSERT INTO fuzzed_members VALUES (%s, %s)", members)


def test_the_longest_moments_do_not_overflow():
    rule = check_rule(parse('now + duration("87600000h") > now'), WORDS)

    assert in_python(rule, {}) is False
    assert not in_postgres(rule, {})
    assert timedelta(hours=87_600_000) > timedelta(days=365 * 9_000)
