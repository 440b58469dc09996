"""Making, changing and deleting what offers begin with."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.actions.granting import stale
from accounts.journal import Actor, changes, record
from accounts.models import Role, User
from catalog.checking import check_shape
from catalog.models import Environment, OfferTemplate
from catalog.problems import NameTaken, NotAcceptable, errors
from catalog.saving import hold
from catalog.shapes import OfferShape, body_of
from catalog.surroundings import surroundings_of
from catalog.tidying import tidy

NOT_KEPT = ("code", "label")  # every offer has its own


@dataclass(frozen=True)
class Template:
    """What a template says: the form that offers begin with, and who approves them."""

    name: str
    form: OfferShape  # its code and label are not kept
    description: str = ""
    reviewers: Collection[User] = ()
    reviewer_roles: Collection[Role] = ()
    days_to_review: int = 3


@transaction.atomic(durable=True)
def create_template(
    environment: Environment, template: Template, *, by: Actor, at: datetime
) -> OfferTemplate:
    """Add a template; raises NotAcceptable or NameTaken."""
    environment = hold(environment)
    row = OfferTemplate(
        environment=environment, created_at=at, changed_at=at, **columns(environment, template)
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise taken() from error
    link(row, template)
    record("template.created", row, by=by, at=at, after=facts(row))
    return row


@transaction.atomic(durable=True)
def edit_template(
    row: OfferTemplate, template: Template, *, version: int, by: Actor, at: datetime
) -> OfferTemplate:
    """Change a template as read at `version`; raises Stale too. Offers keep what they have."""
    environment = hold(row.environment)
    before = facts(row)
    this = OfferTemplate.objects.filter(pk=row.pk, version=version)
    try:
        with transaction.atomic():
            changed = this.update(
                **columns(environment, template), changed_at=at, version=F("version") + 1
            )
    except IntegrityError as error:
        raise taken() from error
    if not changed:
        raise stale(row)
    row = OfferTemplate.objects.select_related("environment").get(pk=row.pk)
    link(row, template)
    was, became = changes(before, facts(row))
    if became:
        record("template.changed", row, by=by, at=at, before=was, after=became)
    return row


@transaction.atomic(durable=True)
def delete_template(row: OfferTemplate, *, by: Actor, at: datetime) -> None:
    """Delete a template. Offers that began with it stay, and anybody with the right approves."""
    record("template.deleted", row, by=by, at=at, before=facts(row))
    row.delete()


def columns(environment: Environment, template: Template) -> dict[str, Any]:
    """What a template keeps of its form, which must make sense here; raises NotAcceptable."""
    around = surroundings_of(environment)
    if found := errors(check_shape(template.form, around)):
        raise NotAcceptable(found)
    form = body_of(tidy(template.form, around.fields))
    return {
        "name": template.name,
        "description": template.description,
        "form": {name: value for name, value in form.items() if name not in NOT_KEPT},
        "days_to_review": template.days_to_review,
    }


def link(row: OfferTemplate, template: Template) -> None:
    row.reviewers.set(template.reviewers)
    row.reviewer_roles.set(template.reviewer_roles)


def beginning(row: OfferTemplate, *, code: str, label: str) -> OfferShape:
    """The form that an offer begins with; raises pydantic's ValidationError for a bad code."""
    return OfferShape.model_validate_json(json.dumps({**row.form, "code": code, "label": label}))


def taken() -> NameTaken:
    return NameTaken(_("There is already a template with this name."))


def facts(row: OfferTemplate) -> dict[str, Any]:
    return {
        "name": row.name,
        "description": row.description,
        "days_to_review": row.days_to_review,
        "reviewers": sorted(str(person) for person in row.reviewers.all()),
        "reviewer_roles": sorted(str(role) for role in row.reviewer_roles.all()),
        "form": row.form,
    }
