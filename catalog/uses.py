"""What an environment's own words are used by: call data, content fields, predefined filters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q

from accounts.models import User
from catalog.models import (
    Category,
    Context,
    Environment,
    Filter,
    Offer,
    PresentationRule,
    Representation,
    Space,
)
from catalog.naming import users_of_filters

NAMED = 10
CALL = re.compile(r"\bcall\.([A-Za-z][A-Za-z0-9_-]*)")


@dataclass(frozen=True, order=True)
class Use:
    """Something that uses another, by kind and name."""

    kind: str
    name: str
    label: str


def uses_of_call_data(environment: Environment, user: User) -> dict[str, list[Use]]:
    """By name of the call data: what asks for it. The number of queries does not grow."""
    found: dict[str, set[Use]] = {}
    for use, text in asking(environment, user):
        for name in CALL.findall(text):
            found.setdefault(name, set()).add(use)
    return {name: sorted(uses) for name, uses in found.items()}


def asking(environment: Environment, user: User) -> Iterator[tuple[Use, str]]:
    """Every text of an environment that may name call data."""
    yield Use("environment", environment.name, environment.label), environment.filter
    for row in Filter.objects.filter(environment=environment, rule__contains="call."):
        yield Use("filter", row.name, row.label), row.rule
    categories = Category.objects.filter(environment=environment, filter__contains="call.")
    for category in categories.visible_to(user):
        yield Use("category", category.name, category.label), category.filter
    for rule in PresentationRule.objects.filter(environment=environment):
        text = f"{rule.recipients} {rule.propositions}"
        yield Use("presentation_rule", rule.name, rule.label), text
    for space in Space.objects.filter(environment=environment):
        texts = (*space.store_on_proposition.values(), *space.store_on_status.values())
        text = " ".join([space.render_html, space.render_text, space.render_json, *texts])
        yield Use("space", space.name, space.label), text
    yield from asking_offers(environment, user)


def asking_offers(environment: Environment, user: User) -> Iterator[tuple[Use, str]]:
    offers = Offer.objects.visible_to(user).filter(environment=environment)
    written = Q(content__icontains="call.") | Q(translations__icontains="call.")
    own = offers.filter(written | Q(filter__contains="call."))
    columns = ("code", "label", "kind")
    for code, label, kind, *texts in own.values_list(*columns, "filter", "content", "translations"):
        yield Use(kind_of(kind), code, label), " ".join(map(str, texts))
    of_these = Q(offer__in=offers)
    contexts = Context.objects.filter(
        of_these, Q(filter__contains="call.") | Q(weight__contains="call.")
    )
    beside = tuple(f"offer__{name}" for name in columns)
    for code, label, kind, *texts in contexts.values_list(*beside, "filter", "weight"):
        yield Use(kind_of(kind), code, label), " ".join(texts)
    representations = Representation.objects.filter(of_these, written)
    for code, label, kind, *texts in representations.values_list(
        *beside, "content", "translations"
    ):
        yield Use(kind_of(kind), code, label), " ".join(map(str, texts))


def kind_of(kind: str) -> str:
    return "offer" if kind == Offer.Kind.OFFER else "fallback_offer"


def uses_of_filter(row: Filter, user: User) -> list[Use]:
    """What asks a predefined filter itself, as far as a person may see it."""
    environment = row.environment
    using = users_of_filters(environment, [row.name])
    found = [Use("environment", environment.name, environment.label)] if using.environment else []
    filters = Filter.objects.filter(environment=environment, name__in=using.filters)
    found += [Use("filter", one.name, one.label) for one in filters]
    categories = Category.objects.visible_to(user).filter(pk__in=using.categories)
    found += [Use("category", one.name, one.label) for one in categories]
    offers = Offer.objects.visible_to(user).filter(pk__in=using.offers)
    found += [Use(kind_of(one.kind), one.code, one.label) for one in offers]
    rules = PresentationRule.objects.filter(pk__in=using.rules)
    found += [Use("presentation_rule", one.name, one.label) for one in rules]
    spaces = Space.objects.filter(pk__in=using.spaces)
    found += [Use("space", one.name, one.label) for one in spaces]
    return sorted(found)


def uses_of_fields(environment: Environment) -> dict[str, list[Use]]:
    """By name of the content field: the spaces that ask for it."""
    found: dict[str, list[Use]] = {}
    for space in Space.objects.filter(environment=environment).order_by("label", "pk"):
        for each in space.fields:
            found.setdefault(each["name"], []).append(Use("space", space.name, space.label))
    return found
