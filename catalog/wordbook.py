"""What the rules of an environment may name: people, the call, its filters, and offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.models import Environment
from contacts.vocabulary import Datum, Predefined, Topics, labels, words
from rules.kinds import DECLARABLE, Kind
from rules.vocabulary import Vocabulary
from rules.wording import Labels


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


def topics_of(environment: Environment, **more: bool) -> Topics:
    """What the rules of an environment may speak of, and what people call it.

    `propositions=True` for what a presentation rule counts, `people=False` for which offers one is
    about.
    """
    filters = environment.filters.order_by("label", "pk").values_list("name", "label", "rule")
    return Topics(
        call=call_topics(environment.call_data),
        filters=tuple(Predefined(*each) for each in filters),
        kind="visitor" if environment.is_for_visitors else "contact",
        **more,
    )


def environment_labels(environment: Environment) -> Labels:
    """What people call what the rules of an environment name."""
    return labels(topics=topics_of(environment))


def environment_words(environment: Environment, *, counts_propositions: bool = False) -> Vocabulary:
    """The words of an environment's rules. Its own filters stand before audiences of one name."""
    return words(topics=topics_of(environment, propositions=counts_propositions))
