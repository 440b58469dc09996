"""What many people got, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from decisioning.rows import Drawn


@dataclass
class Counts:
    """Those of several parts of a population add up."""

    people: int = 0  # who were decided for
    propositions: int = 0
    without_offer: int = 0
    fewer_than_asked: int = 0  # but some
    again: int = 0  # times that somebody was decided for again
    gone: int = 0  # who were contacts no more when their turn came
    offers: dict[str, Counter[int]] = field(default_factory=dict)  # how often at which rank

    def add(self, one: Drawn) -> None:
        self.people += 1
        number = 0
        for answer in one.answers:
            for proposition in answer.propositions:
                number += 1
                offer = proposition.offer
                ranks = self.offers.get(offer)
                if ranks is None:
                    ranks = self.offers[offer] = Counter()
                ranks[proposition.rank] += 1
        self.propositions += number
        if not number:
            self.without_offer += 1
        elif any(answer.reason for answer in one.answers):
            self.fewer_than_asked += 1

    def add_all(self, other: Counts) -> None:
        for name in NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for code, ranks in other.offers.items():
            self.offers.setdefault(code, Counter()).update(ranks)

    def kept(self) -> dict[str, Any]:
        """As it is stored with a part."""
        numbers = {name: getattr(self, name) for name in NUMBERS}
        return {**numbers, "offers": {code: listed(each) for code, each in self.offers.items()}}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        offers = {
            code: Counter(dict(enumerate(ranks, 1)))
            for code, ranks in kept.get("offers", {}).items()
        }
        return cls(**{name: kept.get(name, 0) for name in NUMBERS}, offers=offers)

    def told(self) -> dict[str, Any]:
        """For programs: the offers with the most propositions first."""
        offers = [
            {"offer": code, "total": ranks.total(), "ranks": listed(ranks)}
            for code, ranks in self.offers.items()
        ]
        offers.sort(key=lambda one: (-int(str(one["total"])), str(one["offer"])))
        return {**{name: getattr(self, name) for name in NUMBERS}, "offers": offers}


NUMBERS = tuple(each.name for each in fields(Counts) if each.name != "offers")


def listed(ranks: Counter[int]) -> list[int]:
    """How often at the first rank, at the second, and so on."""
    return [ranks[rank] for rank in range(1, max(ranks, default=0) + 1)]
