"""Everything that a decision has to know of a person, in one statement and so of one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from psycopg.errors import UndefinedColumn

from accounts.remembering import STAMP
from contacts.columns import TABLE, Column, asked
from contacts.facts import Known, facts_reader, select_list
from contacts.formerly import former_columns
from contacts.models import Contact
from decisioning.asks import Person
from decisioning.caps import period_of
from decisioning.engine.compiled import Release
from decisioning.engine.records import immutable
from decisioning.engine.values import EPOCH, Past
from decisioning.inputs import Row, past_of
from decisioning.needs import Needs, needs_of
from offers_site.statements import read

VISITOR = Contact.Kind.VISITOR.value
NO_ID, EVERY_ID = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"
MILLISECOND = timedelta(milliseconds=1)
STATEMENT = """
SELECT e.release_number, c.id, c.key, c.kind, coalesce(c.linked_contact_id, c.id),
    coalesce(k.ticks, 0), {history}, {uses}, {totals}, {stamp}{columns}
FROM catalog_environment e
LEFT JOIN {people} c ON {who}
LEFT JOIN decisioning_clock k ON k.contact_id = coalesce(c.linked_contact_id, c.id)
WHERE e.id = %s
"""
BY_ID, BY_KEY = "c.id = %s", "c.kind = 'contact' AND c.key = %s"
PAST = "decisioning_history(c.id, e.id, %s, %s)"
USES = """(SELECT json_agg(json_build_array(u.cap, u.space, extract(epoch FROM u.since)::bigint,
        u.used)) FROM decisioning_capuse u
        WHERE u.contact_id = c.id AND u.environment_id = e.id AND u.since <= %s AND u.until > %s)"""
FULL = """(SELECT json_agg(json_build_array(t.cap, t.space, extract(epoch FROM t.since)::bigint,
        t.most)) FROM decisioning_captotal t
        WHERE t.environment_id = e.id AND t.is_full AND t.since <= %s AND t.until > %s)"""
COUNTED = """(SELECT json_agg(json_build_array(t.cap, t.space, extract(epoch FROM t.since)::bigint,
        (SELECT sum(u.used) FROM decisioning_captotaluse u WHERE u.total_id = t.id)))
        FROM decisioning_captotal t
        WHERE t.environment_id = e.id AND t.since <= %s AND t.until > %s)"""


@immutable
class Before:
    """What was known when a decision was taken. It holds while `ticks` and `release` do."""

    release: int
    person: Person
    owner: int | None = None  # whose clock it is: the contact of a visitor who is linked
    ticks: int = 0
    rows: Sequence[Row] = ()
    rows_text: str = "[]"  # the same as JSON, where many are read at once
    used: Mapping[tuple[str, str], int] = field(default_factory=dict)
    stamp: str | None = None  # of the API key that was asked about

    @property
    def history(self) -> tuple[Past, ...]:
        return tuple(map(past_of, self.rows))


class NoSuchEnvironment(Exception):
    """There is no environment with this primary key."""


def read_past(
    release: Release,
    target: int | str | None,
    *,
    environment: int,
    at: datetime,
    also: Iterable[str] = (),
    exactly: bool = False,
    api_key: int | None = None,
) -> Before:
    """What `release` has to know of somebody, and the number of the release that is live now.

    `target` is a primary key, or the key of a contact; `api_key` the one that is asked with.

    Of the caps that everybody shares it says those that are known to be full, which is enough for
    a decision that takes from them when it is stored; `exactly` counts all of them.
    """
    needs = needs_of(release)
    values: list[Any] = []
    if needs.looks_back:
        values += window(needs.reach, at)
    if needs.caps:
        values += [at, at] * 2
    if api_key is not None:
        values.append(api_key)
    values += [target, environment]
    asked = frozenset(also), exactly, isinstance(target, str), api_key is not None
    try:
        reading = reading_of(release, asked)
        rows = read(reading.statement, values)
    except UndefinedColumn:
        forget_columns(release)
        reading = reading_of(release, asked)
        rows = read(reading.statement, values)
    if not rows:
        raise NoSuchEnvironment(environment)
    number, pk, key, kind, owner, ticks, history, uses, totals, stamp, *known = rows[0]
    person = Person()
    if pk is not None:
        is_visitor = kind == VISITOR
        person = Person(pk=pk, key=key, is_visitor=is_visitor, facts=reading.facts_from(known))
    return Before(
        release=number,
        person=person,
        owner=owner,
        ticks=ticks,
        rows=history or (),
        used=used_of(release, needs, [*(uses or ()), *(totals or ())], at),
        stamp=stamp,
    )


def current_release(environment: int) -> int:
    rows = read("SELECT release_number FROM catalog_environment WHERE id = %s", [environment])
    if not rows:
        raise NoSuchEnvironment(environment)
    return int(rows[0][0])


@dataclass(frozen=True, slots=True)
class Reading:
    """A statement, and what it tells of the person by the columns that it ends with."""

    statement: str
    facts_from: Callable[[Sequence[Any]], Known]


# also read, whether exactly, whether by key, whether an API key is asked about
Asked = tuple[frozenset[str], bool, bool, bool]
_readings: WeakKeyDictionary[Release, dict[Asked, Reading]] = WeakKeyDictionary()


def reading_of(release: Release, asked: Asked) -> Reading:
    """How a release reads people; put together when it is first asked for."""
    known = _readings.setdefault(release, {})
    found = known.get(asked)
    if found is None:
        also, exactly, by_key, has_stamp = asked
        needs = needs_of(release)
        columns = columns_of(release, {*needs.kinds, *also})
        statement = STATEMENT.format(
            people=TABLE,
            who=BY_KEY if by_key else BY_ID,
            history=PAST if needs.looks_back else "NULL",
            uses=USES if needs.caps else "NULL",
            totals=(COUNTED if exactly else FULL) if needs.caps else "NULL",
            stamp=STAMP if has_stamp else "NULL",
            columns=f", {select_list(columns)}" if columns else "",
        )
        found = known[asked] = Reading(statement, facts_reader(columns))
    return found


def window(reach: timedelta | None, at: datetime) -> list[str]:
    """The identifiers of what happened at most `reach` from a moment."""
    if reach is None:
        return [NO_ID, EVERY_ID]
    first = f"{max((at - reach - EPOCH) // MILLISECOND, 0):012x}"
    last = f"{(at + reach - EPOCH) // MILLISECOND:012x}"
    return [f"{first[:8]}-{first[8:]}{NO_ID[13:]}", f"{last[:8]}-{last[8:]}{EVERY_ID[13:]}"]


def used_of(
    release: Release, needs: Needs, counted: Iterable[Sequence[Any]], at: datetime
) -> dict[tuple[str, str], int]:
    """What is used of the caps of a release, each in the period of its own that holds a moment."""
    used: dict[tuple[str, str], int] = {}
    for key, space, since, number in counted:
        cap = needs.caps.get(key)
        if cap is None or not number:
            continue
        begins, _ends = period_of(cap, at, release.zone)
        if since == begins.timestamp():
            used[key, space] = number
    return used


# --- which columns ---

_columns: WeakKeyDictionary[Release, dict[frozenset[str], tuple[Column, ...]]] = WeakKeyDictionary()


def columns_of(release: Release, names: Iterable[str]) -> tuple[Column, ...]:
    """Where these attributes stand, retired ones too.

    Costs a query, or a few, when a process first asks it of a release.
    """
    known = _columns.setdefault(release, {})
    wanted = frozenset(names)
    found = known.get(wanted)
    if found is None:
        columns = asked()
        columns |= former_columns(wanted - columns.keys())
        found = known[wanted] = tuple(c for c in columns.values() if c.name in wanted)
    return found


def forget_columns(release: Release) -> None:
    """An attribute was purged, and perhaps declared anew: its column is another one now."""
    _columns.pop(release, None)
    _readings.pop(release, None)
