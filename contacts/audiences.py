"""Who a rule describes: how many, ten of them, all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from contacts.columns import Column
from contacts.facts import Known
from contacts.models import Audience, Contact, ContactQuerySet
from contacts.vocabulary import surroundings, words
from rules.checking import Checked, check_rule
from rules.compiling import compile_rules
from rules.jsonform import from_json
from rules.refusals import BadRule
from rules.sql import to_sql

SAMPLE = 10
NOBODYS = ("call", "space", "offer", "identification")  # known only while deciding


def matching(
    rule: Checked,
    *,
    at: datetime,
    zone: str,
    columns: Mapping[str, Column] | None = None,
    values: Mapping[str, Any] | None = None,
    among: ContactQuerySet | None = None,
) -> ContactQuerySet:
    """The contacts for whom a rule holds at a moment, or those `among` others."""
    around = surroundings(at=at, zone=zone, columns=columns, values=values)
    written = to_sql(rule, around)
    people = Contact.objects.contacts() if among is None else among
    return people.meeting(written.text, written.parameters)


def members(audience: Audience, *, at: datetime, zone: str) -> ContactQuerySet:
    """The contacts of an audience; raises BadRule when its rule no longer means anything."""
    if not audience.is_rule:
        return Contact.objects.contacts().filter(memberships__audience=audience)
    return matching(check_audience(audience), at=at, zone=zone)


def check_audience(audience: Audience) -> Checked:
    return check_rule(from_json(audience.tree), words())


def sample(people: ContactQuerySet, size: int = SAMPLE) -> list[Contact]:
    """A few of them: the first by key, so that asking again shows the same."""
    return list(people.order_by("pk")[:size])


def holding(
    audiences: Sequence[Audience], facts: Known, *, at: datetime, zone: str
) -> list[Audience]:
    """Those of the audiences with a rule that holds for a person. Costs two queries.

    `facts` are of all that `columns.asked()` names.
    """
    known_words = words()
    checked: list[tuple[Audience, Checked]] = []
    for audience in audiences:
        try:
            checked.append((audience, check_rule(from_json(audience.tree), known_words)))
        except BadRule:
            continue
    if not checked:
        return []
    program = compile_rules([rule for _audience, rule in checked])
    everything: dict[str, Known] = {root: {} for root in NOBODYS}
    answers = program.evaluate({**everything, "contact": facts}, at, ZoneInfo(zone))
    return [audience for (audience, _), holds in zip(checked, answers, strict=True) if holds]
