"""What would it take? All that keeps one offer from one person, and not only where it left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from decisioning.engine.compiled import CompiledOffer, CompiledRule
from decisioning.engine.decide import Call, Engine, SlotWalk
from decisioning.engine.plans import Weighing, entry_of, wanted, ways_out
from decisioning.engine.pressure import Counts
from decisioning.engine.slots import together
from decisioning.engine.values import Cap, Context, PresentationRule, Question, Step
from decisioning.engine.weights import effective
from rules.checking import Checked
from rules.explaining import Change, explain
from rules.kinds import BOOL
from rules.tree import AllOf, AnyOf, Node


@dataclass(frozen=True, slots=True)
class Kept:
    """A presentation rule that has been reached, and when the first of what it counts is over."""

    rule: PresentationRule
    count: int
    since: datetime | None
    until: datetime | None
    free_at: datetime | None  # None: never, by itself


@dataclass(frozen=True, slots=True)
class Used:
    """A cap without room."""

    cap: Cap
    count: int


@dataclass(frozen=True, slots=True)
class Unmet:
    """Everything at once: who meets all of it is weighed against the others."""

    ways_out: tuple[tuple[Step, str], ...] = ()  # what is the same for everybody
    changes: tuple[Change, ...] = ()  # the fewest conditions that would have to change
    is_possible: bool = True  # whether any changes are enough
    closed: tuple[Context, ...] = ()  # where no line can be open: those of other spaces and times
    weightless: tuple[Context, ...] = ()  # and those that come to nothing for this person
    rules: tuple[Kept, ...] = ()
    caps: tuple[Used, ...] = ()


class Seeker:
    """Looks at offers for the person, the moment and the slot of one question."""

    def __init__(self, engine: Engine, question: Question, slot: str) -> None:
        asked = next(
            one
            for one in together(engine.release.spaces, question.slots)
            if any(shown.slot == slot for shown, _rank in one.shown)
        )
        self.engine = engine
        self.question = question
        self.walk = SlotWalk(Call(engine, question), asked)
        self.scope = wanted(engine.release, asked.space, asked.slot.categories, asked.slot.themes)

    def unmet_of(self, code: str) -> Unmet:
        offer = self.engine.release.by_code[code]
        space, at = self.walk.space.name, self.question.at
        lines = entry_of(offer, space, at).lines
        open_lines = self.with_weight(offer, lines)
        found = self.fewest(offer, open_lines)
        return Unmet(
            ways_out=tuple(ways_out(offer, space, self.scope, at)),
            changes=found or (),
            is_possible=found is not None,
            closed=tuple(context for context in offer.offer.contexts if not is_open(context, lines))
            if not open_lines
            else (),
            weightless=tuple(each.line.context for each in lines) if not open_lines else (),
            rules=tuple(self.rules_of(offer)),
            caps=tuple(self.caps_of(offer)),
        )

    def facts_for(self, offer: CompiledOffer) -> dict[str, Any]:
        return {**self.walk.facts, "offer": offer.facts}

    # --- conditions ---

    def fewest(self, offer: CompiledOffer, lines: Sequence[Weighing]) -> tuple[Change, ...] | None:
        """The fewest changes by which all filters hold, and a line; None when none are enough."""
        above = self.walk.release.filter
        asked = [above.rule] if above else []
        asked += [test.rule for _category, test in offer.category_tests]
        asked += [offer.offer.filter] if offer.offer.filter else []
        trees = [rule.tree for rule in asked]
        filters = [each.line.context.filter for each in lines]
        if lines and None not in filters:
            asked += [rule for rule in filters if rule]
            trees.append(any_of([rule.tree for rule in filters if rule]))
        if not trees:
            return ()
        whole = Checked(
            AllOf(tuple(trees)) if len(trees) > 1 else trees[0],
            BOOL,
            {node: kind for rule in asked for node, kind in rule.kinds.items()},
            lists={name: number for rule in asked for name, number in rule.lists.items()},
        )
        found = explain(whole, self.facts_for(offer), self.question.at, self.walk.release.zone)
        return found.changes if found.holds or found.changes else None

    def with_weight(self, offer: CompiledOffer, lines: Iterable[Weighing]) -> list[Weighing]:
        """The lines that come to something, whether they are for this person or not."""
        zone, at = self.walk.release.zone, self.question.at
        answers = offer.ask(self.facts_for(offer), at, zone) if offer.ask else ()
        factor = entry_of(offer, self.walk.space.name, at).factor
        return [
            each
            for each in lines
            if (
                each.known
                if each.line.weight_at is None
                else effective(answers[each.line.weight_at], factor)
            )
        ]

    # --- what was had before ---

    def rules_of(self, offer: CompiledOffer) -> Iterator[Kept]:
        pressure = self.walk.pressure
        for rule in offer.rules:
            if pressure.speaks_of(rule, offer) and pressure.concerns(rule, offer):
                counted = self.counted(rule, offer)
                if len(counted) >= rule.rule.max:
                    free_at = over_at(rule.rule, counted)
                    yield Kept(rule.rule, len(counted), *pressure.window(rule), free_at)

    def counted(self, rule: CompiledRule, offer: CompiledOffer) -> list[datetime]:
        """When that happened what a rule counts."""
        pressure = self.walk.pressure
        return sorted(
            one.at
            for one in pressure.of(rule, offer).history
            if pressure.count(rule, offer, Counts([one], pressure.release))
        )

    def caps_of(self, offer: CompiledOffer) -> Iterator[Used]:
        for cap in offer.offer.caps:
            count = self.walk.used(cap, offer.code)
            if count >= cap.limit:
                yield Used(cap, count)


def any_of(trees: Sequence[Node]) -> Node:
    return trees[0] if len(trees) == 1 else AnyOf(tuple(trees))


def is_open(context: Context, lines: Iterable[Weighing]) -> bool:
    return any(each.line.context is context for each in lines)


def over_at(rule: PresentationRule, counted: Sequence[datetime]) -> datetime | None:
    """When so much is over that the rule lets one pass again."""
    if rule.period is None:
        return None
    return counted[len(counted) - rule.max] + rule.period
