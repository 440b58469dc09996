"""Many decisions are stored at once, each of them if all that it was taken from still holds.

Locks are taken in the order of `decisioning_record`: clocks by person, then caps by their words.
What many wait for, the caps that everybody shares, is locked last and so for the shortest time.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.errors import CheckViolation, DeadlockDetected, ForeignKeyViolation
from pydantic_core import to_json

from decisioning.asks import Draft, Made, Shown
from decisioning.caps import period_of, told
from decisioning.deciding import row_of
from decisioning.engine.compiled import Release
from decisioning.engine.records import immutable
from decisioning.engine.values import Cap, Question, Slot
from decisioning.inputs import inputs_of, kept_slot
from decisioning.needs import needs_of
from decisioning.past import Before, current_release
from decisioning.recording import IS_CAPPED, Capped, Moved
from decisioning.sharing import Want
from offers_site import statements

CLOCKS = """
INSERT INTO decisioning_clock AS c (contact_id, ticks)
SELECT id, ticks + 1 FROM unnest(%s::bigint[], %s::bigint[]) AS p(id, ticks) ORDER BY id
ON CONFLICT (contact_id) DO UPDATE SET ticks = c.ticks + 1 WHERE c.ticks = excluded.ticks - 1
RETURNING contact_id
"""
INTERACTIONS = """COPY decisioning_interaction (id, environment_id, contact_id, at, release, seed,
    identification, deduplicate, ticks, slots, inputs, run_id) FROM STDIN"""
PROPOSITIONS = """COPY decisioning_proposition (id, interaction, environment_id, contact_id, at,
    changed_at, release, identification, status, rank, weight, is_fallback, offer, space, channel,
    slot, category, category_path, context, destination_url, data) FROM STDIN"""
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
SELECT id, 0 FROM contacts_contact WHERE id = ANY(%s) ORDER BY id ON CONFLICT DO NOTHING RETURNING 1
"""
HOLD_CLOCKS = """
SELECT contact_id FROM decisioning_clock WHERE contact_id = ANY(%s)
ORDER BY contact_id FOR NO KEY UPDATE
"""
HOLD_TOTALS = """
SELECT t.id FROM decisioning_captotal t JOIN decisioning_captotaluse u ON u.total_id = t.id
WHERE t.environment_id = %s AND t.since <= %s AND t.until > %s
ORDER BY t.cap, t.space, t.since, u.slot FOR NO KEY UPDATE
"""
NULL = "\\N"
TAIL = (
    *("status", "rank", "weight", "is_fallback", "offer", "space", "channel", "slot"),
    *("category", "category_path", "context", "destination_url", "data"),
)
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
PLAIN = re.compile(r"[^\\\t\n\r]*")


class NoMonth(Exception):
    """There is no room yet for what happens in the month of these decisions."""


@immutable
class Drawn:
    """A decision that is not stored yet, with all that is stored of it."""

    before: Before
    draft: Draft
    shown: Shown
    question: Question
    stored: Mapping[UUID, Made]
    wants: tuple[Want, ...]

    @property
    def pk(self) -> int:
        assert self.before.person.pk is not None  # noqa: S101 (contacts have one)
        return self.before.person.pk

    @property
    def is_kept(self) -> bool:
        """Whether anything is stored: also that there was nothing to offer."""
        return bool(self.stored) or not self.draft.made

    @property
    def counts(self) -> bool:
        """Whether it moves their history: what no rule counts does not."""
        return any(not one.is_fallback for one in self.stored.values())


def store(
    drawn: Sequence[Drawn], *, environment: int, run: int | None, at: datetime
) -> frozenset[int]:
    """Store these decisions and return whose could not be; raises Moved or Capped for all.

    After that the transaction, or the part of it since its savepoint, is to be given up.
    """
    release = drawn[0].draft.engine.release
    with refusals():
        moved = raise_clocks([one for one in drawn if one.counts])
        stays = [one for one in drawn if one.pk not in moved and one.is_kept]
        copy_rows(Lines(release, environment, run, at), stays)
        count_own(release, stays, environment, at)
        count_shared(release, stays, environment, at)
        if current_release(environment) != release.number:
            raise Moved
    return moved


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
    raised = statements.run(CLOCKS, [people, [one.before.ticks for one in drawn]])
    if len(raised) == len(people):
        return frozenset()
    return frozenset(people) - {pk for (pk,) in raised}


