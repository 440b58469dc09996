"""What decisions have to know of many people, each of them as they are at one moment.

First what is live and what is used of caps, then the people: whatever moves meanwhile has moved
when their decisions are stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.errors import UndefinedColumn

from contacts.columns import TABLE, Column
from contacts.facts import facts_reader, select_list
from decisioning.asks import Person
from decisioning.caps import period_of
from decisioning.engine.compiled import Release
from decisioning.needs import Needs, needs_of
from decisioning.past import (
    COUNTED,
    USES,
    Before,
    NoSuchEnvironment,
    columns_of,
    forget_columns,
    window,
)
from offers_site.jsonbytes import from_json
from offers_site.statements import numbers, read

Used = dict[tuple[str, str], int]  # by cap and space
PLACE = "SELECT e.release_number, {totals} FROM catalog_environment e WHERE e.id = %s"
PEOPLE = """
SELECT c.id, c.key, coalesce(k.ticks, 0), {history}, {uses}{columns}
FROM {people} c LEFT JOIN decisioning_clock k ON k.contact_id = c.id
WHERE c.id = ANY(%s::text::bigint[]) AND c.kind = 'contact' ORDER BY c.id
"""
# The same as `decisioning_history`, planned once for all of them.
HISTORY = """(
    SELECT json_agg(json_build_array(
        p.offer, p.space, p.channel, p.status, (extract(epoch FROM p.at) * 1000000)::bigint,
        p.category, p.weight, p.rank, p.is_fallback
    ))::text FROM (
        SELECT p.* FROM decisioning_proposition p
        WHERE p.contact_id = c.id AND p.environment_id = %s AND p.id BETWEEN %s AND %s
        UNION ALL
        SELECT p.* FROM decisioning_visitorlink l
        JOIN decisioning_proposition p ON p.contact_id = l.visitor_id
            AND p.at >= l.since AND p.at < l.until AND p.id BETWEEN %s AND %s
        WHERE l.contact_id = c.id
    ) p
)"""


@dataclass(frozen=True, slots=True)
class Place:
    """What is live, and what is used of the caps that everybody shares."""

    release: int
    totals: Sequence[Sequence[Any]]


def read_place(release: Release, *, environment: int, at: datetime) -> Place:
    caps = needs_of(release).caps
    shared = any(not cap.per_contact for cap in caps.values())
    values: list[Any] = [at, at, environment] if shared else [environment]
    rows = read(PLACE.format(totals=COUNTED if shared else "NULL"), values)
    if not rows:
        raise NoSuchEnvironment(environment)
    number, totals = rows[0]
    return Place(number, totals or ())


def read_people(
    release: Release,
    people: Collection[int],
    *,
    environment: int,
    at: datetime,
    also: Iterable[str] = (),
    shared: Used,
) -> Iterator[Before]:
    """The past of these contacts, in the order of their primary keys; of who is gone, nothing.

    `shared` is what is used of caps by all, as it stands when each of them is asked for.
    """
    needs = needs_of(release)
    names = frozenset({*needs.kinds, *also})

    def rows(columns: Sequence[Column]) -> list[tuple[Any, ...]]:
        statement, values = statement_of(needs, columns, environment, at)
        return read(statement, [*values, numbers(people)])

    columns = columns_of(release, names)
    try:
        found = rows(columns)
    except UndefinedColumn:
        forget_columns(release)
        columns = columns_of(release, names)
        found = rows(columns)
    periods, facts_from = Periods(release, needs, at), facts_reader(columns)
    for pk, key, ticks, history, uses, *known in found:
        text = history.replace("\n", "") if history else "[]"  # those between the rows
        yield Before(
            release=release.number,
            person=Person(pk=pk, key=key, facts=facts_from(known)),
            owner=pk,
            ticks=ticks,
            rows=from_json(text) if history else (),
            rows_text=text,
            used={**shared, **periods.used(uses)} if uses else shared.copy(),
        )


def statement_of(
    needs: Needs, columns: Sequence[Column], environment: int, at: datetime
) -> tuple[str, list[Any]]:
    values: list[Any] = []
    if needs.looks_back:
        reach = window(needs.reach, at)
        values += [environment, *reach, *reach]
    own = any(cap.per_contact for cap in needs.caps.values())
    if own:
        values += [environment, at, at]
    statement = PEOPLE.format(
        people=TABLE,
        history=HISTORY if needs.looks_back else "NULL",
        uses=USES.replace("e.id", "%s") if own else "NULL",
        columns=f", {select_list(columns)}" if columns else "",
    )
    return statement, values


class Periods:
    """Which counters are of the periods that hold a moment, each worked out once."""

    def __init__(self, release: Release, needs: Needs, at: datetime) -> None:
        self.release, self.needs, self.at = release, needs, at
        self.begins: dict[str, float | None] = {}

    def used(self, counted: Iterable[Sequence[Any]]) -> Used:
        """What these counters say of the caps of the release."""
        found: Used = {}
        for key, space, since, number in counted:
            if number and since == self.begin(key):
                found[key, space] = number
        return found

    def begin(self, key: str) -> float | None:
        if key not in self.begins:
            cap = self.needs.caps.get(key)
            since = period_of(cap, self.at, self.release.zone)[0] if cap else None
            self.begins[key] = since.timestamp() if since else None
        return self.begins[key]
