"""What goes live together: an offer takes along all that it stands on, as the design says now."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from catalog.describing import (
    category_shape,
    content_field_shape,
    environment_shape,
    fallback_offer_shape,
    filter_shape,
    offer_shape,
    presentation_rule_shape,
    space_shape,
)
from catalog.models import (
    Category,
    ContentField,
    Environment,
    Filter,
    Offer,
    PresentationRule,
    Revision,
    Space,
)
from catalog.shapes import AttributeShape, FilterShape, Shape, body_of
from contacts.models import Attribute, Audience
from contacts.vocabulary import named_attributes
from rules.checking import named_filters
from rules.parsing import parse
from rules.refusals import BadRule

Kind = Revision.Kind
Key = tuple[str, str]
Body = Mapping[str, Any]
Bodies = dict[Key, dict[str, Any]]
Shapes = dict[Key, Shape]
# Of these the live side always holds exactly what the design side holds.
WHOLE_KINDS = (Kind.PRESENTATION_RULE, Kind.CONTENT_FIELD)
PERSONAL = re.compile(r"\bcontact\.([a-z][a-z0-9_]*)")  # in templates


@dataclass(frozen=True)
class Gathered:
    """What goes live together, by kind and name."""

    shapes: Shapes

    @cached_property
    def bodies(self) -> Bodies:
        return {key: body_of(shape) for key, shape in self.shapes.items()}


def gather(
    environment: Environment,
    *,
    offers: Iterable[Offer] = (),
    categories: Iterable[int] = (),
    spaces: Iterable[str] = (),
    everything: bool = False,
) -> Gathered:
    """These objects and all that they stand on. Categories are named by key, spaces by name.

    Offers have been read `with_parts()`. The number of queries does not grow with the catalogue.
    """
    shapes: Shapes = {(Kind.ENVIRONMENT, environment.name): environment_shape(environment)}
    for field in ContentField.objects.filter(environment=environment):
        shapes[Kind.CONTENT_FIELD, field.name] = content_field_shape(field)
    for rule in PresentationRule.objects.filter(environment=environment):
        shapes[Kind.PRESENTATION_RULE, rule.name] = presentation_rule_shape(rule)
    category_pks, space_names = set(categories), set(spaces)
    for offer in offers:
        shapes[key_of(offer)] = shape_to_publish(offer)
        space_names |= spaces_of(offer)
        if offer.category_id:
            category_pks.add(offer.category_id)
    for space in read_spaces(environment, None if everything else space_names):
        shapes[Kind.SPACE, space.name] = space_shape(space)
    for category in read_paths(environment, None if everything else category_pks):
        shapes[Kind.CATEGORY, category.name] = category_shape(category)
    gathered = Gathered(shapes)
    add_filters(environment, gathered)
    add_attributes(gathered)
    return gathered


def key_of(offer: Offer) -> Key:
    return (Kind.FALLBACK_OFFER if offer.is_fallback else Kind.OFFER), offer.code


def shape_to_publish(offer: Offer) -> Shape:
    """An offer read `with_parts()` as it would go live: with the representations enabled."""
    if offer.is_fallback:
        return fallback_offer_shape(offer, only_enabled=True)
    return offer_shape(offer, only_enabled=True)


def spaces_of(offer: Offer) -> set[str]:
    """The spaces that an offer is enabled in, or speaks of in a context."""
    enabled = {one.space.name for one in offer.representations.all() if one.is_enabled}
    return enabled | {one.space.name for one in offer.contexts.all() if one.space}


def read_spaces(environment: Environment, names: Collection[str] | None) -> Iterable[Space]:
    spaces = Space.objects.filter(environment=environment)
    if names is not None:
        spaces = spaces.filter(name__in=names)
    return spaces.select_related("default_category", "anonymous_space", "fallback_offer")


def read_paths(environment: Environment, pks: Collection[int] | None) -> Iterable[Category]:
    """Categories with all above them, or every one there is."""
    categories = Category.objects.filter(environment=environment)
    if pks is not None:
        parents = dict(categories.values_list("pk", "parent_id")) if pks else {}
        wanted: set[int] = set()
        for pk in pks:
            step: int | None = pk
            while step is not None and step not in wanted:
                wanted.add(step)
                step = parents.get(step)
        categories = categories.filter(pk__in=wanted)
    return categories.select_related("parent").prefetch_related("access_labels")


def add_filters(environment: Environment, gathered: Gathered) -> None:
    """The predefined filters that these shapes name, and those that these name in turn."""
    waiting = list(mentioned(rule_texts(gathered))[0])
    if not waiting:
        return
    known = {
        one.name: FilterShape(
            name=one.name, label=one.label, description=one.description, rule=one.rule
        )
        for one in Audience.objects.described()
    }
    own = Filter.objects.filter(environment=environment)
    known.update((one.name, filter_shape(one)) for one in own)
    while waiting:
        shape = known.get(waiting.pop())
        if shape is None or (Kind.FILTER, shape.name) in gathered.shapes:
            continue
        gathered.shapes[Kind.FILTER, shape.name] = shape
        waiting += filters_in(shape.rule)


def add_attributes(gathered: Gathered) -> None:
    """The declared attributes that rules and templates name."""
    named = mentioned(rule_texts(gathered))[1]
    named.update(name for text in templates(gathered) for name in PERSONAL.findall(text))
    if named:
        for attribute in Attribute.objects.in_use().filter(name__in=named):
            gathered.shapes[Kind.ATTRIBUTE, attribute.name] = attribute_shape(attribute)


def attribute_shape(attribute: Attribute) -> AttributeShape:
    return AttributeShape.model_validate(
        {
            "type": attribute.type,
            "label": attribute.label,
            "choices": tuple(str(value) for value, _label in attribute.choices),
            "personal": attribute.is_personal,
        }
    )


# --- the texts in bodies ---


def rule_texts(gathered: Gathered) -> Iterator[str]:
    for shape in gathered.shapes.values():
        yield from texts_of(shape.model_dump(include=RULE_FIELDS))


RULE_FIELDS = {
    "filter",
    "rule",
    "applies_to",
    "recipients",
    "propositions",
    "contexts",
    "store_on_proposition",
    "store_on_status",
}


def texts_of(body: Body) -> Iterator[str]:
    """Every text of a body that is written in the rule language."""
    for field in ("filter", "rule", "applies_to", "recipients", "propositions"):
        if text := body.get(field):
            yield text
    for context in body.get("contexts", ()):
        yield context["weight"]
        if context["filter"]:
            yield context["filter"]
    for field in ("store_on_proposition", "store_on_status"):
        yield from body.get(field, {}).values()


CONTENT_FIELDS = {"content", "translations", "representations", "render"}


def templates(gathered: Gathered) -> Iterator[str]:
    """Every text that is written in the template language."""
    for shape in gathered.shapes.values():
        body = shape.model_dump(include=CONTENT_FIELDS)
        yield from (text for text in body.get("render", {}).values() if text)
        for part in (body, *body.get("representations", ())):
            yield from part.get("content", {}).values()
            for content in part.get("translations", {}).values():
                yield from content.values()


SPOKEN_OF = re.compile(
    r"""\bfilter\s*\(\s*[rR]?(["'])(?P<filter>[^"']*)\1|\bcontact\s*\.\s*(?P<attribute>[A-Za-z_]\w*)"""
)


def mentioned(texts: Iterable[str]) -> tuple[set[str], set[str]]:
    """(filters, attributes) that rules name, or seem to: one in quotation marks may look like it.

    Reading ten thousand rules takes seconds; what is taken along without need does no harm.
    """
    filters: set[str] = set()
    attributes: set[str] = set()
    for text in set(texts):
        if "\\" in text or "//" in text:  # escapes and comments hide names
            filters |= filters_in(text)
            attributes |= attributes_in(text)
            continue
        for found in SPOKEN_OF.finditer(text):
            if found["filter"] is not None:
                filters.add(found["filter"])
            else:
                attributes.add(found["attribute"])
    return filters, attributes


@lru_cache(maxsize=20_000)
def names_in(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """(filters, attributes) that a text names itself; none of one that cannot be read."""
    try:
        tree = parse(text)
    except BadRule:
        return frozenset(), frozenset()
    return frozenset(named_filters(tree)), frozenset(named_attributes(tree))


def filters_in(text: str) -> frozenset[str]:
    return names_in(text)[0]


def attributes_in(text: str) -> frozenset[str]:
    return names_in(text)[1]
