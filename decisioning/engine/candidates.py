"""An offer that somebody may have, weighed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from decisioning.engine.compiled import CompiledOffer, Line
from decisioning.engine.values import Proposition
from decisioning.engine.weights import as_decimal, as_written

if TYPE_CHECKING:
    from decisioning.engine.plans import Entry  # which is above


class Candidate(NamedTuple):
    entry: Entry
    offer: CompiledOffer
    millionths: int
    line: Line
    answer: float  # of the line's formula
    shown: dict[int, Proposition] | None = None  # by rank, where it is the same for everybody

    @property
    def context(self) -> str:
        return self.line.context.label

    @property
    def formula(self) -> Decimal:
        return as_written(self.answer)

    def at_rank(self, rank: int) -> Proposition:
        if self.shown is None:
            return self.written(rank)
        found = self.shown.get(rank)
        if found is None:
            found = self.shown[rank] = self.written(rank)
        return found

    def written(self, rank: int) -> Proposition:
        return Proposition(
            offer=self.offer.code,
            rank=rank,
            weight=as_decimal(self.millionths),
            context=self.context,
            formula=self.formula,
            multipliers=self.entry.multipliers,
        )
