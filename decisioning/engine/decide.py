"""The one walk: from a release, a person and a moment to ranked propositions, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any

from decisioning.engine.blocks import Block
from decisioning.engine.candidates import Candidate
from decisioning.engine.compiled import NOTHING, CompiledOffer, Facts, Release, Test
from decisioning.engine.plans import Entry, Group, Lists, Plan, Plans, each_once, in_turn
from decisioning.engine.pressure import Pressure
from decisioning.engine.ranking import by_weight, in_blocks, weighed_in_blocks
from decisioning.engine.slots import Asked, part_of, together
from decisioning.engine.values import (
    Answer,
    Cap,
    Decision,
    Past,
    Proposition,
    Question,
    Reason,
    Slot,
    Space,
    Status,
    Step,
    TiePolicy,
    microseconds_at,
)
from decisioning.engine.weighing import best_of
from decisioning.engine.weights import as_decimal
from decisioning.engine.why import UNASKED, Why

# Members of an enumeration take their time to be named.
FIXED, STICKY, LEAST_SHOWN = TiePolicy.FIXED, TiePolicy.STICKY, TiePolicy.LEAST_SHOWN


class Engine:
    """A release with its plans; what a process asks.

    One that is `for_many` answers the same: it takes longer to begin, and then less for each.
    """

    def __init__(self, release: Release, *, for_many: bool = False) -> None:
        self.release = release
        self.plans = Plans(release, in_blocks=for_many)
        self._asked: tuple[tuple[Slot, ...], tuple[Asked, ...]] = ((), ())

    def asked(self, slots: tuple[Slot, ...]) -> tuple[Asked, ...]:
        """Which slots are answered together; those of many people are the same."""
        known, found = self._asked
        if known is not slots:
            found = tuple(together(self.release.spaces, slots))
            self._asked = slots, found
        return found

    def decide(self, question: Question) -> Decision:
        """Rank offers for every slot. A slot of an unknown space is left out."""
        call = Call(self, question)
        return Decision(
            environment=self.release.environment,
            release=self.release.number,
            answers=tuple(call.answers()),
        )


class Call:
    """One question on its way: what its slots share."""

    __slots__ = ("chosen", "engine", "pasts", "question", "release", "taken")

    def __init__(self, engine: Engine, question: Question) -> None:
        self.engine = engine
        self.release = engine.release
        self.question = question
        self.taken: set[str] = set()
        self.chosen: list[tuple[str, Space]] = []  # offers, and where
        self.pasts: list[Past] = []  # the same, where a rule counts what a call chooses

    def answers(self) -> Iterator[Answer]:
        for asked in self.engine.asked(self.question.slots):
            whole = SlotWalk(self, asked).answer()
            for slot, rank in asked.shown:
                yield part_of(whole, slot, rank)

    def remember(self, space: Space, candidate: Candidate, rank: int) -> None:
        """What is chosen counts for the rest of the call."""
        code = candidate.offer.offer.code
        self.taken.add(code)
        self.chosen.append((code, space))
        if self.release.counts_calls:
            self.pasts.append(
                Past(
                    offer=code,
                    space=space.name,
                    channel=space.channel,
                    status=space.status_on_proposition,
                    microseconds=microseconds_at(self.question.at),
                    category=candidate.offer.offer.category,
                    weight=float(as_decimal(candidate.millionths)),
                    rank=rank,
                )
            )


class SlotWalk:
    """One list of one space: who is asked, who leaves where, who is chosen."""

    def __init__(self, call: Call, asked: Asked) -> None:
        question = call.question
        self.call = call
        self.asked = asked
        self.space = asked.space
        self.release = call.release
        self.question = question
        self.at = question.at
        self.facts: Facts = {
            "contact": question.contact,
            "call": asked.slot.call,
            "space": asked.facts,
            "identification": {"": question.identification},
            "offer": NOTHING,
        }
        self.answered: dict[str, bool] = {}
        self.answers: dict[Block, tuple[Any, ...]] = {}
        self.zone = call.release.zone
        self.asks_above = self.release.asks_above
        self.tie_start: Any = None
        self.why = Why(wanted=True) if question.explain else UNASKED
        self.pressure = Pressure(
            self.release, asked.space.channel, self.facts, self.at, question.history
        )
        self.capped = 0

    # --- the walk ---

    def answer(self) -> Answer:
        slot = self.asked.slot
        plan = self.call.engine.plans.asked(self.space, slot.categories, slot.themes, self.at)
        chosen = self.choose(self.ranked(plan))
        propositions = [one.at_rank(rank) for rank, one in enumerate(chosen, 1)]
        reason = None
        if len(propositions) < self.asked.count:
            reason = Reason.ALL_CAPPED if self.capped else Reason.NO_ELIGIBLE_OFFER
            self.add_fallback(propositions)
        return Answer(
            slot=slot.slot,
            space=self.space.name,
            asked=self.asked.count,
            propositions=tuple(propositions),
            reason=reason,
            explained=self.why.of(plan) if self.question.explain else (),
        )

    def ranked(self, plan: Plan) -> Iterator[Candidate]:
        """Those who pass every test, in their final order; nobody is asked before it matters."""
        everybody = self.question.explain
        if plan.is_weighed and not self.asks_above and not everybody:
            return weighed_in_blocks(plan.blocks, self.facts, self.at, self.zone, self.tie)
        return by_weight(self.entries(plan), self.weigh, self.tie, everybody=everybody)

    def entries(self, plan: Plan) -> Iterable[Entry]:
        """The offers that are open to this person, each once, the heaviest possible first."""
        if self.question.explain:  # whoever wants to know why is told of everything
            return in_turn([group.entries for group in plan.groups if self.is_open(group)])
        if plan.lists is None:
            return in_blocks(plan.blocks, self.facts, self.at, self.zone)
        return each_once(self.open_to(plan, plan.lists))

    def open_to(self, plan: Plan, lists: Lists) -> Iterator[Entry]:
        is_open: dict[int, bool] = {}
        for entry in in_turn(lists.open_to(self.facts)):
            lets_in = is_open.get(entry.group)
            if lets_in is None:
                lets_in = is_open[entry.group] = self.is_open(plan.groups[entry.group])
            if lets_in and (entry.needs is None or entry.is_open_to(self.facts)):
                yield entry

    def answers_of(self, block: Block) -> tuple[Any, ...]:
        found = self.answers.get(block)
        if found is None:
            found = self.answers[block] = block.weights(self.facts, self.at, self.zone)
        return found

    def is_open(self, group: Group) -> bool:
        """Whether what is asked of everybody below lets this person in."""
        test = self.release.filter
        if test is not None and not test.asks_offer and not self.holds("", test):
            return self.shut(group, Step.ENVIRONMENT_FILTER, "", test)
        for category, test in group.tests:
            if test.asks_offer:
                break  # it is asked for each offer, and so is what is asked after it
            if not self.holds(category.name, test):
                return self.shut(group, Step.CATEGORY_FILTER, category.name, test)
        return True

    def shut(self, group: Group, step: Step, subject: str, test: Test) -> bool:
        if self.question.explain:
            for entry in group.entries:
                self.why.leave(entry.offer, step, subject=subject, test=test.rule)
        return False

    def weigh(self, entry: Entry) -> Candidate | None:
        """Filters from the top down, then the best context; None when the offer leaves."""
        offer = entry.offer
        if self.asks_above and not self.passes_above(offer):
            return None
        if entry.ready is not None:  # it has passed all else
            return entry.ready
        if entry.block is not None:
            return best_of(entry, self.answers_of(entry.block))
        self.facts["offer"] = offer.facts
        ask = offer.ask
        answers = (ask.ask or ask.made())(self.facts, self.at, self.zone) if ask else ()
        if offer.has_filter and not answers[0]:
            if self.why.wanted:
                self.why.leave(offer, Step.OFFER_FILTER, test=offer.offer.filter)
            return None
        best = best_of(entry, answers)
        if best is None and self.why.wanted:
            self.why.leave(offer, Step.CONTEXT)
        return best

    def passes_above(self, offer: CompiledOffer) -> bool:
        self.facts["offer"] = offer.facts
        test = self.release.filter
        if test is not None and not self.holds("", test):
            self.why.leave(offer, Step.ENVIRONMENT_FILTER, test=test.rule)
            return False
        for category, test in offer.category_tests:
            if not self.holds(category.name, test):
                self.why.leave(offer, Step.CATEGORY_FILTER, subject=category.name, test=test.rule)
                return False
        return True

    def holds(self, key: str, test: Test) -> bool:
        """What is asked of everybody below is asked once, unless it speaks of the offer."""
        if test.asks_offer:
            return test.holds(self.facts, self.at, self.release.zone)
        known = self.answered.get(key)
        if known is None:
            known = self.answered[key] = test.holds(self.facts, self.at, self.release.zone)
        return known

    # --- choosing ---

    def choose(self, ranked: Iterable[Candidate]) -> list[Candidate]:
        chosen: list[Candidate] = []
        groups: defaultdict[str, int] = defaultdict(int)
        count, explain = self.asked.count, self.question.explain
        for candidate in ranked:
            if not self.may_be_had(candidate, groups):
                continue
            if len(chosen) == count:
                self.why.leave_weighed(candidate, Step.RANK)
                continue
            chosen.append(candidate)
            if self.space.max_per_category is not None:
                groups[self.group(candidate.offer)] += 1
            self.call.remember(self.space, candidate, len(chosen))
            if explain:
                self.why.leave_weighed(candidate, Step.SELECTED, rank=len(chosen))
            elif len(chosen) == count:
                break
        return chosen

    def may_be_had(self, candidate: Candidate, groups: Mapping[str, int]) -> bool:
        """What has been had before, and what this call has chosen already."""
        offer, call = candidate.offer, self.call
        code = offer.offer.code
        blocked = self.pressure.blocks(offer)
        if blocked is None and call.pasts:
            blocked = self.pressure.blocks_beside(offer, call.pasts)
        if blocked is not None:
            self.why.leave_blocked(candidate, blocked)
            return False
        for cap in offer.offer.caps:
            count = self.used(cap, code)
            if count >= cap.limit:
                self.capped += 1
                self.why.leave_weighed(
                    candidate, Step.CAP, subject=cap.key, count=count, limit=cap.limit
                )
                return False
        most = self.space.max_per_category
        if most is not None and groups.get(self.group(offer), 0) >= most:
            self.why.leave_weighed(candidate, Step.DIVERSITY, limit=most)
            return False
        if self.question.deduplicate and code in call.taken:
            self.why.leave_weighed(candidate, Step.DUPLICATE)
            return False
        if code in self.asked.slot.unusable:
            self.why.leave_weighed(candidate, Step.REPRESENTATION)
            return False
        return True

    def used(self, cap: Cap, code: str) -> int:
        space = self.space.name if cap.each_space else ""
        return self.question.used.get((cap.key, space), 0) + sum(
            chosen == code
            and space in ("", where.name)
            and counts_at_once(cap, where.status_on_proposition)
            for chosen, where in self.call.chosen
        )

    def group(self, offer: CompiledOffer) -> str:
        """The category by which a space mixes its offers."""
        depth = self.space.category_depth
        if not offer.chain:
            return ""
        if depth is None or depth > len(offer.chain):
            return offer.chain[-1].name
        return offer.chain[depth - 1].name

    def tie(self, candidate: Candidate) -> tuple[float, bytes]:
        """Who comes first among equals."""
        policy, code = self.space.tie_policy, candidate.offer.offer.code
        if policy == FIXED:
            return 0.0, code.encode()
        if self.tie_start is None:  # of what is the same for all
            target = self.question.target
            seed = target if policy == STICKY else self.question.seed
            self.tie_start = sha256(f"{seed}|{target}|".encode())
        key = self.tie_start.copy()
        key.update(code.encode())
        return self.last_shown(code) if policy == LEAST_SHOWN else 0.0, key.digest()

    def last_shown(self, code: str) -> float:
        return max((p.microseconds for p in self.question.history if p.offer == code), default=0)

    # --- the answer ---

    def add_fallback(self, propositions: list[Proposition]) -> None:
        offer = self.release.fallback_offers.get(self.space.fallback_offer or "")
        if offer is None or self.space.name not in offer.spaces:
            return
        if offer.code in self.asked.slot.unusable:
            return
        if propositions and not self.space.fill_with_fallback:
            return
        propositions.append(
            Proposition(
                offer=offer.code, rank=len(propositions) + 1, weight=Decimal(0), is_fallback=True
            )
        )


def counts_at_once(cap: Cap, status: int) -> bool:
    """Whether a proposition is counted as soon as it is made."""
    return cap.counts == "proposition" or cap.counts == Status(status).name.lower()
