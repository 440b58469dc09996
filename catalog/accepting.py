"""Checking and saving one form, inside the caller's transaction: what every editing action does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.actions.granting import check_may_grant
from accounts.journal import Actor
from accounts.models import AccessLabel, User
from catalog.checking import check_shape
from catalog.models import Environment, OfferTemplate
from catalog.problems import NotAcceptable, Problem, errors
from catalog.rows import KINDS, Row
from catalog.saving import hold, hold_coupons, save
from catalog.shapes import FORMAT, EnvironmentShape, Package, Shape
from catalog.surroundings import (
    Surroundings,
    surroundings_of,
    surroundings_of_new,
    with_package,
)


def accept(
    row: Row | None,
    shape: Shape,
    *,
    environment: Environment | None = None,
    version: int | None = None,
    template: OfferTemplate | None = None,
    by: Actor,
    at: datetime,
) -> Any:
    """The row of a form as it is now; raises NotAcceptable, NameTaken, MayNotGrant or Stale."""
    held = row if isinstance(row, Environment) else environment
    if held is not None:
        held = hold(held)
    hold_coupons([shape])
    problems = [*fixed(row, shape), *check_shape(shape, around(held, shape))]
    if found := errors(problems):
        raise NotAcceptable(found)
    check_labels(row, shape, by)
    return save(
        row,
        shape,
        environment=None if isinstance(shape, EnvironmentShape) else held,
        version=version,
        template=template,
        by=by,
        at=at,
    )


def around(environment: Environment | None, shape: Shape) -> Surroundings:
    """What a form is judged against; an environment's also against its own new declarations."""
    if isinstance(shape, EnvironmentShape):
        known = surroundings_of(environment) if environment else surroundings_of_new(shape)
        return with_package(known, Package(format=FORMAT, environment=shape))
    if environment is None:
        raise TypeError(f"{type(shape).__name__} stands in an environment")
    return surroundings_of(environment)


def fixed(row: Row | None, shape: Any) -> list[Problem]:
    """What never changes once it is there: others name it."""
    if row is None:
        return []
    found = []
    name = "code" if hasattr(row, "code") else "name"
    if getattr(row, name) != getattr(shape, name):
        message = _("This never changes: “%(name)s”.") % {"name": getattr(row, name)}
        found.append(Problem(name, "fixed", message))
    if isinstance(row, Environment) and row.people != shape.audience:
        message = _("An environment stays one for contacts or for visitors.")
        found.append(Problem("audience", "fixed", message))
    return found


def check_labels(row: Row | None, shape: Any, by: Actor) -> None:
    """Whoever adds a label holds it; whoever takes one off does too."""
    kind = KINDS[type(shape)]
    if not kind.has_labels or not isinstance(by, User):
        return
    before = {label.code for label in row.access_labels.all()} if row is not None else set()
    differing = before ^ set(shape.access_labels)
    check_may_grant(by, labels=AccessLabel.objects.filter(code__in=differing))
