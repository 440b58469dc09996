"""What the rules of an environment may name: people, the call, its filters, and offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from catalog.models import Environment
from contacts.vocabulary import words
from rules.checking import Vocabulary
from rules.kinds import DECLARABLE, Kind
from rules.parsing import parse
from rules.refusals import BadRule
from rules.tree import Node


def call_kinds(call_data: Mapping[str, Mapping[str, Any]]) -> dict[str, Kind]:
    return {name: DECLARABLE[datum["type"]] for name, datum in call_data.items()}


def environment_words(environment: Environment, *, counts_propositions: bool = False) -> Vocabulary:
    """The words of an environment's rules. Its own filters stand before audiences of one name."""
    known = words(call=call_kinds(environment.call_data), counts_propositions=counts_propositions)
    filters = dict(known.filters)
    filters.update(own_filters(environment))
    choices = dict(known.choices)
    choices.update(
        (f"call.{name}", tuple(datum["choices"]))
        for name, datum in environment.call_data.items()
        if datum.get("choices")
    )
    return replace(known, filters=filters, choices=choices)


def own_filters(environment: Environment) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for name, rule in environment.filters.values_list("name", "rule"):
        try:
            found[name] = parse(rule)
        except BadRule:
            continue
    return found
