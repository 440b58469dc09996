"""What is looked at: the whole design side as bare values, read in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from accounts.models import User
from catalog.checking import check_shape
from catalog.describing import presentation_rule_shape
from catalog.lints.reaching import reach
from catalog.matrix import with_debts
from catalog.models import (
    Cap,
    Category,
    Context,
    Environment,
    Offer,
    PresentationRule,
    Representation,
    Space,
)
from catalog.problems import errors
from catalog.surroundings import Surroundings, surroundings_of
from catalog.timeline import common
from catalog.tree import Tree, Window, is_empty, is_in, tree_of
from catalog.weightgrid import as_number, rounded


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at: what it is about, in a sentence why, and where it is mended."""

    kind: str  # offer, fallback_offer, category, space, presentation_rule or weights
    name: str
    label: str
    sentence: str
    page: str = ""  # of an offer: the part of it that is mended


@dataclass(frozen=True, slots=True)
class Weight:
    """A line of the weights of an offer."""

    label: str
    number: Decimal | None  # None: a formula
    filter: str
    space: int | None
    window: Window


@dataclass(frozen=True, slots=True)
class Standing:
    """An offer in one space."""

    space: int
    is_complete: bool


@dataclass(frozen=True)
class Seen:
    """One offer or fallback offer."""

    pk: int
    code: str
    label: str
    is_fallback: bool
    category: int | None
    enabled: bool
    window: Window  # its own dates
    filter: str
    states: tuple[tuple[str, datetime | None], ...]  # of content and eligibility, with deadlines
    is_live: bool
    weights: Sequence[Weight] = ()
    places: Sequence[Standing] = ()

    @property
    def kind(self) -> str:
        return "fallback_offer" if self.is_fallback else "offer"

    def finding(self, sentence: str, page: str = "") -> Finding:
        return Finding(self.kind, self.code, self.label, sentence, page)

    @property
    def complete_in(self) -> set[int]:
        return {one.space for one in self.places if one.is_complete}


@dataclass(frozen=True)
class Look:
    """A catalogue, as it is looked at by somebody at a moment."""

    environment: Environment
    at: datetime
    tree: Tree
    all: Sequence[Seen]  # whoever may see them
    visible: frozenset[int]  # keys of those that the person may see
    visible_categories: frozenset[int]
    spaces: Mapping[int, Space]
    rules: Sequence[PresentationRule]
    capped: frozenset[int]
    reach: Mapping[int, frozenset[int]]  # by rule, the offers that it applies to
    broken: Mapping[int, list[str]]  # by rule, what is wrong with it

    @cached_property
    def offers(self) -> list[Seen]:
        """Those that are meant to be proposed: enabled, below enabled categories."""
        return [
            each
            for each in self.all
            if not each.is_fallback and each.enabled and self.tree.is_on(each.category)
        ]

    @cached_property
    def mine(self) -> list[Seen]:
        """Of those the ones that the person may see."""
        return [each for each in self.offers if each.pk in self.visible]

    def window(self, offer: Seen) -> Window:
        return common(self.tree.window(offer.category), offer.window)

    def counting(self, offer: Seen) -> list[Weight]:
        """The weights that some moment and some space can ever meet."""
        around = self.window(offer)
        there = {one.space for one in offer.places}
        return [
            weight
            for weight in offer.weights
            if (weight.number is None or weight.number > 0)
            and not is_empty(common(around, weight.window))
            and (weight.space is None or weight.space in there)
        ]

    def amounts_now(self, offer: Seen) -> list[tuple[Weight, Decimal]]:
        """The weights that are numbers and count at this moment, with what they come to."""
        if not is_in(self.window(offer), self.at):
            return []
        multiplier = self.tree.multiplier(offer.category, self.at)
        return [
            (weight, rounded(weight.number * multiplier))
            for weight in offer.weights
            if weight.number is not None and weight.number > 0 and is_in(weight.window, self.at)
        ]

    def is_backup(self, offer: Seen) -> bool:
        """Is it in a category that every call includes?"""
        return any(each.always_include for each in self.tree.chain(offer.category))


