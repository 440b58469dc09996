"""What applying a package would change, before anything does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from accounts.journal import Actor
from accounts.models import AccessLabel
from catalog.comparing import Change, change_of
from catalog.contents import clean_once
from catalog.gathering import Kind, attribute_shape
from catalog.models import Category, Environment, Offer, Space
from catalog.offershapes import offer_shapes
from catalog.packages.attributes import completed, known_attributes
from catalog.packages.judging import around, in_order, judge
from catalog.packages.reading import Read
from catalog.placing import in_wrong_order
from catalog.problems import NotAcceptable, Problem, errors
from catalog.rows import KINDS
from catalog.shapes import (
    AttributeShape,
    CategoryShape,
    ContentFieldShape,
    EnvironmentShape,
    FallbackOfferShape,
    FilterShape,
    OfferShape,
    Package,
    PresentationRuleShape,
    Shape,
    SpaceShape,
    body_of,
)
from catalog.surroundings import Surroundings
from catalog.tidying import tidy
from catalog.veiling import Veil, person_of, veil_of
from catalog.weighing import impact_of
from catalog.wordbook import environment_labels
from contacts.models import Attribute, Audience
from contacts.vocabulary import labels
from coupons.models import Coupon

Form = tuple[int | None, Any]
ENVIRONMENT = "environment"
# The lists of a package in the order in which they are written.
FIELDS: Mapping[str, tuple[type[Shape], Kind]] = {
    "content_fields": (ContentFieldShape, Kind.CONTENT_FIELD),
    "filters": (FilterShape, Kind.FILTER),
    "categories": (CategoryShape, Kind.CATEGORY),
    "spaces": (SpaceShape, Kind.SPACE),
    "offers": (OfferShape, Kind.OFFER),
    "fallback_offers": (FallbackOfferShape, Kind.FALLBACK_OFFER),
    "presentation_rules": (PresentationRuleShape, Kind.PRESENTATION_RULE),
}
# What `prune` turns off, by the field that does.
SWITCHES = {"offers": "enabled", "categories": "enabled", "presentation_rules": "active"}


@dataclass
class Plan:
    """What a package would change, and the forms with which it does."""

    package: Package
    environment: Environment | None
    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)  # doubts: no error comes this far
    # By field of the package the forms to write, with the keys of their rows, if there are any.
    forms: dict[str, list[Form]] = field(default_factory=dict)
    attributes: Mapping[str, AttributeShape] = field(default_factory=dict)
    declared: Mapping[str, Attribute] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)  # of categories, where it changes
    pruned: list[str] = field(default_factory=list)  # codes of offers that are off from now on

    @property
    def is_empty(self) -> bool:
        return not self.changes and not self.order


@dataclass(frozen=True)
class Now:
    """The key and the form of an object that is there."""

    pk: int | None
    shape: Any


NOTHING = Now(None, None)


def make_plan(read: Read, *, prune: bool = False, by: Actor) -> Plan:
    """The plan of a package; raises NotAcceptable with everything that is wrong with it.

    With `prune` offers, categories and rules that the package does not name are turned off.
    """
    if read.package is None:
        raise NotAcceptable(in_order(read.problems))
    environment = find_environment(read.package)
    # What is judged is tidied next, and tidying cleans the same texts.
    known = replace(around(read.package, environment), cleaned={})
    problems = judge(read, read.package, environment, known)
    if found := errors(problems):
        raise NotAcceptable(found)
    planner = Planner(read.package, environment, known, by)
    plan = planner.compare_all(prune=prune)
    if planner.refused:
        raise NotAcceptable(planner.refused)
    plan.problems += problems
    return plan


def find_environment(package: Package) -> Environment | None:
    """The environment of a package as it is now; None while it is not there."""
    rows: list[Environment] = KINDS[EnvironmentShape].read(name=package.environment.name)
    return rows[0] if rows else None


class Planner:
    """Compares a package that makes sense with the rows that there are."""

    def __init__(
        self,
        package: Package,
        environment: Environment | None,
        known: Surroundings,
        by: Actor,
    ) -> None:
        self.package = package
        self.environment = environment
        self.by, self.person = by, person_of(by)
        self.known = known
        self.veil = veil_of(environment, self.person) if environment else Veil()
        self.told = environment_labels(environment) if environment else labels()
        self.plan = Plan(package, environment)
        self.refused: list[Problem] = []

    def compare_all(self, *, prune: bool) -> Plan:
        self.compare_environment()
        self.compare_attributes()
        for name in FIELDS:
            self.compare(name, prune=prune)
        if self.environment is not None:
            rows = Category.objects.filter(environment=self.environment).select_related("parent")
            order = [category.name for category in self.package.categories]
            if in_wrong_order(list(rows), order):
                self.plan.order = order
        return self.plan

    def compare_environment(self) -> None:
        row = self.environment
        if row is not None and self.person is not None:
            seen = Environment.objects.visible_to(self.person)
            if not seen.filter(pk=row.pk).exists():
                self.refuse_hidden(ENVIRONMENT)
        now = NOTHING if row is None else Now(row.pk, KINDS[EnvironmentShape].shape_of(row))
        self.note(ENVIRONMENT, ENVIRONMENT, now, self.package.environment)

    def compare_attributes(self) -> None:
        declared = known_attributes(self.package.attributes)
        shapes = completed(self.package.attributes, declared)
        self.plan.attributes, self.plan.declared = shapes, declared
        for name, shape in sorted(shapes.items()):
            row = declared.get(name)
            before = body_of(attribute_shape(row)) if row else None
            if before != body_of(shape):
                key = (str(Kind.ATTRIBUTE), name)
                self.plan.changes.append(change_of(key, before, body_of(shape), self.told))

    def compare(self, field_: str, *, prune: bool) -> None:
        kind, _kind = FIELDS[field_]
        there = self.read(kind)
        visible = self.visible(kind)
        shared = shared_filters() if field_ == "filters" else {}
        named = set()
        for number, shape in enumerate(getattr(self.package, field_)):
            name, path = name_of(shape), f"{field_}[{number}]"
            named.add(name)
            now = there.get(name, NOTHING)
            if now is NOTHING and name in shared and shared[name] == shape.rule:
                continue
            if now is not NOTHING and visible is not None and now.pk not in visible:
                self.refuse_hidden(path)
            if isinstance(shape, SpaceShape) and now is not NOTHING:
                shape = self.veil.with_names_of(now.shape, shape)
            self.note(field_, path, now, shape)
        if prune and field_ in SWITCHES:
            left = [
                now
                for name, now in there.items()
                if name not in named and (visible is None or now.pk in visible)
            ]
            self.turn_off(field_, left)

    def turn_off(self, field_: str, left: list[Now]) -> None:
        for now in left:
            if getattr(now.shape, SWITCHES[field_]):
                off = now.shape.model_copy(update={SWITCHES[field_]: False})
                self.note(field_, "", now, off)
            if field_ == "offers":
                self.plan.pruned.append(now.shape.code)

    def note(self, field_: str, path: str, now: Now, shape: Any) -> None:
        """What a form changes, and whether the person may change that."""
        if shape == now.shape:  # what stands in rows is tidy
            return
        shape = tidy(shape, self.known.fields, partial(clean_once, self.known))
        if shape == now.shape:
            return
        before = body_of(now.shape) if now.shape is not None else None
        after = body_of(shape)
        kind = Kind.ENVIRONMENT if field_ == ENVIRONMENT else FIELDS[field_][1]
        self.plan.forms.setdefault(field_, []).append((now.pk, shape))
        self.plan.changes.append(change_of((str(kind), name_of(shape)), before, after, self.told))
        self.check_labels(path, before, after)
        self.check_coupon(path, before, after)
        if isinstance(shape, SpaceShape) and now.pk is not None:
            self.tell_impact(path, Space.objects.get(pk=now.pk), shape)

    def check_labels(
        self, path: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]
    ) -> None:
        """Labels that a person does not hold are neither theirs to give nor to take."""
        was = set((before or {}).get("access_labels", ()))
        differing = was ^ set(after.get("access_labels", ()))
        if not differing or self.person is None:
            return
        held = set(AccessLabel.objects.held_by(self.person).values_list("code", flat=True))
        for code in sorted(differing - held):
            message = _("You do not hold the label “%(code)s”.") % {"code": code}
            self.refused.append(Problem(f"{path}.access_labels", "label_not_held", message))

    def check_coupon(
        self, path: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]
    ) -> None:
        """A coupon that whoever acts may not know of is none that they could hand out."""
        code = after.get("coupon")
        if code is None or self.by is None or code == (before or {}).get("coupon"):
            return
        if not Coupon.objects.open_to(self.by).filter(code=code).exists():
            message = _("There is no coupon “%(code)s”.") % {"code": code}
            self.refused.append(Problem(f"{path}.coupon", "unknown_coupon", message))

    def refuse_hidden(self, path: str) -> None:
        message = _("You may not see or change this: it carries labels that you do not hold.")
        self.refused.append(Problem(path, "not_visible", message))

    def tell_impact(self, path: str, row: Space, shape: SpaceShape) -> None:
        """Another channel, or another requirement, is not only the space's affair."""
        impact = impact_of(row, shape)
        if impact:
            message = _("This reaches the offers that stand in the space: %(offers)s.")
            told = message % {"offers": ", ".join(sorted(impact.codes)[:20])}
            self.plan.problems.append(Problem(path, "reaches_offers", told, "warning"))

    def read(self, kind: type[Shape]) -> dict[str, Now]:
        """What is there of one kind, by name."""
        if self.environment is None:
            return {}
        if KINDS[kind].model is Offer:
            among = KINDS[kind].among or {}
            offers = Offer.objects.filter(environment=self.environment, **among)
            return {code: Now(*found) for code, found in offer_shapes(offers).items()}
        rows = KINDS[kind].read(environment=self.environment)
        return {row.name: Now(row.pk, KINDS[kind].shape_of(row)) for row in rows}

    def visible(self, kind: type[Shape]) -> set[int] | None:
        """The rows that the person may see; None is all of them."""
        if self.person is None or kind not in {CategoryShape, OfferShape, FallbackOfferShape}:
            return None
        rows: Any = Category.objects if kind is CategoryShape else Offer.objects
        seen = rows.visible_to(self.person).filter(environment=self.environment)
        return set(seen.values_list("pk", flat=True))


def name_of(shape: Any) -> str:
    name: str = shape.code if isinstance(shape, OfferShape | FallbackOfferShape) else shape.name
    return name


def shared_filters() -> dict[str, str]:
    """The rules of the audiences that every environment may ask."""
    return dict(Audience.objects.described().values_list("name", "rule"))
