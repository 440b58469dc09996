"""What the rules of an environment may name: people, the call, its filters, and offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from catalog.models import Environment
from contacts.vocabulary import Datum, Topics, words
from rules.checking import Vocabulary
from rules.kinds import DECLARABLE, Kind
from rules.parsing import parse
from rules.refusals import BadRule
from rules.tree import Node


def call_kinds(call_data: Mapping[str, Mapping[str, Any]]) -> dict[str, Kind]:
    return {name: DECLARABLE[datum["type"]] for name, datum in call_data.items()}


def call_topics(call_data: Mapping[str, Mapping[str, Any]]) -> list[Datum]:
    """What calls bring along, as rules and people speak of it."""
    return [
        Datum(
            name,
            DECLARABLE[datum["type"]],
            datum.get("label") or name,
            {choice: choice for choice in datum.get("choices", ())},
        )
        for name, datum in call_data.items()
    ]


def environment_words(environment: Environment, *, counts_propositions: bool = False) -> Vocabulary:
    """The words of an environment's rules. Its own filters stand before audiences of one name."""
    topics = Topics(call=call_topics(environment.call_data), propositions=counts_propositions)
    known = words(topics=topics)
    own = own_filters(environment)
    lists = {name: number for name, number in known.lists.items() if name not in own}
    return replace(known, filters={**known.filters, **own}, lists=lists)


def own_filters(environment: Environment) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for name, rule in environment.filters.values_list("name", "rule"):
        try:
            found[name] = parse(rule)
        except BadRule:
            continue
    return found
