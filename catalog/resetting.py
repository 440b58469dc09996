"""Which approvals an edit takes back: the side that was edited, or that hangs on what was."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Q

from accounts.journal import Actor
from catalog.approving import Side, reset
from catalog.models import Category, Environment, Offer
from catalog.naming import users_of_filters
from catalog.shapes import CONTENT_FIELDS
from catalog.tree import tree_of

# What an offer's eligibility does not hang on.
WORDS_OF_CATEGORIES = frozenset({"label", "description", "access_labels"})
WORDS_OF_ENVIRONMENTS = frozenset(
    {"label", "description", "access_labels", "samples", "sandbox", "four_eyes", "language"}
)
WORDS_OF_FILTERS = frozenset({"label", "description"})


def after_offers(edited: Iterable[tuple[int, Collection[str]]], *, by: Actor, at: datetime) -> None:
    """(key, names of the changed fields of its form) of offers that were there before."""
    content: list[int] = []
    eligibility: list[int] = []
    for pk, changed in edited:
        if set(changed) & CONTENT_FIELDS:
            content.append(pk)
        if set(changed) - CONTENT_FIELDS:
            eligibility.append(pk)
    if content:
        reset(Offer.objects.filter(pk__in=content), Side.CONTENT, by=by, at=at)
    if eligibility:
        reset(Offer.objects.filter(pk__in=eligibility), Side.ELIGIBILITY, by=by, at=at)


def after_categories(
    environment: Environment,
    edited: Iterable[tuple[int, Collection[str]]],
    *,
    by: Actor,
    at: datetime,
) -> None:
    changed = {pk for pk, fields in edited if set(fields) - WORDS_OF_CATEGORIES}
    if changed:
        below = categories_below(environment, changed)
        reset(Offer.objects.filter(category__in=below), Side.ELIGIBILITY, by=by, at=at)


def after_filters(
    environment: Environment,
    edited: Iterable[tuple[str, Collection[str]]],
    *,
    by: Actor,
    at: datetime,
) -> None:
    changed = {name for name, fields in edited if set(fields) - WORDS_OF_FILTERS}
    if not changed:
        return
    using = users_of_filters(environment, changed, through_others=True)
    offers = Offer.objects.offers().filter(environment=environment)
    if not using.environment:
        below = categories_below(environment, using.categories)
        offers = offers.filter(Q(pk__in=using.offers) | Q(category__in=below))
    reset(offers, Side.ELIGIBILITY, by=by, at=at)


def after_environment(
    environment: Environment, changed: Collection[str], *, by: Actor, at: datetime
) -> None:
    if set(changed) - WORDS_OF_ENVIRONMENTS:
        offers = Offer.objects.offers().filter(environment=environment)
        reset(offers, Side.ELIGIBILITY, by=by, at=at)


def categories_below(environment: Environment, categories: Collection[int]) -> set[int]:
    """The keys of these categories and of all below them."""
    if not categories:
        return set()
    tree = tree_of(Category.objects.filter(environment=environment))
    return {each.pk for pk in categories for each in tree.subtree(pk)}
