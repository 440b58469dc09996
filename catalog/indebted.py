"""What is live in a space although it lacks what the space requires by now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import User
from catalog.contents import missing_fields
from catalog.livenow import live_categories, visible_revisions
from catalog.models import Revision, Space
from catalog.veiling import veil_of


@dataclass(frozen=True)
class Debt:
    """A live offer, and the fields that it leaves empty there."""

    code: str
    label: str
    is_fallback: bool
    missing: tuple[str, ...]


def debts_of(space: Space, user: User) -> list[Debt]:
    """The live offers of a space, as a person may see them, that would no longer be let in."""
    required = [each["name"] for each in space.fields if each["required"]]
    if not required:
        return []
    environment = space.environment
    revisions = visible_revisions(
        environment, veil_of(environment, user), live_categories(environment)
    )
    standing = revisions.filter(body__representations__contains=[{"space": space.name}])
    found = []
    for revision in standing.order_by("name"):
        missing = missing_in(revision.body, space.name, required)
        if missing:
            is_fallback = revision.kind == Revision.Kind.FALLBACK_OFFER
            found.append(Debt(revision.name, revision.body["label"], is_fallback, missing))
    return found


def missing_in(body: dict[str, Any], space: str, required: list[str]) -> tuple[str, ...]:
    own = next(each["content"] for each in body["representations"] if each["space"] == space)
    return tuple(missing_fields(body["content"], own, required))
