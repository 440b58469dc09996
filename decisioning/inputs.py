"""What a decision was made from, as it is kept with it, and read again.

`{"target": …, "contact": {name: value}, "history": [row, …], "used": [[cap, space, n], …]}`, where
the row of a past proposition is what `decisioning.past` reads: see `past_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from decisioning.engine.values import Past, Slot
from rules.kinds import DATE, TIMESTAMP, Kind

Row = Sequence[Any]
# A past proposition, from the row in which it was read or kept; not even a function is called.
past_of: Callable[[Row], Past] = partial(tuple.__new__, Past)
Used = Mapping[tuple[str, str], int]  # by cap and space


def inputs_of(
    target: str, facts: Mapping[str, Any], names: Iterable[str], history: Sequence[Row], used: Used
) -> dict[str, Any]:
    return {
        "target": target,
        "contact": kept_of_person(facts, names),
        "history": history,
        "used": kept_used(used),
    }


def kept_of_person(facts: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Only what the rules ask for; `to_stored_json` writes dates and moments."""
    return {name: facts[name] for name in names if name in facts}


def kept_used(used: Used) -> list[tuple[str, str, int]]:
    return [(cap, space, number) for (cap, space), number in used.items()]


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def facts_from(kept: Mapping[str, Any], kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """What was known of somebody, from what was kept of it."""
    return {name: value_of(value, kinds.get(name)) for name, value in kept.items()}


def value_of(value: Any, kind: Kind | None) -> Any:
    if kind == DATE:
        return date.fromisoformat(value)
    if kind == TIMESTAMP:
        return datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value


def kept_slot(slot: Slot) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "slot": slot.slot,
        "space": slot.space,
        "count": slot.count,
        "categories": slot.categories,
        "themes": slot.themes,
        "call": {name: plain(value) for name, value in slot.call.items()},
    }
    if slot.unusable:
        kept["unusable"] = sorted(slot.unusable)
    return kept


def slot_from(kept: Mapping[str, Any], kinds: Mapping[str, Kind]) -> Slot:
    return Slot(
        slot=kept["slot"],
        space=kept["space"],
        count=kept["count"],
        categories=tuple(kept["categories"]),
        themes=tuple(kept["themes"]),
        call=facts_from(kept["call"], kinds),
        unusable=frozenset(kept.get("unusable", ())),
    )
