"""The rules of an offer in sentences: its own, and those that it inherits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import prod

from django.utils.translation import gettext as _

from catalog.models import Category, Offer
from catalog.problems import language
from catalog.tree import tree_of
from catalog.wordbook import environment_labels
from rules.parsing import parse
from rules.refusals import BadRule
from rules.wording import Labels, sentence


@dataclass(frozen=True, slots=True)
class Filtered:
    """Whom something admits; `where` says whose filter it is."""

    where: str
    rule: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Weighted:
    label: str
    weight: str
    sentence: str  # for whom; empty: everybody
    space: str
    start: datetime | None
    end: datetime | None
    rule: str = ""  # of the sentence


@dataclass(frozen=True, slots=True)
class Recap:
    """What holds for an offer, with all that the categories above it say."""

    categories: tuple[str, ...]  # the topmost first
    start: datetime | None  # of the dates of all of them, those in which it can be proposed
    end: datetime | None
    filters: tuple[Filtered, ...]
    contexts: tuple[Weighted, ...]
    multipliers: tuple[Category, ...]  # those that are not 1, each in its own dates

    @property
    def is_never(self) -> bool:
        return self.start is not None and self.end is not None and self.start >= self.end

    def multiplier_at(self, moment: datetime) -> Decimal:
        """By what the weights are multiplied at a moment; starts are in, ends are not."""
        return prod(
            (
                category.multiplier
                for category in self.multipliers
                if category.multiplier_start is None or category.multiplier_start <= moment
                if category.multiplier_end is None or moment < category.multiplier_end
            ),
            start=Decimal(1),
        )


def recap(offer: Offer) -> Recap:
    """The rules that hold for an offer read `with_parts()`. Costs four queries."""
    chain = tree_of(Category.objects.filter(environment=offer.environment)).chain(offer.category_id)
    told = environment_labels(offer.environment)
    windows: list[Category | Offer] = [*chain, offer]
    starts = [each.start for each in windows if each.start is not None]
    ends = [each.end for each in windows if each.end is not None]
    filtering = [
        (_("Environment"), offer.environment.filter),
        *((category.label, category.filter) for category in chain),
        (_("Offer"), offer.filter),
    ]
    return Recap(
        categories=tuple(category.label for category in chain),
        start=max(starts, default=None),
        end=min(ends, default=None),
        filters=tuple(Filtered(where, rule, said(rule, told)) for where, rule in filtering if rule),
        contexts=tuple(
            Weighted(
                context.label,
                context.weight,
                said(context.filter, told),
                context.space.label if context.space else "",
                context.start,
                context.end,
                context.filter,
            )
            for context in sorted(offer.contexts.all(), key=lambda one: (one.position, one.pk))
        ),
        multipliers=tuple(category for category in chain if category.multiplier != 1),
    )


def said(rule: str, told: Labels) -> str:
    try:
        return sentence(parse(rule), language(), told) if rule else ""
    except BadRule:
        return rule