# --- rows ---


def copy_rows(lines: Lines, drawn: Sequence[Drawn]) -> None:
    """Raises NoMonth where nothing of this month can be stored yet."""
    try:
        copy(INTERACTIONS, [lines.interaction(one) for one in drawn])
        copy(PROPOSITIONS, [line for one in drawn for line in lines.propositions(one)])
    except CheckViolation as error:
        if error.diag.constraint_name:
            raise
        raise NoMonth from error


def copy(statement: LiteralString, lines: Sequence[str]) -> None:
    if lines:
        raw = statements.raw_connection()
        with raw.cursor() as cursor, cursor.copy(statement) as rows:
            rows.write("".join(lines))


class Lines:
    """Decisions as COPY reads them. What many of them have in common is written once."""

    def __init__(self, release: Release, environment: int, run: int | None, at: datetime) -> None:
        self.release = release
        self.names = needs_of(release).kinds
        self.environment = environment
        self.run = NULL if run is None else run
        self.moment = at.isoformat()
        self.slots: tuple[Slot, ...] = ()
        self.slots_text = ""
        self.tails: dict[tuple[Any, ...], str] = {}

    def interaction(self, one: Drawn) -> str:
        question, before = one.question, one.before
        if question.slots is not self.slots:
            self.slots = question.slots
            self.slots_text = escaped(json.dumps([kept_slot(slot) for slot in question.slots]))
        inputs = inputs_of(
            question.target, before.person.facts, self.names, before.rows, before.used
        )
        ticks = before.ticks + 1 if one.counts else NULL
        deduplicate = "t" if question.deduplicate else "f"
        return (
            f"{one.draft.interaction}\t{self.environment}\t{one.pk}\t{self.moment}"
            f"\t{self.release.number}\t{escaped(question.seed)}\t{question.identification}"
            f"\t{deduplicate}\t{ticks}\t{self.slots_text}\t{escaped(to_json(inputs).decode())}"
            f"\t{self.run}\n"
        )

    def propositions(self, one: Drawn) -> Iterator[str]:
        head = (
            f"\t{one.draft.interaction}\t{self.environment}\t{one.pk}\t{self.moment}"
            f"\t{self.moment}\t{self.release.number}\t{one.question.identification}\t"
        )
        for pk, made in one.stored.items():
            yield f"{pk}{head}{self.tail(made, one.shown)}"

    def tail(self, made: Made, shown: Shown) -> str:
        """What does not tell the person apart."""
        if made.id in shown.data:
            return self.written(made, shown)
        leads_to = shown.destinations.get(made.id, "")
        key = (made.offer, made.rank, made.weight, made.context, made.slot, made.space, leads_to)
        found = self.tails.get(key)
        if found is None:
            found = self.tails[key] = self.written(made, shown)
        return found

    def written(self, made: Made, shown: Shown) -> str:
        row = row_of(made, self.release, shown)
        row["is_fallback"] = "t" if made.is_fallback else "f"
        row["data"] = json.dumps(row["data"])
        return "\t".join(escaped(str(row[name])) for name in TAIL) + "\n"


def escaped(text: str) -> str:
    return text if PLAIN.fullmatch(text) else text.translate(ESCAPES)


# --- caps ---


def count_own(release: Release, drawn: Iterable[Drawn], environment: int, at: datetime) -> None:
    """Count on the caps of each person. Their clocks tell that they have room."""
    rows = []
    periods: dict[str, tuple[datetime, datetime]] = {}
    for one in drawn:
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
        statements.run(MAKE_CLOCKS, [list(people)])
        statements.run(HOLD_CLOCKS, [list(people)])


def hold_totals(environment: int, at: datetime) -> None:
    """Nobody else takes of the caps that everybody shares until the transaction ends."""
    with refusals():
        statements.run(HOLD_TOTALS, [environment, at, at])
