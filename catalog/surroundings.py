"""What a form is judged against: the names that exist around it, read once for many forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from accounts.models import AccessLabel
from catalog.models import (
    BUILT_IN_FIELDS,
    Category,
    ContentField,
    Environment,
    Filter,
    Offer,
    Space,
)
from catalog.shapes import EnvironmentShape, Package
from catalog.wordbook import environment_words
from contacts.vocabulary import words
from coupons.models import Coupon
from rules.kinds import DECLARABLE, Kind
from rules.parsing import parse
from rules.refusals import BadRule, Mistake
from rules.tree import Node
from rules.vocabulary import PROPOSITION, Vocabulary


@dataclass(frozen=True)
class Place:
    """A space, as others see it."""

    environment: str
    is_for_visitors: bool
    channel: str
    fields: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


@dataclass(frozen=True)
class Branch:
    """A category, as those below see it."""

    parent: str | None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class Surroundings:
    """The names around the forms of one environment. `places` are those of the installation."""

    environment: str
    is_for_visitors: bool
    words: Vocabulary
    places: Mapping[str, Place]
    branches: Mapping[str, Branch]
    fields: Mapping[str, str]  # content fields with their types
    fallback_offers: frozenset[str]
    labels: frozenset[str]
    # What has been said of a text already: many offers share their rules.
    judged: dict[tuple[str, str], tuple[Mistake, ...]] = field(default_factory=dict, compare=False)
    # Texts that have been cleaned already, by kind and fields, where somebody wants them again.
    cleaned: dict[tuple[str, str, frozenset[str]], Any] | None = field(default=None, compare=False)

    @cached_property
    def coupons(self) -> dict[str, str]:
        """Those that there are with their status, by code: asked for when a form names one."""
        return dict(Coupon.objects.values_list("code", "status"))

    @property
    def spaces(self) -> dict[str, Place]:
        """Those of this environment."""
        return {
            name: place
            for name, place in self.places.items()
            if place.environment == self.environment
        }

    def chain(self, category: str | None) -> list[str]:
        """A category with all above it, the topmost first, as far as they are known."""
        found: list[str] = []
        while category is not None and category in self.branches and category not in found:
            found.append(category)
            category = self.branches[category].parent
        return found[::-1]

    def with_filter(self, name: str, rule: Node) -> Surroundings:
        return replace(self, words=with_filters(self.words, {name: rule}), judged={})

    def with_branch(self, name: str, branch: Branch) -> Surroundings:
        return replace(self, branches={**self.branches, name: branch})


def surroundings_of(environment: Environment) -> Surroundings:
    """What stands around the forms of an environment. A constant number of queries."""
    fallback_offers = Offer.objects.fallback_offers().filter(environment=environment)
    return Surroundings(
        environment=environment.name,
        is_for_visitors=environment.is_for_visitors,
        words=environment_words(environment),
        places=places(),
        branches={
            name: Branch(parent, start, end)
            for name, parent, start, end in Category.objects.filter(
                environment=environment
            ).values_list("name", "parent__name", "start", "end")
        },
        fields=content_fields(environment),
        fallback_offers=frozenset(fallback_offers.values_list("code", flat=True)),
        labels=frozenset(AccessLabel.objects.values_list("code", flat=True)),
    )


def surroundings_of_new(shape: EnvironmentShape) -> Surroundings:
    """What stands around the forms of an environment that is only being made."""
    return Surroundings(
        environment=shape.name,
        is_for_visitors=shape.audience == "visitors",
        words=with_call(words(), call_kinds_of(shape), call_choices_of(shape)),
        places=places(),
        branches={},
        fields=content_fields(None),
        fallback_offers=frozenset(),
        labels=frozenset(AccessLabel.objects.values_list("code", flat=True)),
    )


def places() -> dict[str, Place]:
    rows = Space.objects.values_list(
        "name", "environment__name", "environment__people", "channel", "fields"
    )
    return {
        name: place_of(environment, people == Environment.People.VISITORS, channel, fields)
        for name, environment, people, channel, fields in rows
    }


def place_of(environment: str, is_for_visitors: bool, channel: str, fields: Any) -> Place:
    return Place(
        environment,
        is_for_visitors,
        channel,
        tuple(each["name"] for each in fields),
        tuple(each["name"] for each in fields if each["required"]),
    )


def content_fields(environment: Environment | None) -> dict[str, str]:
    """The types of the fields that content may have, the built-in ones first."""
    fields = {name: str(kind) for name, (kind, _label) in BUILT_IN_FIELDS.items()}
    if environment is not None:
        declared = ContentField.objects.filter(environment=environment).order_by("position", "pk")
        fields.update(declared.values_list("name", "type"))
    return fields


def filters_of(environment: Environment) -> dict[str, str]:
    return dict(Filter.objects.filter(environment=environment).values_list("name", "rule"))


# --- with what a package brings ---


def with_package(around: Surroundings, package: Package) -> Surroundings:
    """What would stand around the forms of a package if all of it were there."""
    is_for_visitors = package.environment.audience == "visitors"
    known = with_call(
        around.words, call_kinds_of(package.environment), call_choices_of(package.environment)
    )
    names = {**known.names}
    choices = {**known.choices}
    for name, attribute in package.attributes.items():
        names.setdefault(f"contact.{name}", DECLARABLE[attribute.type])
        if attribute.choices:
            choices[f"contact.{name}"] = attribute.choices
    return replace(
        around,
        is_for_visitors=is_for_visitors,
        words=with_filters(replace(known, names=names, choices=choices), parsed_filters(package)),
        places={**around.places, **places_of(package, around, is_for_visitors=is_for_visitors)},
        branches={
            **around.branches,
            **{c.name: Branch(c.parent, c.start, c.end) for c in package.categories},
        },
        fields={**around.fields, **{f.name: f.type for f in package.content_fields}},
        fallback_offers=around.fallback_offers | {f.code for f in package.fallback_offers},
        judged={},
    )


def places_of(package: Package, around: Surroundings, *, is_for_visitors: bool) -> dict[str, Place]:
    """The package's spaces. One that stands in another environment stays there."""
    found: dict[str, Place] = {
        name: replace(place, is_for_visitors=is_for_visitors)
        for name, place in around.spaces.items()
    }
    for space in package.spaces:
        there = around.places.get(space.name)
        if there is None or there.environment == around.environment:
            fields = [{"name": each.name, "required": each.required} for each in space.fields]
            found[space.name] = place_of(around.environment, is_for_visitors, space.channel, fields)
    return found


