"""What becomes of a proposition: from one status to another, along the moves that there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from catalog.models.spaces import Status as Words
from decisioning.asks import EngineFor
from decisioning.caps import counted_by
from decisioning.engine.values import Status
from decisioning.recording import Moved, TooBusy, go_on, with_caps
from offers_site.statements import read

GENERATED, SCHEDULED, PRESENTED = Status.GENERATED, Status.SCHEDULED, Status.PRESENTED
INTERESTED, ACCEPTED, REJECTED = Status.INTERESTED, Status.ACCEPTED, Status.REJECTED
MOVES: Mapping[int, frozenset[int]] = {
    GENERATED: frozenset({SCHEDULED, PRESENTED, INTERESTED, ACCEPTED, REJECTED}),
    SCHEDULED: frozenset({PRESENTED, INTERESTED, ACCEPTED, REJECTED}),
    PRESENTED: frozenset({INTERESTED, ACCEPTED, REJECTED}),
    INTERESTED: frozenset({ACCEPTED, REJECTED}),
    ACCEPTED: frozenset({REJECTED}),  # cancelled
    REJECTED: frozenset({INTERESTED, ACCEPTED}),  # a change of mind
    Status.CONTROL_GROUP: frozenset({ACCEPTED}),  # bought all the same
}
ATTEMPTS = 50
READ = """
SELECT p.environment_id, e.release_number, p.contact_id, p.offer, p.space, p.status,
    p.destination_url, p.data::json, p.is_fallback,
    (SELECT coalesce(json_agg(json_build_array(t.before, t.after) ORDER BY t.number), '[]')
     FROM decisioning_transition t WHERE t.proposition = p.id)
FROM decisioning_proposition p JOIN catalog_environment e ON e.id = p.environment_id
WHERE p.id = %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A proposition as it is now."""

    id: UUID
    environment: int
    release: int  # that is live now
    contact: int | None
    offer: str
    space: str
    status: int
    destination_url: str
    data: Mapping[str, Any]
    is_fallback: bool
    transitions: tuple[tuple[int, int], ...] = ()

    def has_been(self, status: int) -> bool:
        first = self.transitions[0][0] if self.transitions else self.status
        return status == first or any(after == status for _before, after in self.transitions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What somebody tells of a proposition."""

    status: int
    at: datetime  # when it happened
    source: str  # "api", "link", "screen", …
    data: Mapping[str, Any] = field(default_factory=dict)
    by_name: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """How a proposition stands after somebody told something of it."""

    status: int
    is_changed: bool
    data: Mapping[str, Any]
    destination_url: str = ""
    warnings: tuple[str, ...] = ()


class NoSuchProposition(Exception):
    """It was never made, or it was purged."""


def change_status(proposition: UUID, change: Change, *, engine_for: EngineFor) -> Changed:
    """Move a proposition to another status; told again, or backwards, it stays as it is.

    Raises NoSuchProposition. Rules and counters see it as soon as this returns.
    """
    for _attempt in range(ATTEMPTS):
        found = find(proposition)
        if change.status == found.status:
            return unchanged(found)
        if change.status not in MOVES[found.status]:
            return unchanged(found, warning_of(found.status, change.status))
        try:
            go_on(told_of(found, change, engine_for), at=change.at)
        except Moved:
            continue
        return Changed(
            status=change.status,
            is_changed=True,
            data={**found.data, **change.data},
            destination_url=found.destination_url,
        )
    raise TooBusy


def find(proposition: UUID) -> Found:
    rows = read(READ, [proposition])
    if not rows:
        raise NoSuchProposition(proposition)
    environment, release, contact, offer, space, status, url, data, is_fallback, moves = rows[0]
    return Found(
        id=proposition,
        environment=environment,
        release=release,
        contact=contact,
        offer=offer,
        space=space,
        status=status,
        destination_url=url,
        data=data,
        is_fallback=is_fallback,
        transitions=tuple((before, after) for before, after in moves),
    )


def unchanged(found: Found, *warnings: str) -> Changed:
    return Changed(
        status=found.status,
        is_changed=False,
        data=found.data,
        destination_url=found.destination_url,
        warnings=warnings,
    )


def warning_of(before: int, after: int) -> str:
    return _("A proposition cannot go from “%(before)s” to “%(after)s”: nothing was changed.") % {
        "before": Words(before).label,
        "after": Words(after).label,
    }


def told_of(found: Found, change: Change, engine_for: EngineFor) -> dict[str, Any]:
    """What is stored, with the caps that count it: once for each status that it ever reaches."""
    told = {
        "proposition": str(found.id),
        "number": len(found.transitions) + 1,
        "before": found.status,
        "after": change.status,
        "at": change.at.isoformat(),
        "source": change.source,
        "by": change.by_name,
        "comment": change.comment,
        "data": dict(change.data),
    }
    if found.is_fallback or found.has_been(change.status):
        return told
    release = engine_for(found.environment, found.release).release
    counted = counted_by(release, found.offer, found.space, change.status, change.at)
    return with_caps(told, (one for one in counted if found.contact or not one["each_person"]))
