"""Who names whom in design: the rules that ask a predefined filter."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from django.db.models import Q

from catalog.gathering import filters_in
from catalog.models import (
    Category,
    Context,
    Environment,
    Filter,
    Offer,
    PresentationRule,
    Space,
)
from contacts.models import Audience

ASKS = "filter("  # what every rule that names a filter has in it


@dataclass
class Users:
    """What names a filter: names, and keys of rows."""

    environment: bool = False
    filters: set[str] = field(default_factory=set)
    categories: set[int] = field(default_factory=set)
    offers: set[int] = field(default_factory=set)
    rules: set[int] = field(default_factory=set)
    spaces: set[int] = field(default_factory=set)

    def __bool__(self) -> bool:
        others = (self.filters, self.categories, self.offers, self.rules, self.spaces)
        return self.environment or any(others)


def users_of_filters(
    environment: Environment, names: Collection[str], *, through_others: bool = False
) -> Users:
    """What names these filters, itself or also through other filters.

    The number of queries does not grow with the catalogue.
    """
    own = dict(Filter.objects.filter(environment=environment).values_list("name", "rule"))
    asked = set(names)
    if through_others:
        shared = dict(Audience.objects.described().values_list("name", "rule"))
        asked |= leading_to(asked, {**shared, **own})

    def asking(texts: Iterator[tuple[int, str]]) -> set[int]:
        return {pk for pk, text in texts if filters_in(text) & asked}

    return Users(
        environment=bool(filters_in(environment.filter) & asked),
        filters={name for name, rule in own.items() if filters_in(rule) & asked},
        categories=asking(rules_of_categories(environment)),
        offers=asking(rules_of_offers(environment)),
        rules=asking(presentation_rules(environment)),
        spaces=asking(expressions_of_spaces(environment)),
    )


def uses_by_name(environment: Environment, names: Collection[str]) -> dict[str, int]:
    """How many things name each of these filters themselves. Reads each table once."""
    others = Filter.objects.filter(environment=environment).exclude(rule="")
    everything: list[tuple[str, Iterator[tuple[object, str]]]] = [
        ("environment", iter([(environment.pk, environment.filter)])),
        ("filter", iter(others.values_list("pk", "rule"))),
        ("category", rules_of_categories(environment)),
        ("offer", rules_of_offers(environment)),
        ("rule", presentation_rules(environment)),
        ("space", expressions_of_spaces(environment)),
    ]
    users: dict[str, set[tuple[str, object]]] = {name: set() for name in names}
    for kind, texts in everything:
        for key, text in texts:
            for name in filters_in(text) & users.keys() if ASKS in text else ():
                users[name].add((kind, key))
    return {name: len(found) for name, found in users.items()}


def leading_to(names: Collection[str], filters: dict[str, str]) -> set[str]:
    """The filters that name one of these, or one that does."""
    found: set[str] = set()
    while True:
        wanted = found | set(names)
        more = {name for name, rule in filters.items() if filters_in(rule) & wanted}
        if more <= found:
            return found
        found |= more


def rules_of_categories(environment: Environment) -> Iterator[tuple[int, str]]:
    rows = Category.objects.filter(environment=environment, filter__contains=ASKS)
    yield from rows.values_list("pk", "filter")


def rules_of_offers(environment: Environment) -> Iterator[tuple[int, str]]:
    """(key of the offer, a rule or weight of it)"""
    offers = Offer.objects.filter(environment=environment, filter__contains=ASKS)
    yield from offers.values_list("pk", "filter")
    asking = Q(filter__contains=ASKS) | Q(weight__contains=ASKS)
    contexts = Context.objects.filter(asking, offer__environment=environment)
    for pk, weight, rule in contexts.values_list("offer", "weight", "filter"):
        yield pk, weight
        if rule:
            yield pk, rule


def presentation_rules(environment: Environment) -> Iterator[tuple[int, str]]:
    rows = PresentationRule.objects.filter(environment=environment)
    for pk, *texts in rows.values_list("pk", "applies_to", "recipients", "propositions"):
        yield from ((pk, text) for text in texts if text)


def expressions_of_spaces(environment: Environment) -> Iterator[tuple[int, str]]:
    rows = Space.objects.filter(environment=environment)
    for pk, *stored in rows.values_list("pk", "store_on_proposition", "store_on_status"):
        yield from ((pk, text) for expressions in stored for text in expressions.values())
