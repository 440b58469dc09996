"""What the journal says of an edit: the fields that differ, and of long texts the beginning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.journal import changes

LONGEST = 500  # characters of one value
Facts = dict[str, Any]


def told(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[Facts, Facts]:
    """Bodies as the journal keeps them: (what was, what is), only where they differ."""
    was, became = changes(spread(before or {}), spread(after))
    if before is None:
        became = {name: value for name, value in became.items() if value not in (None, "", [], {})}
    else:
        was |= {name: value for name, value in spread(before).items() if name not in spread(after)}
    return shortened(was), shortened(became)


def spread(body: Mapping[str, Any]) -> Facts:
    """Each field of content stands for itself: one that changes does not show all others."""
    found: Facts = {}
    for name, value in body.items():
        if isinstance(value, Mapping):
            found.update((f"{name}.{key}", each) for key, each in value.items())
        else:
            found[name] = value
    return found


def shortened(facts: Facts) -> Facts:
    return {name: short(value) for name, value in facts.items()}


def short(value: Any) -> Any:
    match value:
        case str() if len(value) > LONGEST:
            return value[:LONGEST] + "…"
        case Mapping():
            return {name: short(each) for name, each in value.items()}
        case list():
            return [short(each) for each in value]
    return value
