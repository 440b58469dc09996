"""A decision is stored whole, by one statement, if all that it was taken from still holds.

What the statement is told: `environment`, `contact`, `person` (whose clock it is) with `ticks`, the
interaction's columns, `propositions`, and `caps` as `decisioning.caps` words them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.errors import CheckViolation, DeadlockDetected, ForeignKeyViolation

from decisioning import partitions
from decisioning.caps import Wanted, period_of
from decisioning.engine.compiled import Release
from decisioning.needs import needs_of
from offers_site.jsonbytes import to_json, to_stored_json
from offers_site.statements import run

RECORD = "SELECT decisioning_record(%s::text::jsonb, %s::text)"
GO_ON = "SELECT decisioning_go_on(%s::text::jsonb)"
SETTLE = "SELECT decisioning_settle(%s, %s, %s, %s, %s, %s, 0, false)"
HAS_MOVED, IS_CAPPED = "OV001", "OV002"  # as the statements raise them
Told = Mapping[str, Any]


class Moved(Exception):
    """Something that was read is not so any more. Nothing was stored."""


class TooBusy(Exception):
    """Something had moved again and again before anything could be stored."""


@dataclass
class Capped(Exception):
    """A cap has no room any more. Nothing was stored."""

    cap: str
    space: str  # "": all together


def record(told: Told, inputs: Told, *, at: datetime) -> None:
    """Store a decision, or raise Moved or Capped and leave nothing."""
    tell(RECORD, told, inputs, at=at)


def go_on(told: Told, *, at: datetime) -> None:
    """Store that a proposition goes from one status to another, or raise Moved."""
    tell(GO_ON, told, at=at)


def tell(statement: str, told: Told, *more: Told, at: datetime) -> None:
    start = random.randrange(16)  # noqa: S311 (no secret)
    words = [to_json({**told, "start": start}).decode()]
    words += [to_stored_json(each).decode() for each in more]
    try:
        say(statement, words)
    except CheckViolation as error:
        if error.diag.constraint_name or not partitions.make_month(at):
            raise
        say(statement, words)  # there was no room yet for the month in which it happens


def say(statement: str, words: Sequence[str]) -> None:
    try:
        run(statement, words)
    except (DeadlockDetected, ForeignKeyViolation) as error:
        raise Moved from error  # somebody was quicker, or the person is gone
    except psycopg.Error as error:
        if error.sqlstate == HAS_MOVED:
            raise Moved from error
        if error.sqlstate == IS_CAPPED:
            cap, space = json.loads(error.diag.message_detail or "")
            raise Capped(cap, space) from error
        raise


def note_full(release: Release, capped: Capped, *, environment: int, at: datetime) -> None:
    """Let every decision see from now on that a cap that everybody shares has no room."""
    cap = needs_of(release).caps[capped.cap]
    if not cap.per_contact:
        since, until = period_of(cap, at, release.zone)
        run(SETTLE, [environment, cap.key, capped.space, since, until, cap.limit])


def with_caps(told: Mapping[str, Any], caps: Iterable[Wanted]) -> dict[str, Any]:
    wanted: Sequence[Wanted] = list(caps)
    return {**told, "caps": wanted} if wanted else dict(told)