def look_at(environment: Environment, user: User, *, at: datetime) -> Look:
    offers = Offer.objects.filter(environment=environment)
    categories = Category.objects.filter(environment=environment)
    spaces = {space.pk: space for space in Space.objects.filter(environment=environment)}
    visible = (
        None if user.is_administrator else offers.visible_to(user).values_list("pk", flat=True)
    )
    seen = (
        None if user.is_administrator else categories.visible_to(user).values_list("pk", flat=True)
    )
    everything = read(environment, spaces.values())
    tree = tree_of(categories.defer("description"))
    rules = PresentationRule.objects.filter(environment=environment, active=True)
    ordered = list(rules.order_by("order", "name"))
    around = surroundings_of(environment)
    offered = (each for each in everything if not each.is_fallback)
    return Look(
        environment,
        at,
        tree,
        everything,
        frozenset(each.pk for each in everything) if visible is None else frozenset(visible),
        frozenset(tree.by_key) if seen is None else frozenset(seen),
        spaces,
        ordered,
        frozenset(Cap.objects.filter(offer__in=offers).values_list("offer", flat=True)),
        reach(environment, ordered, offered, tree, tags_of(environment), around.words),
        broken_of(ordered, around),
    )


def broken_of(rules: Iterable[PresentationRule], around: Surroundings) -> dict[int, list[str]]:
    found = {
        rule.pk: [
            each.message for each in errors(check_shape(presentation_rule_shape(rule), around))
        ]
        for rule in rules
    }
    return {key: messages for key, messages in found.items() if messages}


def read(environment: Environment, spaces: Iterable[Space]) -> list[Seen]:
    offers = Offer.objects.filter(environment=environment)
    weights, places = weights_of(environment), places_of(environment, spaces)
    rows = offers.order_by("label", "pk").values_list(
        "pk",
        "code",
        "label",
        "kind",
        "category",
        "enabled",
        "start",
        "end",
        "filter",
        "content_state",
        "content_deadline",
        "eligibility_state",
        "eligibility_deadline",
        "live_since",
    )
    return [
        Seen(
            pk,
            code,
            label,
            kind == Offer.Kind.FALLBACK,
            category,
            enabled,
            (start, end),
            rule,
            ((content, content_deadline), (eligibility, eligibility_deadline)),
            live_since is not None,
            weights.get(pk, ()),
            places.get(pk, ()),
        )
        for (
            pk,
            code,
            label,
            kind,
            category,
            enabled,
            start,
            end,
            rule,
            content,
            content_deadline,
            eligibility,
            eligibility_deadline,
            live_since,
        ) in rows
    ]


def weights_of(environment: Environment) -> dict[int, list[Weight]]:
    rows = Context.objects.filter(offer__environment=environment).order_by("position", "pk")
    found: defaultdict[int, list[Weight]] = defaultdict(list)
    for offer, label, text, rule, space, start, end in rows.values_list(
        "offer", "label", "weight", "filter", "space", "start", "end"
    ):
        found[offer].append(Weight(label, as_number(text), rule, space, (start, end)))
    return found


def places_of(environment: Environment, spaces: Iterable[Space]) -> dict[int, list[Standing]]:
    rows = Representation.objects.filter(offer__environment=environment)
    found: defaultdict[int, list[Standing]] = defaultdict(list)
    for offer, space, lacks in with_debts(rows, spaces).values_list(
        "offer", "space", "lacks_something"
    ):
        found[offer].append(Standing(space, not lacks))
    return found


def tags_of(environment: Environment) -> dict[int, tuple[str, ...]]:
    links = Offer.tags.through._default_manager.filter(offer__environment=environment)
    found: defaultdict[int, list[str]] = defaultdict(list)
    for offer, name in links.values_list("offer_id", "tag__name"):
        found[offer].append(name)
    return {key: tuple(sorted(names)) for key, names in found.items()}
