"""Where the rule language is CEL, it answers as Google's own evaluator does.

Left out are the two documented differences (missing values, ints mixed with doubles) and what is
ours alone: days, `date`, `days` and `years`. Where CEL stops with an error we answer "missing".
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cel_expr_python import cel
from cel_expr_python.ext import ext_strings
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.fuzzing import ATTRIBUTES, INTS, STRINGS, Fuzzer
from rules.checking import check_rule, check_weight
from rules.compiling import compile_rules
from rules.kinds import BOOL, DATE, DOUBLE, DURATION, INT, STRING, TIMESTAMP
from rules.parsing import parse
from rules.printing import print_rule
from rules.tree import Arithmetic, Call, Compare, Comparison, Compute
from rules.vocabulary import vocabulary
from tests.often import often

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
TYPES = {
    BOOL: cel.Type.BOOL,
    INT: cel.Type.INT,
    DOUBLE: cel.Type.DOUBLE,
    STRING: cel.Type.STRING,
    TIMESTAMP: cel.Type.TIMESTAMP,
    STRINGS: cel.Type.List(cel.Type.STRING),
    INTS: cel.Type.List(cel.Type.INT),
}
SHARED = {name: kind for name, kind in ATTRIBUTES.items() if kind in TYPES}
ENVIRONMENT = cel.NewEnv(
    variables={
        **{f"contact.{name}": TYPES[kind] for name, kind in SHARED.items()},
        "now": cel.Type.TIMESTAMP,
    },
    extensions=[ext_strings.ExtStrings()],
)
WORDS = vocabulary(contact=SHARED)


class SharedFuzzer(Fuzzer):
    """Makes rules of what both languages know, over people of whom everything is known."""

    lists: Mapping[str, int] = {}  # CEL has none

    def __init__(self, seed):
        super().__init__(seed)
        self.makers[INT] = [self.compute_int, self.minus_int, self.size]

    def compare(self, left):
        kind = self.chance.choice([BOOL, INT, DOUBLE, STRING, TIMESTAMP, DURATION, STRINGS, INTS])
        operators = list(Comparison)[:2] if kind == BOOL or kind.is_list else list(Comparison)[:6]
        return Compare(self.chance.choice(operators), self.tree(kind, left), self.tree(kind, left))

    def membership(self, left):
        kind, values = self.chance.choice([(STRING, STRINGS), (INT, INTS)])
        return Compare(Comparison.IN, self.tree(kind, left), self.tree(values, left))

    def has(self, left):
        return self.compare(left)

    def text_question(self, left):
        function = self.chance.choice(["startsWith", "endsWith", "contains"])
        return Call(function, (self.tree(STRING, left), self.tree(STRING, left)))

    def compute_double(self, left):
        # Not by nought: there CEL is infinite where we are missing, as it is with integers.
        operator = self.chance.choice([Arithmetic.PLUS, Arithmetic.MINUS, Arithmetic.TIMES])
        return Compute(operator, self.tree(DOUBLE, left), self.tree(DOUBLE, left))

    def value(self, kind):
        if kind == DOUBLE:
            return self.chance.choice([0.5, 1.0, -2.25, 3.0, 1e6, 0.1])
        if kind == DURATION:
            return timedelta(seconds=self.chance.randint(-10_000_000, 10_000_000))
        if kind == TIMESTAMP:
            return NOW + timedelta(seconds=self.chance.randint(-(10**8), 10**8))
        return super().value(kind)

    def leaf(self, kind):
        return super().leaf(kind) if kind != DATE else super().leaf(STRING)

    def person(self):
        return {name: self.known(kind) for name, kind in SHARED.items()}

    def known(self, kind):
        if kind.is_list:
            return tuple(self.value(kind.element) for _ in range(self.chance.randint(1, 3)))
        return self.value(kind) or (self.value(kind) if kind != STRING else "x")


def in_cel(text, person):
    """Google's answer, or None where it stops with an error."""
    data = {
        f"contact.{name}": list(value) if isinstance(value, tuple) else value
        for name, value in person.items()
    }
    answer = ENVIRONMENT.compile(text).eval(data={**data, "now": NOW})
    return None if answer.type() == cel.Type.ERROR else answer.value()


def ours(text, person, check=check_rule):
    program = compile_rules([check(parse(text), WORDS)])
    return program.evaluate({"contact": person}, NOW, ZoneInfo("UTC"))[0]


PERSON = {
    "flag": True,
    "age": 25,
    "score": 2.5,
    "city": "Lyon",
    "created_at": datetime(2026, 9, 24, 22, 30, tzinfo=UTC),
    "tags": ("vip", "new"),
}


@pytest.mark.parametrize(
    "text",
    [
        "contact.age < 26 && contact.flag || false",
        '!(contact.city == "Lyon") ? 1 > 2 : 2 > 1',
        "-7 / 2 == -3 && -7 % 2 == -1 && 7 % -2 == 1 && 2 - 3 - 4 == -5",
        "2 + 3 * 4 - 6 / 4 == 13",
        '"a" + "b" == "ab" && size("é😀") == 2 && "Z" < "a" && "z" < "é"',
        '"vip" in contact.tags && !("x" in contact.tags) && size(contact.tags) == 2',
        'contact.city.startsWith("Ly") && contact.city.endsWith("on") && "Lyon".contains("y")',
        'contact.city.matches("^L.o[a-z]$") && "École".lowerAscii() == "École"',
        'now - contact.created_at > duration("720h") && duration("90m") == duration("1h30m")',
        'contact.created_at + duration("1h") < timestamp("2026-09-25T01:31:00+02:00")',
        "contact.score * 2.0 == 5.0 && contact.age in [24, 25]",
        "true || 1 / 0 > 1",
        r"""r'\d' == "\\d" && '\u00e9' == "é" && "a\tb" == 'a	b'""",
    ],
)
def test_both_answer_yes(text):
    person = {**SharedFuzzer(1).person(), **PERSON}

    assert in_cel(text, person) is True
    assert ours(text, person) is True


@settings(max_examples=often(400), deadline=None)
@given(st.integers(min_value=0, max_value=2**32))
def test_both_answer_alike(seed):
    fuzzer = SharedFuzzer(seed)
    text, person = print_rule(fuzzer.rule()), fuzzer.person()

    theirs = in_cel(text, person)

    if theirs is not None:
        assert ours(text, person) is theirs, text


@pytest.mark.parametrize("text", ["1 / 0", "9223372036854775807 + 1", "5 % 0"])
def test_where_cel_stops_the_value_is_missing(text):
    assert in_cel(text, SharedFuzzer(1).person()) is None
    assert ours(text, {}, check_weight) is None
