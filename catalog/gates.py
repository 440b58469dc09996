"""Who can get an offer: how many people are left at each gate, and how strongly it is weighed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from accounts.models import User
from catalog.models import Offer
from catalog.recap import Recap, Weighted
from catalog.wordbook import topics_of
from contacts import rulecounting
from contacts.discretion import Figure
from contacts.rulebuilding import Unreadable, examine
from contacts.rulecounting import TooSlow, Weighed, Withheld
from contacts.rulewords import Words, words_for
from rules.parsing import parse
from rules.refusals import BadRule
from rules.tree import AnyOf, Node


@dataclass(frozen=True)
class Gate:
    """Something that lets only some people through."""

    where: str
    sentence: str
    left: Figure
    width: float  # of all, in hundredths

    @property
    def shown_width(self) -> str:
        return f"{self.width:.2f}%"


@dataclass(frozen=True)
class Gates:
    all: Figure
    steps: Sequence[Gate]
    asks_the_call: bool = False  # some of it is known only while deciding

    @property
    def left(self) -> Figure:
        return self.steps[-1].left if self.steps else self.all


def gates_of(offer: Offer, rules: Recap, user: User, *, at: datetime) -> Gates:
    """Environment, categories, offer, weights, in turn; raises TooSlow, Withheld and BadRule."""
    words = words_for(user, topics=topics_of(offer.environment))
    asked = [(one.where, one.sentence, parse(one.rule)) for one in rules.filters]
    if (weights := any_of_the_weights(rules)) is not None:
        told = _("at least one of its weights is for them")
        asked.append((_("Weights"), told, weights))
    zone = ZoneInfo(offer.environment.timezone)
    everybody, left = rulecounting.gates(words, [node for *_words, node in asked], at=at, zone=zone)
    whole = max(1, everybody.number)
    return Gates(
        everybody,
        [
            Gate(where, sentence, figure, figure.number / whole * 100)
            for (where, sentence, _node), figure in zip(asked, left, strict=True)
        ],
        any(not rulecounting.is_countable(node) for *_words, node in asked),
    )


def any_of_the_weights(rules: Recap) -> Node | None:
    """For whom some weight is; None when one of them is for everybody."""
    if not rules.contexts or not all(context.rule for context in rules.contexts):
        return None
    parts = tuple(parse(context.rule) for context in rules.contexts)
    return parts[0] if len(parts) == 1 else AnyOf(parts)


@dataclass(frozen=True)
class Strength:
    """What a weight comes to today: an amount, or from how much to how much."""

    context: Weighted
    least: Decimal | None = None
    most: Decimal | None = None
    is_formula: bool = False
    is_on: bool = True  # its dates are today's


def strengths_of(offer: Offer, rules: Recap, user: User, *, at: datetime) -> list[Strength]:
    """Each weight with its multipliers, in the order of the offer."""
    words = words_for(user, topics=topics_of(offer.environment))
    multiplier = rules.multiplier_at(at)
    zone = ZoneInfo(offer.environment.timezone)
    return [strength(each, words, multiplier, at, zone) for each in rules.contexts]


def strength(
    context: Weighted, words: Words, multiplier: Decimal, at: datetime, zone: Any
) -> Strength:
    is_on = (context.start is None or context.start <= at) and (
        context.end is None or at < context.end
    )
    if (amount := as_number(context.weight)) is not None:
        return Strength(context, amount * multiplier, amount * multiplier, is_on=is_on)
    weighed = weigh(context.weight, words, at, zone)
    if weighed is None or weighed.least is None or weighed.most is None:
        return Strength(context, is_formula=True, is_on=is_on)
    least, most = (Decimal(str(each)) * multiplier for each in (weighed.least, weighed.most))
    return Strength(context, least, most, is_formula=True, is_on=is_on)


def as_number(text: str) -> Decimal | None:
    try:
        amount = Decimal(text.strip())
    except ArithmeticError:
        return None
    return amount if amount.is_finite() else None


def weigh(text: str, words: Words, at: datetime, zone: Any) -> Weighed | None:
    """What a formula comes to over all people; None where only a decision knows."""
    try:
        found = examine({"text": text}, words, zone, is_weight=True)
        if found.checked is None:
            return None
        weighed = rulecounting.weigh(words, found.checked, at=at, zone=zone)
    except (Unreadable, BadRule, TooSlow, Withheld):
        return None
    return weighed if isinstance(weighed, Weighed) else None
