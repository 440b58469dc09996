"""Stored decisions and propositions, found again: newest first, however many there are.

What has an index is asked of it: somebody's decisions, an offer's propositions, a stretch of time.
Of the rest a page looks at a part (see `Walk`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import models
from django.db.models import F, Func, Q, Value

from accounts.models import User
from catalog.models import Environment
from catalog.veiling import veil_of
from contacts.models import Contact
from decisioning.live import NothingLive, live_for
from decisioning.models import Interaction, Proposition
from decisioning.seeing import hidden_in
from offers_site.identifiers import first_at
from offers_site.keysets import Keyset, Walk

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody looks for. Offers and spaces are asked for by their words."""

    environments: Collection[int] | None = None  # None: all there are
    people: Collection[int] | None = None
    offer: str = ""
    space: str = ""
    since: datetime | None = None
    until: datetime | None = None  # before it


def decisions(wanted: Wanted) -> Keyset[Interaction]:
    """The decisions that meet it. Of an offer without a person: those that proposed it."""
    if wanted.offer and wanted.people is None:
        return ByOffer(propositions(wanted, Q(interaction__isnull=False)))
    found = within(Interaction.objects.all(), wanted)
    if wanted.people is not None:
        found = found.filter(contact__in=wanted.people)
    conditions = Q()
    if wanted.environments is not None:
        conditions &= Q(environment__in=wanted.environments)
    if wanted.space:
        conditions &= asked_in(wanted.space)
    return newest_first(found, conditions, "decisions", is_few=wanted.people is not None)


def propositions(wanted: Wanted, *conditions: Q) -> Keyset[Proposition]:
    """The propositions of an offer, a space or a person that meet it."""
    found = within(Proposition.objects.all(), wanted)
    if wanted.environments is not None:
        found = found.filter(environment__in=wanted.environments)
    if wanted.people is not None:
        found = found.filter(contact__in=wanted.people)
    rest = [*conditions]
    if wanted.offer:
        found = found.filter(offer=wanted.offer)
        if wanted.space:
            rest.append(Q(space=wanted.space))
    elif wanted.space:
        found = found.filter(space=wanted.space)
    narrowed = Q()
    for each in rest:
        narrowed &= each
    return newest_first(found, narrowed, "propositions", is_few=wanted.people is not None)


def within(found: models.QuerySet[M], wanted: Wanted) -> models.QuerySet[M]:
    """Those of a stretch of time, by their keys, which say when they were made."""
    if wanted.since is not None:
        found = found.filter(pk__gte=first_at(wanted.since))
    if wanted.until is not None:
        found = found.filter(pk__lt=first_at(wanted.until))
    return found


def newest_first(found: models.QuerySet[M], condition: Q, name: str, *, is_few: bool) -> Keyset[M]:
    """Those of few are asked all; of millions a part at a time."""
    if condition and not is_few:
        return Walk(found, condition, name=name)
    return Keyset(found.filter(condition), "pk", name=name, descending=True)


def asked_in(space: str) -> Q:
    """Decisions with a slot for a space, or for one of its ranks."""
    name = json.dumps(f"^{re.escape(space)}(_[0-9]+)?$")
    return Q(
        Func(
            F("slots"),
            Value(f"$[*].space ? (@ like_regex {name})"),
            template="jsonb_path_exists(%(expressions)s::jsonpath)",
            output_field=models.BooleanField(),
        )
    )


class ByOffer(Keyset[Interaction]):
    """The decisions of an offer's propositions, in the order of these."""

    def __init__(self, offered: Keyset[Proposition]) -> None:
        super().__init__(Interaction.objects.all(), "pk", name="by-offer", descending=True)
        self.offered = offered
        self.found_by: dict[UUID, Proposition] = {}

    def slice(
        self, size: int, *, after: str | None, before: str | None
    ) -> tuple[list[Interaction], bool, bool]:
        found, has_previous, has_next = self.offered.slice(size, after=after, before=before)
        self.found_by = {one.interaction: one for one in reversed(found) if one.interaction}
        rows = Interaction.objects.in_bulk(list(self.found_by))
        newest_first = sorted(rows, key=lambda pk: self.found_by[pk].pk, reverse=True)
        return [rows[pk] for pk in newest_first], has_previous, has_next

    def cursor(self, row: Interaction) -> str:
        return self.offered.cursor(self.found_by[row.pk])

    def cursor_after(self, rows: list[Interaction]) -> str | None:
        return self.offered.cursor_after([self.found_by[row.pk] for row in rows])

    def count_up_to(self, most: int) -> int | None:
        return None


# --- whose ---


def people_of(key: str) -> list[int]:
    """Whoever has a key, or had it, with the visitors that are theirs."""
    found = list(Contact.objects.with_key(key).values_list("pk", flat=True))
    visitors = Contact.objects.filter(linked_contact__in=found)
    return [*found, *visitors.values_list("pk", flat=True)]


def nearest_to(wanted: Wanted) -> dict[str, datetime | None]:
    """When somebody's last decision before a stretch of time was, and the first one after it."""
    found_by_person = Interaction.objects.filter(contact__in=wanted.people or ())
    theirs = found_by_person.values_list("at", flat=True)
    found: dict[str, datetime | None] = {"before": None, "after": None}
    if wanted.since is not None:
        found["before"] = theirs.filter(pk__lt=first_at(wanted.since)).order_by("-pk").first()
    if wanted.until is not None:
        found["after"] = theirs.filter(pk__gte=first_at(wanted.until)).order_by("pk").first()
    return found


def environments_seen(user: User) -> list[Environment]:
    return list(Environment.objects.visible_to(user).order_by("label", "pk"))


# --- what may be seen of it ---


class Veils:
    """What one person may not see of the releases that some rows name."""

    def __init__(self, user: User, environments: Iterable[Environment]) -> None:
        self.environments = {each.pk: each for each in environments}
        self.user = user
        self.hidden: dict[tuple[int, int | None], frozenset[str]] = {}

    def hides(self, environment: int, release: int | None, offer: str) -> bool:
        """Whether an offer is hidden there. Costs queries once for each release."""
        key = (environment, release)
        if key not in self.hidden:
            self.hidden[key] = self.hidden_offers(environment, release)
        return offer in self.hidden[key]

    def hidden_offers(self, environment: int, release: int | None) -> frozenset[str]:
        place = self.environments[environment]
        veil = veil_of(place, self.user)
        if veil.is_open:
            return frozenset()
        try:
            live = live_for(environment, release or place.release_number)
        except NothingLive:
            return frozenset(name for _kind, name in veil.hidden)
        return frozenset(name for _kind, name in {*veil.hidden, *hidden_in(live, veil)})
