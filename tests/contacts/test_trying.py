"""Python and PostgreSQL answer alike, and when they do not we are told."""

import json

import pytest
from django.core.management import call_command

from contacts.trying import fuzz
from rules import sql
from rules.kinds import DOUBLE, INT
from tests.build import NOON

pytestmark = pytest.mark.django_db


def ask(seed, rules=120, people=150):
    return fuzz(
        rules=rules,
        people=people,
        seed=seed,
        at=NOON,
        zone="Europe/Paris",
        progress=lambda done: None,
    )


@pytest.mark.parametrize("seed", range(3))
def test_random_rules_are_answered_alike(seed):
    assert ask(seed) == (None, 0)


@pytest.mark.parametrize(
    ("kind", "broken"),
    [
        (DOUBLE, lambda left, right, operator: f"(({left}) + ({right}))"),
        (INT, lambda left, right, operator: sql.fenced_int(f"({left})::numeric + {right} + 1")),
    ],
)
def test_a_broken_operation_is_caught_with_the_smallest_rule(monkeypatch, kind, broken):
    monkeypatch.setitem(sql.COMPUTED, kind, broken)

    mismatch, number = ask(5, rules=400)

    assert number > 0
    assert mismatch is not None
    assert mismatch.python != mismatch.sql


def test_a_broken_comparison_is_caught_and_shown_small(monkeypatch):
    compare = sql.Writer.compare

    def swapped(self, node):
        return compare(self, node).replace(" < ", " <= ")

    monkeypatch.setattr(sql.Writer, "compare", swapped)

    mismatch, number = ask(5, rules=400)

    assert number > 0
    assert len(mismatch.rule) < 60
    assert (mismatch.python, mismatch.sql) == (False, True)
    assert "<" in mismatch.rule


def test_the_command_says_so_and_exits_with_1(monkeypatch, capsys):
    call_command("rules", "fuzz", "--rules", "20", "--contacts", "30", "--seed", "1")
    assert capsys.readouterr().out == "0 mismatches\n"

    monkeypatch.setattr(sql.Writer, "compare", lambda self, node: "TRUE")
    with pytest.raises(SystemExit) as ended:
        call_command("rules", "fuzz", "--rules", "60", "--contacts", "30", "--seed", "1", "--json")

    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["mismatches"] > 0
    assert told["smallest"]["python"] is False