def parsed_filters(package: Package) -> dict[str, Node]:
    """The package's filters that are rules at all; the others are told of where they stand."""
    found: dict[str, Node] = {}
    for one in package.filters:
        try:
            found[one.name] = parse(one.rule)
        except BadRule:
            continue
    return found


def call_kinds_of(shape: EnvironmentShape) -> dict[str, Kind]:
    return {name: DECLARABLE[datum.type] for name, datum in shape.call_data.items()}


def call_choices_of(shape: EnvironmentShape) -> dict[str, tuple[str, ...]]:
    return {name: datum.choices for name, datum in shape.call_data.items() if datum.choices}


def with_call(
    known: Vocabulary, kinds: Mapping[str, Kind], choices: Mapping[str, tuple[str, ...]]
) -> Vocabulary:
    """A vocabulary whose call data are these and no others."""
    return replace(
        known,
        names={
            **{name: kind for name, kind in known.names.items() if not name.startswith("call.")},
            **{f"call.{name}": kind for name, kind in kinds.items()},
        },
        choices={
            **{name: each for name, each in known.choices.items() if not name.startswith("call.")},
            **{f"call.{name}": each for name, each in choices.items()},
        },
    )


def with_filters(known: Vocabulary, filters: Mapping[str, Node]) -> Vocabulary:
    """A vocabulary in which these filters stand before audiences and lists of their names."""
    return replace(
        known,
        filters={**known.filters, **filters},
        lists={name: number for name, number in known.lists.items() if name not in filters},
    )


# --- of what one kind of rule may speak ---


def about_propositions(known: Vocabulary) -> Vocabulary:
    return replace(known, names={**known.names, **PROPOSITION})
