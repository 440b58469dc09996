"""Many decisions are stored at once, each of them if all that it was taken from still holds.

The server stores the first propositions while the last people are still decided for. Nobody waits
for that. Locks are taken in the order of `decisioning_record`: clocks by person, then caps by their
words. What many wait for, the caps that everybody shares, is locked last and so for the shortest
time.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import LiteralString

import psycopg
from psycopg.errors import CheckViolation, DeadlockDetected, ForeignKeyViolation

from decisioning.caps import period_of, told
from decisioning.engine.compiled import Release
from decisioning.engine.values import Cap
from decisioning.past import current_release
from decisioning.recording import IS_CAPPED, Capped, Moved
from decisioning.rows import Drawn, Rows
from offers_site import statements
from offers_site.statements import numbers

CLOCKS = """
INSERT INTO decisioning_clock AS c (contact_id, ticks)
SELECT id, ticks + 1 FROM unnest(%s::text::bigint[], %s::text::bigint[]) AS p(id, ticks) ORDER BY id
ON CONFLICT (contact_id) DO UPDATE SET ticks = c.ticks + 1 WHERE c.ticks = excluded.ticks - 1
RETURNING contact_id
"""
INTERACTIONS = """COPY decisioning_interaction (id, environment_id, contact_id, at, release, seed,
    identification, deduplicate, ticks, slots, inputs, run_id) FROM STDIN"""
PROPOSITIONS = """COPY decisioning_proposition (id, interaction, environment_id, contact_id, at,
    changed_at, release, identification, status, rank, weight, is_fallback, offer, space, channel,
    slot, category, category_path, context, destination_url, data) FROM STDIN"""
TAKE_BACK = "DELETE FROM decisioning_proposition WHERE id = ANY(%s::uuid[]) RETURNING 1"
BLOCK = 100  # lines: more wake the server less often, fewer let it begin sooner
OWN_CAPS = """
INSERT INTO decisioning_capuse AS c (contact_id, environment_id, cap, space, since, until, used)
SELECT p.contact_id, %s, p.cap, p.space, p.since, p.until, p.used FROM unnest(
    %s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::integer[]
) AS p(contact_id, cap, space, since, until, used)
ON CONFLICT (contact_id, environment_id, cap, space, since)
DO UPDATE SET used = c.used + excluded.used
RETURNING 1
"""
TOTALS = "SELECT decisioning_count(%s, NULL, %s::text::jsonb, %s)"
MAKE_CLOCKS = """
INSERT INTO decisioning_clock (contact_id, ticks)
SELECT id, 0 FROM contacts_contact WHERE id = ANY(%s::text::bigint[]) ORDER BY id
ON CONFLICT DO NOTHING RETURNING 1
"""
HOLD_CLOCKS = """
SELECT contact_id FROM decisioning_clock WHERE contact_id = ANY(%s::text::bigint[])
ORDER BY contact_id FOR NO KEY UPDATE
"""
HOLD_TOTALS = """
SELECT t.id FROM decisioning_captotal t JOIN decisioning_captotaluse u ON u.total_id = t.id
WHERE t.environment_id = %s AND t.since <= %s AND t.until > %s
ORDER BY t.cap, t.space, t.since, u.slot FOR NO KEY UPDATE
"""


class NoMonth(Exception):
    """There is no room yet for what happens in the month of these decisions."""


def store(
    drawing: Iterable[Drawn], rows: Rows, *, release: Release, environment: int, at: datetime
) -> tuple[list[Drawn], frozenset[int]]:
    """Store these decisions as they are made; those that are, and whose could not be.

    Raises Moved or Capped for all. After that the transaction, or the part of it since its
    savepoint, is to be given up.
    """
    drawn: list[Drawn] = []
    with refusals():
        copy(
            PROPOSITIONS, (row for one in noting(drawing, drawn) for row in rows.propositions(one))
        )
        moved = raise_clocks([one for one in drawn if one.counts])
        if moved:
            drawn = take_back(drawn, moved)
        copy(INTERACTIONS, (one.row for one in drawn if one.row))
        count_own(release, drawn, environment, at)
        count_shared(release, drawn, environment, at)
        if current_release(environment) != release.number:
            raise Moved
    return drawn, moved


def noting(drawing: Iterable[Drawn], drawn: list[Drawn]) -> Iterator[Drawn]:
    for one in drawing:
        drawn.append(one)
        yield one


@contextmanager
def refusals() -> Iterator[None]:
    """What the database refuses, as `decisioning.recording` calls it."""
    try:
        yield
    except (DeadlockDetected, ForeignKeyViolation) as error:
        raise Moved from error  # somebody was quicker, or is gone
    except psycopg.Error as error:
        if error.sqlstate == IS_CAPPED:
            cap, space = json.loads(error.diag.message_detail or "")
            raise Capped(cap, space) from error
        raise


def raise_clocks(drawn: Sequence[Drawn]) -> frozenset[int]:
    """Move the history of these people on; whose has moved already stays, and is returned."""
    if not drawn:
        return frozenset()
    people = [one.pk for one in drawn]
    raised = statements.run(CLOCKS, [numbers(people), numbers(one.ticks for one in drawn)])
    if len(raised) == len(people):
        return frozenset()
    return frozenset(people) - {pk for (pk,) in raised}


def take_back(drawn: Iterable[Drawn], moved: Collection[int]) -> list[Drawn]:
    """Without these people, and without the propositions that are stored for them already."""
    ids = [name for one in drawn if one.pk in moved for name in one.stored]
    statements.run(TAKE_BACK, [ids])
    return [one for one in drawn if one.pk not in moved]


def copy(statement: LiteralString, lines: Iterator[str]) -> None:
    """The server works on the first while the last are made; raises NoMonth.

    It is asked nothing else meanwhile, so what the lines are made from is read before the first.
    """
    first = "".join(islice(lines, BLOCK))
    if not first:
        return
    try:
        with statements.raw_connection().cursor() as cursor, cursor.copy(statement) as rows:
            rows.write(first)
            while block := "".join(islice(lines, BLOCK)):
                rows.write(block)
    except CheckViolation as error:
        if error.diag.constraint_name:
            raise
        raise NoMonth from error  # nothing of this month can be stored yet


# --- caps ---


def count_own(release: Release, drawn: Iterable[Drawn], environment: int, at: datetime) -> None:
    """Count on the caps of each person. Their clocks tell that they have room."""
    rows = []
    periods: dict[str, tuple[datetime, datetime]] = {}
    for one in drawn:
        if not one.wants:
            continue
        taken = Counter((cap, space) for cap, space, _now in one.wants if cap.per_contact)
        for (cap, space), number in taken.items():
            if cap.key not in periods:
                periods[cap.key] = period_of(cap, at, release.zone)
            rows.append((one.pk, cap.key, space, *periods[cap.key], number))
    if rows:
        statements.run(OWN_CAPS, [environment, *map(list, zip(*rows, strict=True))])


def count_shared(release: Release, drawn: Iterable[Drawn], environment: int, at: datetime) -> None:
    """Count on the caps that everybody shares, all of these decisions or none."""
    takes: Counter[tuple[Cap, str]] = Counter()
    for one in drawn:
        for cap, space, number in one.wants:
            if not cap.per_contact:
                takes[cap, space] += number
    wanted = [
        told(cap, space, number, at, release.zone, must_fit=True)
        for (cap, space), number in takes.items()
    ]
    if wanted:
        start = random.randrange(16)  # noqa: S311 (no secret)
        statements.run(TOTALS, [environment, json.dumps(wanted), start])


# --- holding ---


def hold_people(people: Collection[int]) -> None:
    """Nobody else stores anything for these contacts until the transaction ends."""
    with refusals():
        statements.run(MAKE_CLOCKS, [numbers(people)])
        statements.run(HOLD_CLOCKS, [numbers(people)])


def hold_totals(environment: int, at: datetime) -> None:
    """Nobody else takes of the caps that everybody shares until the transaction ends."""
    with refusals():
        statements.run(HOLD_TOTALS, [environment, at, at])
