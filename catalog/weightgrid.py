"""Every weight of an environment in one grid: what it comes to at a moment, and why it does not."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

from django.db.models import Case, DecimalField, F, Q, QuerySet, Value, When
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from accounts.models import User
from catalog import releasing
from catalog.models import Context, Environment, Offer, Revision
from catalog.tree import Tree, is_in

# A weight that is a bare number; every other is a formula, which only a decision can work out.
NUMBER = r"^\s*[0-9]{1,12}(\.[0-9]{1,6})?\s*$"
AMOUNT: DecimalField[Any, Any] = DecimalField(max_digits=36, decimal_places=12)
SMALLEST = Decimal("0.000001")


def weights_seen(environment: Environment, user: User) -> QuerySet[Context]:
    """The weights of the offers that a person may see."""
    offers = Offer.objects.offers().visible_to(user).filter(environment=environment)
    return Context.objects.filter(offer__in=offers).select_related("offer", "space")


def with_amounts(weights: QuerySet[Context], tree: Tree, at: datetime) -> QuerySet[Context]:
    """With `number` (None of a formula), `multiplier` and `amount`: what it comes to at a moment.

    `amount` is None of a formula, and of a weight that does not count at that moment.
    """
    return weights.annotate(
        number=Case(When(weight__regex=NUMBER, then=Cast("weight", AMOUNT)), output_field=AMOUNT),
        multiplier=multiplier_of(tree, at),
    ).annotate(
        amount=Case(
            When(counts(tree, at) & Q(number__gt=0), then=F("number") * F("multiplier")),
            output_field=AMOUNT,
        )
    )


def multiplier_of(tree: Tree, at: datetime) -> Case:
    """What multiplies a weight: of the categories only those that boost something are named."""
    boosted: defaultdict[Decimal, list[int]] = defaultdict(list)
    for key in tree.by_key:
        multiplier = tree.multiplier(key, at)
        if multiplier != 1:
            boosted[multiplier].append(key)
    return Case(
        *(
            When(offer__category__in=keys, then=Value(multiplier, AMOUNT))
            for multiplier, keys in boosted.items()
        ),
        default=Value(Decimal(1), AMOUNT),
        output_field=AMOUNT,
    )


def counts(tree: Tree, at: datetime) -> Q:
    """Enabled, and in its own dates, those of its offer and of all categories above."""
    off = [key for key in tree.by_key if not tree.is_on(key) or not is_in(tree.window(key), at)]
    within = Q(offer__enabled=True) & ~Q(offer__category__in=off)
    for start, end in (("start", "end"), ("offer__start", "offer__end")):
        within &= Q(**{start: None}) | Q(**{f"{start}__lte": at})
        within &= Q(**{end: None}) | Q(**{f"{end}__gt": at})
    return within


def why_not(weight: Any, tree: Tree, at: datetime) -> str:
    """Why a weight read `with_amounts` comes to nothing at a moment; empty when it counts."""
    offer = weight.offer
    if not offer.enabled:
        return _("the offer is disabled")
    if not tree.is_on(offer.category_id):
        return _("its category is disabled")
    for start, end in (tree.window(offer.category_id, offer), (weight.start, weight.end)):
        if end is not None and end <= at:
            return _("over")
        if start is not None and start > at:
            return _("not yet")
    if weight.number is not None and weight.number <= 0:
        return _("0 is never proposed")
    return ""


def as_number(text: str) -> Decimal | None:
    """The number that a weight is; None of a formula."""
    return Decimal(text.strip()) if re.match(NUMBER, text) else None


def rounded(amount: Decimal) -> Decimal:
    """As decisions round an effective weight before they compare it."""
    with localcontext() as context:
        context.prec = 40
        return amount.quantize(SMALLEST, rounding=ROUND_HALF_EVEN)


# --- what is live ---


def live_weights(environment: Environment, codes: Iterable[str]) -> dict[tuple[str, str], str]:
    """The weights of these offers as they are live, by offer and label. Costs one query."""
    keys = [(Revision.Kind.OFFER.value, code) for code in dict.fromkeys(codes)]
    bodies: Mapping[tuple[str, str], Any] = releasing.live_bodies(environment, keys=keys)
    return {
        (code, each["label"]): each["weight"]
        for (_kind, code), body in bodies.items()
        for each in body["contexts"]
    }
