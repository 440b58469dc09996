"""Rules asked of the same people in Python and in PostgreSQL, which must answer alike.

The people stand in a temporary table whose columns have the types of real ones. Many rules go into
one compiled function, and into one statement that answers with a bit for each rule and person; only
where a batch differs is it looked at closely.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from contacts.fuzzing import ATTRIBUTES, LISTS, Fuzzer
from contacts.vocabulary import membership
from rules.checking import Checked, check_rule, vocabulary
from rules.compiling import compile_rules
from rules.printing import print_rule
from rules.refusals import BadRule
from rules.sql import Surroundings, to_sql, type_of
from rules.tree import Name, Node, children, walk

BATCH = 40  # rules of one statement
TABLE, MEMBERS = "people_tried", "members_tried"
WORDS = vocabulary(contact=ATTRIBUTES, lists=LISTS)
Person = dict[str, Any]
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A rule and a person of whom Python and PostgreSQL say different things."""

    rule: str
    person: Person
    python: bool
    sql: bool


@dataclass(frozen=True)
class Trial:
    """The moment, the zone and the people that every rule is asked of."""

    at: datetime
    zone: str
    people: Sequence[Person]

    @property
    def around(self) -> Surroundings:
        columns = {f"contact.{name}": f"a_{name}" for name in ATTRIBUTES}
        on_list = membership(f"{TABLE}.id", table=MEMBERS)
        return Surroundings(columns, now=self.at, zone=self.zone, membership=on_list)

    def in_python(self, rules: Sequence[Checked], people: Sequence[Person]) -> list[int]:
        """For each rule a number whose bits are the people for whom it holds."""
        evaluate = compile_rules(rules).evaluate
        zone = ZoneInfo(self.zone)
        answers = [0] * len(rules)
        for place, person in enumerate(people):
            bit = 1 << place
            for number, holds in enumerate(evaluate({"contact": person}, self.at, zone)):
                if holds:
                    answers[number] |= bit
        return answers

    def in_sql(self, rules: Sequence[Checked], start: int = 0, end: int | None = None) -> list[int]:
        """The same, as PostgreSQL answers, of the people from `start` until before `end`."""
        written = [to_sql(rule, self.around) for rule in rules]
        asked = ", ".join(
            f"string_agg(CASE WHEN {each.text} THEN '1' ELSE '0' END, '' ORDER BY id DESC)"
            for each in written
        )
        last = len(self.people) if end is None else end
        statement = f"SELECT {asked} FROM {TABLE} WHERE id >= {start:d} AND id < {last:d}"  # noqa: S608 (our words)
        parameters = [value for each in written for value in each.parameters]
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return [int(bits, 2) for bits in cursor.fetchone()]


def fill_table(people: Sequence[Person]) -> None:
    """The people, and the lists they are on, in temporary tables of this connection."""
    columns = ", ".join(f"a_{name} {type_of(kind)}" for name, kind in ATTRIBUTES.items())
    names = ", ".join(["id", *(f"a_{name}" for name in ATTRIBUTES)])
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")
        cursor.execute(f"CREATE TEMPORARY TABLE {TABLE} (id int PRIMARY KEY, {columns})")
        with cursor.copy(f"COPY {TABLE} ({names}) FROM STDIN") as copy:
            for number, person in enumerate(people):
                copy.write_row([number, *(stored(person.get(name)) for name in ATTRIBUTES)])
        cursor.execute(f"DROP TABLE IF EXISTS {MEMBERS}")
        cursor.execute(
            f"CREATE TEMPORARY TABLE {MEMBERS} (audience_id bigint, contact_id int,"
            " PRIMARY KEY (audience_id, contact_id))"
        )
        with cursor.copy(f"COPY {MEMBERS} FROM STDIN") as copy:
            for number, person in enumerate(people):
                for on_list in person["lists"]:
                    copy.write_row([on_list, number])
        cursor.execute(f"ANALYZE {TABLE}, {MEMBERS}")


def stored(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def fuzz(
    *, rules: int, people: int, seed: int, at: datetime, zone: str, progress: Progress
) -> tuple[Mismatch | None, int]:
    """Ask random rules of random people; the smallest mismatch, if any, and how many there are."""
    fuzzer = Fuzzer(seed)
    trial = Trial(at, zone, list(fuzzer.people(people)))
    fill_table(trial.people)
    wrong: list[tuple[Checked, int, int]] = []
    number = 0
    for start in range(0, rules, BATCH):
        batch = [check_rule(fuzzer.rule(), WORDS) for _ in range(min(BATCH, rules - start))]
        ours, theirs = trial.in_python(batch, trial.people), trial.in_sql(batch)
        for rule, in_python, in_sql in zip(batch, ours, theirs, strict=True):
            if in_python != in_sql:
                number += (in_python ^ in_sql).bit_count()
                wrong.append((rule, in_python, in_sql))
        progress(start + len(batch))
    return (smallest(trial, wrong) if wrong else None), number


def smallest(trial: Trial, wrong: Sequence[tuple[Checked, int, int]]) -> Mismatch:
    """The shortest part of any rule of which the two sides differ, and the plainest person."""
    rule, in_python, in_sql = min(wrong, key=lambda each: len(print_rule(each[0].tree)))
    place = lowest_bit(in_python ^ in_sql)
    while True:
        for part in children(rule.tree):
            shorter = differing(trial, part, place)
            if shorter is not None:
                rule = shorter
                break
        else:
            break
    person = trial.people[place]
    (ours,) = trial.in_python([rule], [person])
    (theirs,) = trial.in_sql([rule], place, place + 1)
    named = {name: value for name, value in person.items() if f"contact.{name}" in named_in(rule)}
    if rule.lists:
        named["lists"] = [name for name in LISTS if LISTS[name] in person["lists"]]
    return Mismatch(print_rule(rule.tree), named, bool(ours), bool(theirs))


def differing(trial: Trial, part: Node, place: int) -> Checked | None:
    """A part that is a rule in itself and of which the two sides differ too."""
    try:
        rule = check_rule(part, WORDS)
    except BadRule:
        return None
    ours = trial.in_python([rule], [trial.people[place]])
    return rule if ours != trial.in_sql([rule], place, place + 1) else None


def lowest_bit(number: int) -> int:
    return (number & -number).bit_length() - 1


def named_in(rule: Checked) -> set[str]:
    return {str(node) for node in walk(rule.tree) if isinstance(node, Name)}
