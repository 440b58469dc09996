"""Which offers each presentation rule is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from catalog.models import Environment, PresentationRule
from catalog.tree import Tree, Window
from contacts.vocabulary import about_offers
from rules.checking import Checked, check_rule
from rules.compiling import compile_rules
from rules.parsing import parse
from rules.refusals import BadRule
from rules.vocabulary import Vocabulary

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # what a rule about offers asks does not hang on the time


class Reachable(Protocol):
    """As much of an offer as rules may ask."""

    pk: int
    code: str
    category: int | None
    window: Window


def reach(
    environment: Environment,
    rules: Sequence[PresentationRule],
    offers: Iterable[Any],
    tree: Tree,
    tags: Mapping[int, Sequence[str]],
    words: Vocabulary,
) -> dict[int, frozenset[int]]:
    """By key of the rule, the keys of the offers it applies to. Rules that mean nothing are out."""
    checked: dict[int, Checked] = {}
    narrowed = about_offers(words)
    for rule in rules:
        if rule.applies_to:
            with suppress(BadRule):
                checked[rule.pk] = check_rule(parse(rule.applies_to), narrowed)
    program = compile_rules(list(checked.values()))
    zone = ZoneInfo(environment.timezone)
    found: dict[int, set[int]] = {key: set() for key in checked}
    everything = set()
    for offer in offers:
        everything.add(offer.pk)
        answers = program.evaluate({"offer": facts_of(offer, tree, tags)}, EPOCH, zone)
        for key, holds in zip(checked, answers, strict=True):
            if holds:
                found[key].add(offer.pk)
    for rule in rules:
        if not rule.applies_to:
            found[rule.pk] = everything
    return {key: frozenset(keys) for key, keys in found.items()}


def facts_of(
    offer: Reachable, tree: Tree, tags: Mapping[int, Sequence[str]]
) -> Mapping[str, object]:
    """What rules may ask of an offer, as decisions tell it."""
    chain = tree.chain(offer.category)
    start, end = offer.window
    return {
        "code": offer.code,
        "category": chain[-1].name if chain else None,
        "categories": [category.name for category in chain],
        "themes": list(dict.fromkeys(theme for each in chain for theme in each.themes)),
        "tags": list(tags.get(offer.pk, ())),
        "start": start,
        "end": end,
    }
