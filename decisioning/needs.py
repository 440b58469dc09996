"""What a release has to know of people to decide: attributes, how much history, which caps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from weakref import WeakKeyDictionary

from contacts.columns import ON_LISTS
from decisioning.caps import caps_of
from decisioning.engine.compiled import Release
from decisioning.engine.values import Cap, TiePolicy
from rules.checking import Checked
from rules.kinds import Kind
from rules.tree import Name, walk


@dataclass(frozen=True, slots=True)
class Needs:
    kinds: Mapping[str, Kind]  # of the attributes that its rules ask for
    looks_back: bool  # whether it asks for a history at all
    reach: timedelta | None  # how far it looks, back and ahead; None: as far as there is
    caps: dict[str, Cap]


_known: WeakKeyDictionary[Release, Needs] = WeakKeyDictionary()


def needs_of(release: Release) -> Needs:
    """Worked out once for each release that a process holds."""
    found = _known.get(release)
    if found is None:
        found = _known[release] = work_out(release)
    return found


def work_out(release: Release) -> Needs:
    periods = [rule.rule.period for rule in release.rules]
    if any(space.tie_policy == TiePolicy.LEAST_SHOWN for space in release.spaces.values()):
        periods.append(None)
    known = [period for period in periods if period is not None]
    asks = release.catalogue.asks
    return Needs(
        kinds=kinds_of(release) if asks is None else asks,
        looks_back=bool(periods),
        reach=max(known) if known and len(known) == len(periods) else None,
        caps={cap.key: cap for offer in release.offers for cap in caps_of(release, offer.code)},
    )


def kinds_of(release: Release) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for rule in rules_of(release):
        for node in walk(rule.tree):
            if isinstance(node, Name) and node.path[0] == "contact":
                kinds[node.path[1]] = rule.kinds[node]
        if rule.lists:
            kinds[ON_LISTS.name] = ON_LISTS.kind
    return kinds


def rules_of(release: Release) -> Iterator[Checked]:
    catalogue = release.catalogue
    asked = [catalogue.filter]
    asked += [category.filter for category in catalogue.categories]
    for offer in catalogue.offers:
        asked.append(offer.filter)
        for context in offer.contexts:
            asked += [context.filter, context.weight]
    for rule in release.rules:
        asked += [rule.rule.applies_to, rule.rule.recipients, rule.rule.propositions]
    return (rule for rule in asked if rule is not None)
