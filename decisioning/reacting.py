"""What people do with what they were shown: noted once, and only what can follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from contacts.facts import read_person
from decisioning.calling import CallData, Warned, warning
from decisioning.engine.pressure import past_facts
from decisioning.engine.values import Past, Status, microseconds_at
from decisioning.live import Live, engine_for, live_for
from decisioning.models import Proposition
from decisioning.statuses import Change, Changed, Found, NoSuchProposition, change_status, find
from decisioning.tokens import proposition_of

CLICK, ACCEPT, REJECT = "click", "accept", "reject"
ACTIONS: Final = (CLICK, ACCEPT, REJECT)
KEEPS = frozenset({Status.ACCEPTED, Status.REJECTED})  # statuses with which a space keeps values


@dataclass(frozen=True)
class Reaction:
    """How a proposition stands afterwards."""

    changed: Changed
    warnings: list[Warned] = field(default_factory=list)


def react(
    token: str,
    status: int,
    *,
    call: Mapping[str, Any],
    source: str,
    by_name: str,
    occurred_at: datetime,
    comment: str = "",
) -> Reaction:
    """Note what became of a proposition; raises NoSuchProposition."""
    found = found_by(token)
    live = live_for(found.environment, found.release)
    warnings: list[Warned] = []
    told = CallData.of(live).read(call, "/call", warnings)
    change = Change(
        status=status,
        at=occurred_at,
        source=source,
        data=kept(found, status, live, told, occurred_at) if status in KEEPS else {},
        by_name=by_name,
        comment=comment,
    )
    changed = change_status(found.id, change, engine_for=engine_for)
    warnings += [warning("transition_ignored", each, "/status") for each in changed.warnings]
    return Reaction(changed, warnings)


def follow(token: str, action: str, *, at: datetime) -> str:
    """Note a click, and say where it leads: to what is stored, or nowhere ("").

    Raises NoSuchProposition.
    """
    found = found_by(token)
    status = status_of(action, found, live_for(found.environment, found.release))
    react(token, status, call={}, source="link", by_name="", occurred_at=at)
    return found.destination_url


def destination_of(token: str) -> str:
    """Where a link leads, for those who only look; raises NoSuchProposition."""
    return found_by(token).destination_url


def status_of(action: str, found: Found, live: Live) -> int:
    if action == ACCEPT:
        space = live.spaces.get(found.space)
        return Status[space.status_on_acceptance.upper()] if space else Status.ACCEPTED
    return Status.INTERESTED if action == CLICK else Status.REJECTED


def found_by(token: str) -> Found:
    identifier = proposition_of(token)
    if identifier is None:
        raise NoSuchProposition(token)
    return find(identifier)


def kept(
    found: Found, status: int, live: Live, call: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    """What the space keeps when somebody says yes or no."""
    stored = live.stored_on_status.get(found.space)
    if stored is None or not stored.names:
        return {}
    offer = live.engine.release.by_code.get(found.offer)
    row = Proposition.objects.get(pk=found.id)
    past = Past(
        offer=row.offer,
        space=row.space,
        channel=row.channel,
        status=status,
        microseconds=microseconds_at(row.at),
        category=row.category,
        weight=float(row.weight),
        rank=row.rank,
    )
    facts = read_person(found.contact, live.columns) if found.contact else {}
    return stored.values_for(
        {
            "contact": facts,
            "call": call,
            "space": {"name": row.space, "channel": row.channel},
            "identification": {"": row.identification},
            "offer": offer.facts if offer else {"code": found.offer},
            "proposition": past_facts(past),
        },
        at,
        live.engine.release.zone,
    )


def status_named(name: str | int) -> Status:
    """`accepted` or 3; raises ValueError."""
    if isinstance(name, int):
        return Status(name)
    try:
        return Status[name.strip().upper()]
    except KeyError:
        raise ValueError(name) from None
