"""What each release changed, in a few words: which objects, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounts.models import User
from catalog.comparing import ORDER, Act
from catalog.gathering import Key
from catalog.models import Environment, Revision
from catalog.veiling import WHAT_HIDES, Veil, veil_of

NAMED = 3


@dataclass(frozen=True)
class Summary:
    """The objects that a release added, changed or removed, of those that a person may see."""

    touched: tuple[tuple[Key, Act], ...]

    @property
    def number(self) -> int:
        return len(self.touched)

    @property
    def first(self) -> list[tuple[str, str, Act]]:
        """(name, what it is, what became of it) of a few."""
        return [
            (name, str(Revision.Kind(kind).label), act)
            for (kind, name), act in self.touched[:NAMED]
        ]

    @property
    def more(self) -> int:
        return max(0, self.number - NAMED)


def summaries(
    environment: Environment, numbers: Collection[int], user: User | None
) -> dict[int, Summary]:
    """By number; the queries are as many for one release as for a hundred."""
    veil = veil_of(environment, user)
    revisions = Revision.objects.filter(environment=environment)
    touched = revisions.filter(Q(since__in=numbers) | Q(until__in=numbers))
    begun: dict[int, dict[Key, Any]] = {number: {} for number in numbers}
    ended: dict[int, dict[Key, Any]] = {number: {} for number in numbers}
    for kind, name, since, until, *said in touched.values_list(*columns(veil)):
        body = dict(zip(WHAT_HIDES, said, strict=False))
        if since in begun:
            begun[since][kind, name] = body
        if until in ended:
            ended[until][kind, name] = body
    categories = [] if veil.is_open else list(revisions.filter(kind=Revision.Kind.CATEGORY))
    found = {}
    for number in numbers:
        before = {**standing(categories, number - 1), **ended[number]}
        after = {**standing(categories, number), **begun[number]}
        hidden = veil.hidden_among(before) | veil.hidden_among(after)
        keys = ({*begun[number]} | {*ended[number]}) - hidden
        found[number] = Summary(
            tuple(
                (key, act_of(key in ended[number], key in begun[number]))
                for key in sorted(keys, key=lambda key: (ORDER[key[0]], key[1]))
            )
        )
    return found


def columns(veil: Veil) -> tuple[str, ...]:
    """Bodies are only read where something may be hidden."""
    said = () if veil.is_open else tuple(f"body__{name}" for name in WHAT_HIDES)
    return ("kind", "name", "since", "until", *said)


def standing(categories: Iterable[Revision], number: int) -> dict[Key, Any]:
    """The categories of one release."""
    return {
        (each.kind, each.name): each.body
        for each in categories
        if each.since <= number and (each.until is None or each.until > number)
    }


def act_of(was: bool, is_now: bool) -> Act:
    if was and is_now:
        return "changed"
    return "removed" if was else "added"
