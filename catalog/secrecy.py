"""What the journal does not tell whoever lacks a label: what was done to what carries it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat

from accounts.models import JournalEntry, User, hide_in_journal, labels_missing
from catalog.models import Category, Environment, Offer
from catalog.models.categories import carrying_missing, hidden_categories

DELETED = ("offer.deleted", "category.deleted")


@hide_in_journal
def hidden_entries(user: User) -> Q:
    """Entries about hidden offers and categories, about those that are gone, and that name them."""
    missing = list(labels_missing(user).values_list("code", flat=True))
    if not missing:
        return Q(pk__in=[])
    around = Q(environment__in=carrying_missing(Environment, user))
    categories = Category.objects.filter(around | Q(pk__in=hidden_categories(user)))
    offers = Offer.objects.filter(
        around | Q(pk__in=carrying_missing(Offer, user)) | Q(category__in=hidden_categories(user))
    )
    return (
        Q(subject_type="catalog.offer", subject_key__in=keys_of(offers, "code"))
        | Q(subject_type="catalog.category", subject_key__in=keys_of(categories, "name"))
        | Q(subject_type__in=GONE, subject_key__in=gone(missing))
        | carrying(missing)
        | naming(offers, categories)
        | within(user)
    )


GONE = ("catalog.offer", "catalog.category")


def keys_of(rows: QuerySet[Any], column: str) -> QuerySet[Any]:
    """By which the journal knows them."""
    return rows.values_list(Concat("environment__name", Value("/"), column), flat=True)


def carrying(missing: list[str]) -> Q:
    """What carried a label when it was changed: it may be gone by now, or carry others."""
    return (
        Q(before__access_labels__has_any_keys=missing)
        | Q(after__access_labels__has_any_keys=missing)
        | Q(before__form__access_labels__has_any_keys=missing)
        | Q(after__form__access_labels__has_any_keys=missing)
    )


def gone(missing: list[str]) -> QuerySet[Any]:
    """The keys of what carried a label when it was deleted."""
    told = JournalEntry.objects.filter(verb__in=DELETED)
    deleted = told.filter(before__access_labels__has_any_keys=missing)
    return deleted.values_list("subject_key", flat=True)


def naming(offers: QuerySet[Offer], categories: QuerySet[Category]) -> Q:
    """Planned releases name their offers, templates and moved offers their category."""
    codes = list(offers.values_list("code", flat=True))
    names = list(categories.values_list("name", flat=True))
    found = Q(pk__in=[])
    for side in ("before", "after"):
        if codes:
            found |= Q(
                subject_type="catalog.plannedrelease", **{f"{side}__offers__has_any_keys": codes}
            )
            found |= Q(subject_type="catalog.offer", **{f"{side}__from__in": codes})
            found |= Q(subject_type="catalog.space", **{f"{side}__fallback_offer__in": codes})
        if names:
            found |= Q(
                subject_type="catalog.offertemplate", **{f"{side}__form__category__in": names}
            )
            found |= Q(subject_type="catalog.offer", **{f"{side}__category__in": names})
            found |= Q(subject_type="catalog.space", **{f"{side}__default_category__in": names})
            found |= Q(subject_type="catalog.category", **{f"{side}__parent__in": names})
    return found


def within(user: User) -> Q:
    """All that is said of environments that are hidden, and of what stands in them."""
    hidden = Environment.objects.filter(pk__in=carrying_missing(Environment, user))
    found = Q(pk__in=[])
    for name in hidden.values_list("name", flat=True):
        found |= Q(subject_type__startswith="catalog.", subject_key__startswith=f"{name}/")
        found |= Q(subject_type="catalog.environment", subject_key=name)
    return found
