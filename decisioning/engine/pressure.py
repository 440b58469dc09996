"""What somebody has had already: presentation rules count it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from decisioning.engine.compiled import CompiledOffer, CompiledRule, Facts, Release
from decisioning.engine.values import Past, Scope


@dataclass(frozen=True, slots=True)
class Blocked:
    rule: CompiledRule
    count: int
    since: datetime | None
    until: datetime | None


class Pressure:
    """The presentation rules of one channel for one person at one moment."""

    def __init__(
        self, release: Release, channel: str, facts: Facts, at: datetime, history: Sequence[Past]
    ) -> None:
        self.release = release
        self.channel = channel
        self.facts = facts
        self.at = at
        self.history = [past for past in history if not past.is_fallback]
        self.concerned: dict[str, bool] = {}
        self.counted: dict[str, list[Past]] = {}
        self.tallied: dict[str, Counter[str | None]] = {}
        self.applying: dict[str, frozenset[str]] = {}

    def blocks(self, offer: CompiledOffer) -> Blocked | None:
        """The first rule that has been reached for an offer."""
        return self.first(offer, ())

    def blocks_beside(self, offer: CompiledOffer, chosen: Sequence[Past]) -> Blocked | None:
        """The same with what this call has chosen already, for the rules that count it."""
        return self.first(offer, chosen) if chosen else None

    def first(self, offer: CompiledOffer, chosen: Sequence[Past]) -> Blocked | None:
        for rule in offer.rules:
            if rule.rule.channel not in ("all", self.channel):
                continue
            if chosen and not rule.rule.count_this_call:
                continue
            most = rule.rule.max
            beside = self.relevant(rule, chosen) if chosen else ()
            if len(self.of(rule)) + len(beside) < most:
                continue  # not even with everything that it looks at
            if self.speaks_of(rule, offer) and self.concerns(rule):
                count = self.tally(rule)[self.subject(rule, offer)]
                count += self.count(rule, offer, beside)
                if count >= most:
                    return Blocked(rule, count, *self.window(rule))
        return None

    def speaks_of(self, rule: CompiledRule, offer: CompiledOffer) -> bool:
        return rule.codes is not None or offer.code in self.applied(rule)

    def applied(self, rule: CompiledRule) -> frozenset[str]:
        """The offers that a rule applies to, where that hangs on the person."""
        if rule.codes is not None:
            return rule.codes
        found = self.applying.get(rule.rule.name)
        if found is None:
            applies = rule.applies
            assert applies is not None  # noqa: S101 (else codes are known)
            found = frozenset(
                offer.code
                for offer in self.release.offers
                if applies.holds({**self.facts, "offer": offer.facts}, self.at, self.release.zone)
            )
            self.applying[rule.rule.name] = found
        return found

    def concerns(self, rule: CompiledRule) -> bool:
        """Whether the person is among those whom the rule is for."""
        if rule.recipients is None:
            return True
        known = self.concerned.get(rule.rule.name)
        if known is None:
            known = rule.recipients.holds(self.facts, self.at, self.release.zone)
            self.concerned[rule.rule.name] = known
        return known

    def of(self, rule: CompiledRule) -> list[Past]:
        """The history that a rule looks at, before it is narrowed to an offer."""
        found = self.counted.get(rule.rule.name)
        if found is None:
            found = self.counted[rule.rule.name] = self.relevant(rule, self.history)
        return found

    def relevant(self, rule: CompiledRule, history: Iterable[Past]) -> list[Past]:
        asked = rule.rule
        return [
            past
            for past in history
            if (asked.period is None or abs(past.at - self.at) <= asked.period)
            and (not asked.statuses or past.status in asked.statuses)
            and (not asked.same_channel or past.channel == self.channel)
            and (rule.counts is None or self.counts(rule, past))
        ]

    def counts(self, rule: CompiledRule, past: Past) -> bool:
        facts = {**self.facts, "proposition": past_facts(past)}
        return rule.counts is not None and rule.counts.holds(facts, self.at, self.release.zone)

    def tally(self, rule: CompiledRule) -> Counter[str | None]:
        """How often what a rule counts by stands in the history; made when it is first asked."""
        found = self.tallied.get(rule.rule.name)
        if found is None:
            found = Counter(self.subjects(rule, self.of(rule)))
            self.tallied[rule.rule.name] = found
        return found

    def count(self, rule: CompiledRule, offer: CompiledOffer, history: Iterable[Past]) -> int:
        mine = self.subject(rule, offer)
        return sum(subject == mine for subject in self.subjects(rule, history))

    def subject(self, rule: CompiledRule, offer: CompiledOffer) -> str | None:
        """What a rule counts when an offer is asked about: that offer, its category, or all."""
        match rule.rule.scope:
            case Scope.OFFER:
                return offer.code
            case Scope.CATEGORY:
                return offer.offer.category
        return ""

    def subjects(self, rule: CompiledRule, history: Iterable[Past]) -> Iterable[str | None]:
        """The same of past propositions, those left out that the rule never counts."""
        match rule.rule.scope:
            case Scope.OFFER:
                return (past.offer for past in history)
            case Scope.CATEGORY:
                return map(self.category_of, history)
            case Scope.RULE:
                codes = self.applied(rule)
                return ("" for past in history if past.offer in codes)
        return ("" for _past in history)

    def category_of(self, past: Past) -> str | None:
        """Where the offer stands now; where it stood then, once it is gone."""
        return self.release.category_of.get(past.offer, past.category)

    def window(self, rule: CompiledRule) -> tuple[datetime | None, datetime | None]:
        period = rule.rule.period
        return (None, None) if period is None else (self.at - period, self.at + period)


def past_facts(past: Past) -> dict[str, object]:
    from_status = {
        0: "generated",
        1: "presented",
        2: "interested",
        3: "accepted",
        4: "scheduled",
        5: "rejected",
        6: "control_group",
    }
    return {
        "space": past.space,
        "channel": past.channel,
        "weight": past.weight,
        "rank": past.rank,
        "status": from_status[past.status],
        "offer": past.offer,
        "category": past.category,
        "date": past.at,
    }
