"""The names that rules may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.kinds import DOUBLE, INT, STRING, TIMESTAMP, Base, Kind
from rules.tree import Node

# What every rule may speak of, besides the attributes of contacts and the data of the call.
COMMON: Mapping[str, Kind] = {
    "now": TIMESTAMP,
    "identification": STRING,
    "space.name": STRING,
    "space.channel": STRING,
    "offer.code": STRING,
    "offer.category": STRING,
    "offer.categories": Kind(Base.STRING, is_list=True),
    "offer.themes": Kind(Base.STRING, is_list=True),
    "offer.tags": Kind(Base.STRING, is_list=True),
    "offer.start": TIMESTAMP,
    "offer.end": TIMESTAMP,
}
# What the counting query of a presentation rule may speak of as well.
PROPOSITION: Mapping[str, Kind] = {
    "proposition.space": STRING,
    "proposition.channel": STRING,
    "proposition.weight": DOUBLE,
    "proposition.rank": INT,
    "proposition.status": STRING,
    "proposition.offer": STRING,
    "proposition.category": STRING,
    "proposition.date": TIMESTAMP,
}


@dataclass(frozen=True)
class Vocabulary:
    """The names that a rule may use, with their kinds, and what `filter("…")` may name.

    A filter is a tree, or a list of people, which has a number.
    """

    names: Mapping[str, Kind]
    filters: Mapping[str, Node] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists: Mapping[str, int] = field(default_factory=dict)


def vocabulary(
    *,
    contact: Mapping[str, Kind],
    call: Mapping[str, Kind] | None = None,
    filters: Mapping[str, Node] | None = None,
    choices: Mapping[str, tuple[str, ...]] | None = None,
    lists: Mapping[str, int] | None = None,
    counts_propositions: bool = False,
    about_offers: bool = True,
) -> Vocabulary:
    names = {
        name: kind for name, kind in COMMON.items() if about_offers or not name.startswith("offer.")
    }
    names.update({f"contact.{name}": kind for name, kind in contact.items()})
    names.update({f"call.{name}": kind for name, kind in (call or {}).items()})
    if counts_propositions:
        names.update(PROPOSITION)
    return Vocabulary(names, filters or {}, choices or {}, lists or {})
