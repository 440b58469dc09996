"""What somebody has had already: presentation rules count it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from decisioning.engine.compiled import CompiledOffer, CompiledRule, Facts, Release, Test
from decisioning.engine.values import Past, Scope, microseconds_at

# A rule, with the offer that it is asked for where its answer hangs on it.
Asked = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Blocked:
    rule: CompiledRule
    count: int
    since: datetime | None
    until: datetime | None


class Counts:
    """How often somebody has had what. Mostly that is little, and then lists are quick to ask."""

    __slots__ = ("_categories", "_offers", "history", "release")

    def __init__(self, history: list[Past], release: Release) -> None:
        self.history = history
        self.release = release
        self._offers: list[str] | None = None  # quicker than cached properties
        self._categories: list[str | None] | None = None

    def of_offer(self, code: str) -> int:
        if self._offers is None:
            self._offers = [past.offer for past in self.history]
        return self._offers.count(code)

    def of_category(self, name: str | None) -> int:
        """Where the offers stand now; where they stood then, if they are gone."""
        if self._categories is None:
            now = self.release.category_of
            self._categories = [now.get(p.offer, p.category or None) for p in self.history]
        return self._categories.count(name)


class Pressure:
    """The presentation rules of one channel for one person at one moment."""

    def __init__(
        self, release: Release, channel: str, facts: Facts, at: datetime, history: Sequence[Past]
    ) -> None:
        self.release = release
        self.channel = channel
        self.facts = facts
        self.at = at
        self.moment: int | None = None  # the same in microseconds, where a rule has a period
        self.history = [past for past in history if not past.is_fallback]
        self.concerned: dict[Asked, bool] = {}
        self.counted: dict[Asked, Counts] = {}
        self.applying: dict[str, frozenset[str]] = {}
        self._reached: list[CompiledRule] | None = None

    def blocks(self, offer: CompiledOffer) -> Blocked | None:
        """The first rule that has been reached for an offer."""
        for rule in self.reached():
            if offer.offer.code in self.applied(rule) and self.concerns(rule, offer):
                count = self.count(rule, offer, self.of(rule, offer))
                if count >= rule.rule.max:
                    return Blocked(rule, count, *self.window(rule))
        return None

    def reached(self) -> list[CompiledRule]:
        """The rules that may keep an offer back. Mostly there are none for somebody."""
        found = self._reached
        if found is None:
            number = len(self.history)
            found = self._reached = [
                rule
                for rule in self.release.rules
                if number >= rule.rule.max
                and rule.rule.channel in ("all", self.channel)
                # what a rule says of each proposition is not asked before it matters
                and (rule.counts is not None or len(self.of(rule, None).history) >= rule.rule.max)
            ]
        return found

    def blocks_beside(self, offer: CompiledOffer, chosen: Sequence[Past]) -> Blocked | None:
        """The same with what this call has chosen already, for the rules that count it."""
        for rule in offer.rules:
            asked = rule.rule
            if not asked.count_this_call or asked.channel not in ("all", self.channel):
                continue
            if len(self.history) + len(chosen) < asked.max:
                continue  # whatever it looks at
            before, beside = self.of(rule, offer), self.relevant(rule, chosen, offer)
            if len(before.history) + len(beside) < asked.max:
                continue  # not even with everything that it looks at
            if self.speaks_of(rule, offer) and self.concerns(rule, offer):
                count = self.count(rule, offer, before)
                count += self.count(rule, offer, Counts(beside, self.release))
                if count >= asked.max:
                    return Blocked(rule, count, *self.window(rule))
        return None

    def speaks_of(self, rule: CompiledRule, offer: CompiledOffer) -> bool:
        return rule.codes is not None or offer.offer.code in self.applied(rule)

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

    def concerns(self, rule: CompiledRule, offer: CompiledOffer) -> bool:
        """Whether the person is among those whom the rule is for."""
        test = rule.recipients
        if test is None:
            return True
        key = (rule.rule.name, offer.code if test.asks_offer else None)
        known = self.concerned.get(key)
        if known is None:
            facts = {**self.facts, "offer": offer.facts}
            known = self.concerned[key] = test.holds(facts, self.at, self.release.zone)
        return known

    def of(self, rule: CompiledRule, offer: CompiledOffer | None) -> Counts:
        """The history that a rule looks at, before it is narrowed to an offer.

        Without an offer for a rule that says nothing of each proposition.
        """
        hangs = offer is not None and rule.counts is not None and rule.counts.asks_offer
        key = (rule.rule.name, offer.code if offer is not None and hangs else None)
        found = self.counted.get(key)
        if found is None:
            history = self.relevant(rule, self.history, offer)
            found = self.counted[key] = Counts(history, self.release)
        return found

    def relevant(
        self, rule: CompiledRule, history: Sequence[Past], offer: CompiledOffer | None
    ) -> list[Past]:
        asked = rule.rule
        if asked.statuses:  # of what most narrows it first
            history = [past for past in history if past.status in asked.statuses]
        if asked.same_channel:
            history = [past for past in history if past.channel == self.channel]
        if rule.reach is not None and history:
            if self.moment is None:
                self.moment = microseconds_at(self.at)
            since, until = self.moment - rule.reach, self.moment + rule.reach
            history = [past for past in history if since <= past.microseconds <= until]
        if rule.counts is None or offer is None:
            return list(history)
        facts = {**self.facts, "offer": offer.facts}
        return [past for past in history if self.counts(rule.counts, facts, past)]

    def counts(self, test: Test, facts: Facts, past: Past) -> bool:
        return test.holds({**facts, "proposition": past_facts(past)}, self.at, self.release.zone)

    def count(self, rule: CompiledRule, offer: CompiledOffer, counts: Counts) -> int:
        if not counts.history:
            return 0
        match rule.rule.scope:
            case Scope.OFFER:
                return counts.of_offer(offer.offer.code)
            case Scope.CATEGORY:
                return counts.of_category(offer.offer.category)
            case Scope.RULE:
                codes = self.applied(rule)
                return sum(past.offer in codes for past in counts.history)
        return len(counts.history)

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
        "category": past.category or None,
        "date": past.at,
    }
