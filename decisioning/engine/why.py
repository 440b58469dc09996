"""At which step every offer left, told while the walk goes on."""

from __future__ import annotations

from datetime import datetime

from decisioning.engine.candidates import Candidate
from decisioning.engine.compiled import CompiledOffer
from decisioning.engine.plans import Plan
from decisioning.engine.pressure import Blocked
from decisioning.engine.slots import MOST_OFFERS
from decisioning.engine.values import Explained, Step
from decisioning.engine.weights import as_decimal
from rules.checking import Checked


class Why:
    """What became of the offers that one list asked about; keeps nothing unless it is wanted."""

    def __init__(self, *, wanted: bool) -> None:
        self.wanted = wanted
        self.explained: dict[str, Explained] = {}

    def leave(
        self, offer: CompiledOffer, step: Step, *, subject: str = "", test: Checked | None = None
    ) -> None:
        if self.wanted:
            self.explained[offer.code] = Explained(
                offer=offer.code, step=step, subject=subject, test=test
            )

    def leave_blocked(self, candidate: Candidate, blocked: Blocked) -> None:
        rule = blocked.rule.rule
        self.leave_weighed(
            candidate,
            Step.PRESENTATION_RULE,
            subject=rule.name,
            count=blocked.count,
            limit=rule.max,
            window=(blocked.since, blocked.until),
        )

    def leave_weighed(
        self,
        candidate: Candidate,
        step: Step,
        *,
        subject: str = "",
        count: int | None = None,
        limit: int | None = None,
        window: tuple[datetime | None, datetime | None] | None = None,
        rank: int | None = None,
    ) -> None:
        if self.wanted:
            self.explained[candidate.offer.code] = Explained(
                offer=candidate.offer.code,
                step=step,
                subject=subject,
                count=count,
                limit=limit,
                window=window,
                weight=as_decimal(candidate.millionths),
                context=candidate.context,
                formula=candidate.formula,
                multipliers=candidate.entry.multipliers,
                rank=rank,
            )

    def of(self, plan: Plan) -> tuple[Explained, ...]:
        """Every offer of the environment once, those that were chosen first."""
        left = {
            offer.code: Explained(offer=offer.code, step=step, subject=subject)
            for offer, step, subject in plan.left
        }
        everybody = {**left, **self.explained}
        return tuple(
            sorted(
                everybody.values(),
                key=lambda one: (one.rank or MOST_OFFERS + 1, -(one.weight or 0), one.offer),
            )
        )


UNASKED = Why(wanted=False)
