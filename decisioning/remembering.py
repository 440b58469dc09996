"""History that was made elsewhere, stored as our own is: by month, and counted by rules and caps.

Locks are taken in the order of the migrations' functions: the months, the people's clocks, then the
caps. What has happened is never refused by a cap.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from decisioning import partitions
from decisioning.caps import period_of
from decisioning.engine.decide import counts_at_once
from decisioning.engine.values import Cap, Status
from decisioning.offersknown import Known, Place
from offers_site.identifiers import uuid7_at

SHOWN_FIRST = frozenset({Status.INTERESTED, Status.ACCEPTED, Status.REJECTED})
SOURCE = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """A proposition, as another system tells of it."""

    number: int
    contact: int
    place: Place
    space: str
    offer: str
    status: Status
    at: datetime
    changed_at: datetime | None  # when it came to this status, if that was later
    weight: Decimal
    rank: int
    external_id: str

    @property
    def known(self) -> Known:
        return self.place.offers[self.offer]

    @property
    def first_status(self) -> Status:
        """With what it began: who said yes or no later had seen it before."""
        if self.changed_at is None or self.changed_at == self.at:
            return self.status
        return Status.PRESENTED if self.status in SHOWN_FIRST else self.status

    @property
    def moves(self) -> bool:
        return self.first_status != self.status

    @property
    def told_at(self) -> datetime:
        return self.changed_at or self.at


def identifier_of(one: Happened) -> UUID:
    """The same for the same row of another system, whenever it comes."""
    if not one.external_id:
        return uuid7_at(one.at)
    return uuid7_at(one.at, sha256(one.external_id.encode()).digest()[:8])


def make_months(rows: Iterable[Happened]) -> None:
    at = (one.at.astimezone(UTC) for one in rows)
    for month in sorted({datetime(each.year, each.month, 1, tzinfo=UTC) for each in at}):
        if not partitions.has_month(month):  # else two imports would wait for each other
            partitions.make_month(month)


def hold_clocks(cursor: CursorWrapper, contacts: Iterable[int]) -> None:
    """Whatever is being decided for these people is decided again."""
    cursor.execute(
        "SELECT decisioning_raise_clock(person) FROM ("
        " SELECT DISTINCT coalesce(linked_contact_id, id) AS person FROM contacts_contact"
        " WHERE id = ANY(%s) ORDER BY person) AS concerned",
        [list(contacts)],
    )


INSERT = """
INSERT INTO decisioning_proposition (id, interaction, environment_id, contact_id, at, changed_at,
    status, rank, weight, release, is_fallback, offer, space, channel, slot, category,
    category_path, context, identification, destination_url, data)
SELECT id, NULL, environment, contact, at, changed_at, status, rank, weight, NULL, is_fallback,
    offer, space, channel, space, category, category_path, '', identification, '', data
FROM jsonb_to_recordset(%s::jsonb) AS p(
    id uuid, environment bigint, contact bigint, at timestamptz, changed_at timestamptz,
    status smallint, rank smallint, weight numeric, is_fallback boolean, offer text, space text,
    channel text, category text, category_path text, identification text, data jsonb)
ORDER BY id ON CONFLICT (id) DO NOTHING RETURNING id
"""
MOVE = """
INSERT INTO decisioning_transition
    (proposition, number, at, ticks, before, after, source, by_name, comment)
SELECT id, 1, at, NULL, before, after, %s, '', ''
FROM jsonb_to_recordset(%s::jsonb) AS p(id uuid, at timestamptz, before smallint, after smallint)
"""
EACH = """
INSERT INTO decisioning_capuse AS c (contact_id, environment_id, cap, space, since, until, used)
SELECT person, environment, cap, space, since, until, taken
FROM jsonb_to_recordset(%s::jsonb) AS p(person bigint, environment bigint, cap text, space text,
    since timestamptz, until timestamptz, taken integer)
ORDER BY person, environment, cap, space, since
ON CONFLICT (contact_id, environment_id, cap, space, since)
DO UPDATE SET used = c.used + excluded.used
"""
TOTAL = "SELECT decisioning_take(%s, %s, %s, %s, %s, %s, %s, false, %s)"


def insert(cursor: CursorWrapper, rows: Sequence[tuple[UUID, Happened]]) -> set[UUID]:
    """The identifiers of those that were not there."""
    cursor.execute(INSERT, [json.dumps([row_of(id_, one) for id_, one in rows])])
    made = {id_ for (id_,) in cursor.fetchall()}
    moved = [move_of(id_, one) for id_, one in rows if id_ in made and one.moves]
    if moved:
        cursor.execute(MOVE, [SOURCE, json.dumps(moved)])
    return made


def row_of(identifier: UUID, one: Happened) -> dict[str, Any]:
    chain = one.known.chain
    return {
        "id": str(identifier),
        "environment": one.place.environment,
        "contact": one.contact,
        "at": one.at.isoformat(),
        "changed_at": one.told_at.isoformat(),
        "status": one.status,
        "rank": one.rank,
        "weight": str(one.weight),
        "is_fallback": one.known.is_fallback,
        "offer": one.offer,
        "space": one.space,
        "channel": one.place.channel,
        "category": chain[-1] if chain else "",
        "category_path": "/".join(chain),
        "identification": "anonymous" if one.place.has_visitors else "explicit",
        "data": {"external_id": one.external_id} if one.external_id else {},
    }


def move_of(identifier: UUID, one: Happened) -> dict[str, Any]:
    at = one.told_at.isoformat()
    return {"id": str(identifier), "at": at, "before": one.first_status, "after": one.status}


# --- caps ---

Counted = tuple[int, str, str, datetime, datetime, int]  # environment, cap, space, its period, most


def count(cursor: CursorWrapper, rows: Iterable[Happened]) -> None:
    """Let caps count what has happened, over their limits if it was so."""
    each: Counter[tuple[int, Counted]] = Counter()
    total: Counter[Counted] = Counter()
    for one in rows:
        for cap, at in taken_by(one):
            since, until = period_of(cap, at, one.place.zone)
            space = one.space if cap.each_space else ""
            counted = (one.place.environment, cap.key, space, since, until, cap.limit)
            if cap.per_contact:
                each[one.contact, counted] += 1
            else:
                total[counted] += 1
    if each:
        cursor.execute(EACH, [json.dumps([use_of(*key, n) for key, n in each.items()])])
    start = random.randrange(16)  # noqa: S311 (no secret)
    for key in sorted(total):
        cursor.execute(TOTAL, [*key, total[key], start])


def taken_by(one: Happened) -> Iterator[tuple[Cap, datetime]]:
    """The caps that count it, each with the moment at which it does."""
    for cap in one.known.caps:
        if counts_at_once(cap, one.first_status):
            yield cap, one.at
        if one.moves and cap.counts == one.status.name.lower():
            yield cap, one.told_at


def use_of(person: int, counted: Counted, taken: int) -> dict[str, Any]:
    environment, cap, space, since, until, _most = counted
    return {
        "person": person,
        "environment": environment,
        "cap": cap,
        "space": space,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "taken": taken,
    }
