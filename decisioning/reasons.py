"""A decision explained for people: what was proposed and why, and of every other offer why not.

`explanation_of` serves a decision that has just been tried as well as one that was stored; for the
latter `replaying.question_from` says what was asked then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from catalog.problems import language
from contacts.disclosing import MASK
from decisioning.engine.unmet import Seeker
from decisioning.engine.values import Answer, Explained, Proposition, Question, Reason, Step
from decisioning.reasonwords import (
    GATES,
    TONES,
    factor_words,
    needs,
    weight_words,
    why,
)
from decisioning.seeing import Asked, Eyes
from offers_site.resembling import folded
from rules.wording import amount

MOST_TOLD = 50  # offers that a page takes apart; the others are found by name or by gate


@dataclass(frozen=True)
class Part:
    """A factor of a weight."""

    label: str
    value: str
    formula: str = ""


@dataclass(frozen=True)
class Told:
    """What became of one offer."""

    code: str
    label: str
    step: str
    gate: str  # where it left, in a word or two
    tone: str
    why: str
    rank: int | None = None
    is_fallback: bool = False
    weight: str = ""
    parts: tuple[Part, ...] = ()  # the weight taken apart
    needs: tuple[Asked, ...] = ()  # what it would take


@dataclass(frozen=True)
class Gate:
    """How many offers left at one step."""

    step: str
    label: str
    number: int
    is_chosen: bool


@dataclass(frozen=True)
class Explanation:
    """One list of offers, explained to somebody."""

    slot: str
    space: str
    release: int
    at: datetime
    chosen: tuple[Told, ...]
    others: tuple[Told, ...]
    gates: tuple[Gate, ...]
    shorter: str = ""  # why there are fewer offers than were asked for
    unseen: int = 0  # offers that the reader may not see
    unseen_chosen: int = 0
    more: int = 0  # that were found and are not told
    asked: str = ""  # the name that is looked for
    inputs: tuple[tuple[str, str], ...] = field(default=())

    @property
    def is_narrowed(self) -> bool:
        return bool(self.asked) or any(gate.is_chosen for gate in self.gates)


def explanations_of(
    question: Question, eyes: Eyes, *, offer: str = "", step: str = ""
) -> list[Explanation]:
    """Each slot of a question as it was put, explained. Costs no query."""
    decision = eyes.live.engine.decide(replace(question, explain=True))
    return [
        explanation_of(answer, question, eyes, offer=offer, step=step)
        for answer in decision.answers
    ]


def explanation_of(
    answer: Answer, question: Question, eyes: Eyes, *, offer: str = "", step: str = ""
) -> Explanation:
    """One answer that was decided with `explain`; `offer` and `step` narrow what is told of it."""
    teller = Teller(answer, question, eyes)
    seen = [one for one in answer.explained if eyes.may_see_offer(one.offer)]
    left = [one for one in seen if one.step != Step.SELECTED]
    found = [one for one in left if one.step == (step or one.step) and teller.is_called(one, offer)]
    shown = [one for one in answer.propositions if teller.may_see(one)]
    return Explanation(
        slot=answer.slot,
        space=eyes.space(answer.space),
        release=eyes.live.number,
        at=question.at,
        chosen=tuple(map(teller.chosen, shown)),
        others=tuple(map(teller.left, found[:MOST_TOLD])),
        gates=tuple(gates_of(left, step)),
        shorter=teller.shorter(),
        unseen=len(answer.explained) - len(seen),
        unseen_chosen=len(answer.propositions) - len(shown),
        more=len(found) - len(found[:MOST_TOLD]),
        asked=offer,
        inputs=tuple(teller.inputs()),
    )


def gates_of(left: list[Explained], step: str) -> Iterator[Gate]:
    """The steps at which somebody left, in their order."""
    numbers = Counter(one.step for one in left)
    for each in Step:
        if numbers[each]:
            yield Gate(str(each), str(GATES[each]), numbers[each], each == step)


class Teller:
    """Tells of the offers of one answer."""

    def __init__(self, answer: Answer, question: Question, eyes: Eyes) -> None:
        self.answer = answer
        self.question = question
        self.eyes = eyes
        self.explained = {one.offer: one for one in answer.explained}
        self.seeker = Seeker(eyes.live.engine, question, answer.slot)
        weights = [one.weight for one in answer.propositions if not one.is_fallback]
        self.least = weights[-1] if len(weights) == answer.asked else None

    def may_see(self, one: Proposition) -> bool:
        return self.eyes.may_see_offer(one.offer, is_fallback=one.is_fallback)

    def is_called(self, one: Explained, text: str) -> bool:
        text = folded(text.strip())
        return any(text in folded(name) for name in (one.offer, self.eyes.offer(one.offer)))

    def chosen(self, one: Proposition) -> Told:
        if one.is_fallback:
            return Told(
                code=one.offer,
                label=self.eyes.offer(one.offer, is_fallback=True),
                step=str(Step.SELECTED),
                gate=_("Fallback offer"),
                tone="info",
                why=_(
                    "No offer was left for this place: the fallback offer of the space is shown."
                ),
                rank=one.rank,
                is_fallback=True,
            )
        return self.told(self.explained[one.offer], rank=one.rank)

    def left(self, one: Explained) -> Told:
        unmet = self.seeker.unmet_of(one.offer)
        found = tuple(needs(one, unmet, self.eyes, at=self.question.at, least=self.least))
        return self.told(one, needs=found)

    def told(self, one: Explained, **more: Any) -> Told:
        masked = not self.may_weigh(one)
        return Told(
            code=one.offer,
            label=self.eyes.offer(one.offer),
            step=str(one.step),
            gate=str(GATES[one.step]),
            tone=TONES.get(one.step, "off"),
            why=why(one, self.eyes),
            weight="" if one.weight is None else MASK if masked else weight_words(one.weight),
            parts=() if masked else tuple(self.parts(one)),
            **more,
        )

    # --- weights ---

    def may_weigh(self, one: Explained) -> bool:
        """A weight that is made of personal data tells them."""
        context = self.context_of(one)
        return context is None or self.eyes.may_read(context.weight.tree)

    def context_of(self, one: Explained) -> Any:
        if one.weight is None:
            return None
        contexts = self.eyes.live.engine.release.by_code[one.offer].offer.contexts
        return next((each for each in contexts if each.label == one.context), None)

    def parts(self, one: Explained) -> Iterator[Part]:
        if one.formula is None:
            return
        context = self.context_of(one)
        formula = ""
        if context is not None:
            tree = context.weight.tree
            formula = amount(tree, language(), self.eyes.labels)
            known = self.eyes.names_of(tree, self.seeker.walk.facts)
            if known:
                formula = _("%(formula)s (%(known)s)") % {"formula": formula, "known": known}
        yield Part(one.context, factor_words(one.formula), formula)
        for category, value in one.multipliers:
            yield Part(self.eyes.category(category), f"× {factor_words(value)}")

    # --- the answer as a whole ---

    def shorter(self) -> str:
        match self.answer.reason:
            case Reason.ALL_CAPPED:
                return _("There are fewer offers than were asked for: caps are used up.")
            case Reason.NO_ELIGIBLE_OFFER:
                return _("There are fewer offers than were asked for: no other is for this person.")
        return ""

    def inputs(self) -> Iterator[tuple[str, str]]:
        """What was known of the person and of the call, as far as the reader may see it."""
        facts = self.seeker.walk.facts
        for root in ("contact", "call"):
            for name, value in sorted(facts[root].items()):
                if value is None or name == "lists":
                    continue
                label, shown = self.eyes.value_of(f"{root}.{name}", value)
                label = self.eyes.labels.names.get(label, name)
                yield label[:1].upper() + label[1:], shown
