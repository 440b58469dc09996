"""What is allowed: each form against what stands around it. Forms and packages both ask here.

A form whose problems are all warnings can be saved in design. Which of them keep it from going live
is `catalog.readiness`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from catalog.contents import (
    check_content,
    check_kept,
    check_place,
    check_representations,
    check_translations,
    unknown_field,
)
from catalog.declarations import check_attribute, check_content_field, check_declarations
from catalog.legible import illegible, illegible_note
from catalog.problems import Problem, twice
from catalog.rulechecks import check_text
from catalog.shapes import (
    AttributeShape,
    CategoryShape,
    ContentFieldShape,
    EnvironmentShape,
    FallbackOfferShape,
    FilterShape,
    OfferShape,
    PresentationRuleShape,
    Shape,
    SpaceShape,
    Windowed,
)
from catalog.surroundings import Surroundings
from coupons.models import Coupon
from rules.parsing import parse
from rules.refusals import BadRule

SMALLEST_MULTIPLIER, LARGEST_MULTIPLIER = 0.000001, 999_999.9999994  # after rounding

Window = tuple[datetime | None, datetime | None]


def check_shape(shape: Shape, around: Surroundings) -> list[Problem]:
    """Everything that is wrong with a form, or doubtful about it."""
    check: Callable[[Any, Surroundings], list[Problem]] = CHECKS[type(shape)]
    return [*check_words(shape), *check(shape, around)]


# --- what people read in lists ---

WORDS = ("tags", "themes", "default_themes")  # lists of words
NAMED = ("contexts", "samples")  # lists of what has a label


def check_words(shape: Shape) -> list[Problem]:
    """Labels, tags and themes are what they look like."""
    said = [("label", illegible(getattr(shape, "label", "")))]
    said.append(("description", illegible_note(getattr(shape, "description", ""))))
    for name in WORDS:
        words = enumerate(getattr(shape, name, ()))
        said += [(f"{name}[{number}]", illegible(word)) for number, word in words]
    for name in NAMED:
        lines = enumerate(getattr(shape, name, ()))
        said += [(f"{name}[{number}].label", illegible(line.label)) for number, line in lines]
    return [Problem(path, "illegible", sentence) for path, sentence in said if sentence]


# --- environments and what they declare ---


def check_environment(shape: EnvironmentShape, around: Surroundings) -> list[Problem]:
    return [
        *check_text(shape.filter, "filter", around),
        *check_declarations(shape),
        *check_labels(shape.access_labels, around),
    ]


def check_filter(shape: FilterShape, around: Surroundings) -> list[Problem]:
    """The rule, which must not lead back to itself."""
    with suppress(BadRule):  # which is said below
        around = around.with_filter(shape.name, parse(shape.rule))
    return check_text(shape.rule, "rule", around)


# --- spaces ---


def check_space(shape: SpaceShape, around: Surroundings) -> list[Problem]:
    found = [
        *check_own_place(shape, around),
        *check_fields(shape, around),
        *check_defaults(shape, around),
        *check_rendering(shape, around),
        *check_identification(shape, around),
        *check_anonymous_space(shape, around),
        *check_expressions(shape.store_on_proposition, "store_on_proposition", around),
        *check_expressions(shape.store_on_status, "store_on_status", around),
    ]
    if shape.diversity.category_depth is not None and shape.diversity.max_per_category is None:
        message = _("A depth means nothing without a limit per category.")
        found.append(Problem("diversity.category_depth", "depth_without_limit", message, "warning"))
    return found


def check_fields(shape: SpaceShape, around: Surroundings) -> list[Problem]:
    found = twice((field.name for field in shape.fields), "fields", "name")
    return found + [
        unknown_field(field.name, f"fields[{number}].name", around)
        for number, field in enumerate(shape.fields)
        if field.name not in around.fields
    ]


def check_defaults(shape: SpaceShape, around: Surroundings) -> list[Problem]:
    found = []
    if shape.default_category is not None:
        found += check_category_name(shape.default_category, "default_category", around)
    if shape.fallback_offer is not None and shape.fallback_offer not in around.fallback_offers:
        message = _("There is no fallback offer “%(code)s”.") % {"code": shape.fallback_offer}
        found.append(Problem("fallback_offer", "unknown_fallback_offer", message))
    return found


def check_rendering(shape: SpaceShape, around: Surroundings) -> list[Problem]:
    names = frozenset(around.fields)
    return [
        *check_kept(shape.render.html, "render.html", "html", around, names),
        *check_kept(shape.render.text, "render.text", "text", around, names),
        *check_kept(shape.render.json_, "render.json", "json", around, names),
    ]


def check_expressions(
    expressions: Mapping[str, str], path: str, around: Surroundings
) -> list[Problem]:
    return [
        problem
        for name, text in expressions.items()
        for problem in check_text(text or " ", f"{path}.{name}", around, "value")
    ]


def check_own_place(shape: SpaceShape, around: Surroundings) -> list[Problem]:
    """Names of spaces are unique in the installation."""
    there = around.places.get(shape.name)
    if there is None or there.environment == around.environment:
        return []
    return check_place(shape.name, "name", around)


def check_identification(shape: SpaceShape, around: Surroundings) -> list[Problem]:
    found = twice(shape.identification, "identification")
    for number, name in enumerate(shape.identification):
        kind = around.words.names.get(f"contact.{name}")
        path = f"identification[{number}]"
        if kind is None:
            message = _("There is no attribute “%(name)s”.") % {"name": name}
            found.append(Problem(path, "unknown_attribute", message))
        elif kind.is_list:
            message = _("A list does not identify anybody.")
            found.append(Problem(path, "wrong_type", message))
    return found


def check_anonymous_space(shape: SpaceShape, around: Surroundings) -> list[Problem]:
    """Where unidentified people go: a space for visitors, of the same channel, one hop away."""
    if shape.anonymous_space is None:
        return []
    path, name = "anonymous_space", shape.anonymous_space
    place = around.places.get(name)
    if place is None:
        message = _("There is no space “%(name)s”.") % {"name": name}
        return [Problem(path, "unknown_space", message)]
    found = []
    if not place.is_for_visitors or around.is_for_visitors:
        message = _("Only a space for contacts passes people on, and only to one for visitors.")
        found.append(Problem(path, "not_for_visitors", message))
    if place.channel != shape.channel:
        message = _("The space “%(name)s” is of another channel.") % {"name": name}
        found.append(Problem(path, "other_channel", message))
    return found


# --- categories ---


def check_category(shape: CategoryShape, around: Surroundings) -> list[Problem]:
    found = check_text(shape.filter, "filter", around)
    if not SMALLEST_MULTIPLIER <= shape.multiplier <= LARGEST_MULTIPLIER:
        message = _("A multiplier is at least 0.000001 and less than 1,000,000.")
        found.append(Problem("multiplier", "out_of_range", message))
    if shape.parent is not None:
        found += check_parent(shape.name, shape.parent, around)
        found += check_window((shape.start, shape.end), around.chain(shape.parent), around)
    return found + check_labels(shape.access_labels, around)


def check_parent(name: str, parent: str, around: Surroundings) -> list[Problem]:
    if found := check_category_name(parent, "parent", around):
        return found
    if parent == name or name in around.chain(parent):
        message = _("A category cannot stand below itself.")
        return [Problem("parent", "category_cycle", message)]
    return []


def check_category_name(name: str, path: str, around: Surroundings) -> list[Problem]:
    if name in around.branches:
        return []
    message = _("There is no category “%(name)s”.") % {"name": name}
    return [Problem(path, "unknown_category", message)]


def check_window(window: Window, chain: Iterable[str], around: Surroundings) -> list[Problem]:
    """Does anything remain of a window within those of the categories above?"""
    above = [(around.branches[name].start, around.branches[name].end) for name in chain]
    if not is_empty(above) and is_empty([*above, window]):
        message = _("Never: these dates do not meet those of the categories above.")
        return [Problem("start" if window[0] else "end", "never", message, "warning")]
    return []


def is_empty(windows: Iterable[Window]) -> bool:
    """Whether no moment is in all of them; starts are in, ends are not."""
    given = list(windows)
    starts = [start for start, _end in given if start is not None]
    ends = [end for _start, end in given if end is not None]
    return bool(starts and ends) and max(starts) >= min(ends)


# --- offers ---


def check_offer(shape: OfferShape, around: Surroundings) -> list[Problem]:
    found: list[Problem] = []
    chain = around.chain(shape.category)
    if shape.category is not None:
        found += check_category_name(shape.category, "category", around)
        found += check_window((shape.start, shape.end), chain, around)
    found += check_text(shape.filter, "filter", around)
    found += check_contexts(shape, chain, around)
    return found + check_what_it_says(shape, around) + check_coupon(shape.coupon, around)


def check_coupon(code: str | None, around: Surroundings) -> list[Problem]:
    if code is None:
        return []
    status = around.coupons.get(code)
    if status is None:
        message = _("There is no coupon “%(code)s”.") % {"code": code}
        return [Problem("coupon", "unknown_coupon", message)]
    if status == Coupon.Status.ARCHIVED:
        message = _("The coupon “%(code)s” is archived: it hands out nothing any more.")
        return [Problem("coupon", "coupon_archived", message % {"code": code})]
    if status != Coupon.Status.ACTIVE:
        message = _("The coupon “%(code)s” is not active: nobody gets a code as long as it is not.")
        return [Problem("coupon", "coupon_not_active", message % {"code": code}, "warning")]
    return []


def check_contexts(
    shape: OfferShape, chain: Collection[str], around: Surroundings
) -> list[Problem]:
    if not shape.contexts:
        message = _("Without a weight an offer is never proposed.")
        return [Problem("contexts", "no_context", message, "warning")]
    found = []
    for number, context in enumerate(shape.contexts):
        path = f"contexts[{number}]"
        found += check_text(context.weight, f"{path}.weight", around, "weight")
        found += check_text(context.filter, f"{path}.filter", around)
        found += check_place(context.space, f"{path}.space", around)
        found += check_context_window(shape, context, path, chain, around)
    return found


def check_context_window(
    shape: OfferShape, context: Windowed, path: str, chain: Collection[str], around: Surroundings
) -> list[Problem]:
    above = [(around.branches[name].start, around.branches[name].end) for name in chain]
    above.append((shape.start, shape.end))
    if is_empty(above) or not is_empty([*above, (context.start, context.end)]):
        return []
    message = _("Never: these dates do not meet those of the offer and its categories.")
    key = "start" if context.start else "end"
    return [Problem(f"{path}.{key}", "context_never", message, "warning")]


def check_what_it_says(
    shape: OfferShape | FallbackOfferShape, around: Surroundings
) -> list[Problem]:
    found = []
    if not shape.representations:
        message = _("Without a representation it is proposed nowhere.")
        found.append(Problem("representations", "no_representation", message, "warning"))
    return [
        *found,
        *check_content(shape.content, "content", around),
        *check_translations(shape.translations, "translations", around),
        *check_representations(shape, around),
        *check_labels(shape.access_labels, around),
    ]


# --- presentation rules ---


def check_presentation_rule(shape: PresentationRuleShape, around: Surroundings) -> list[Problem]:
    return [
        *check_text(shape.applies_to, "applies_to", around, "offers"),
        *check_text(shape.recipients, "recipients", around),
        *check_text(shape.propositions, "propositions", around, "propositions"),
        *twice(shape.statuses, "statuses"),
    ]


# --- what several have ---


def check_labels(labels: Collection[str], around: Surroundings) -> list[Problem]:
    return [
        Problem(
            f"access_labels[{number}]",
            "unknown_label",
            _("There is no access label “%(code)s”.") % {"code": code},
        )
        for number, code in enumerate(labels)
        if code not in around.labels
    ]


CHECKS: Mapping[type[Shape], Callable[[Any, Surroundings], list[Problem]]] = {
    EnvironmentShape: check_environment,
    AttributeShape: check_attribute,
    ContentFieldShape: check_content_field,
    FilterShape: check_filter,
    SpaceShape: check_space,
    CategoryShape: check_category,
    OfferShape: check_offer,
    FallbackOfferShape: check_what_it_says,
    PresentationRuleShape: check_presentation_rule,
}
