"""Declaring, changing, retiring and purging attributes."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.actions.granting import stale
from accounts.journal import record
from accounts.models import User
from contacts import columns, declaring
from contacts.actions.refusing import (
    NotInState,
    StillUsed,
    audiences_in_the_way,
    sentences_about,
)
from contacts.blocking import hold_still, uses_of
from contacts.models import Attribute

Choices = declaring.Choices


@transaction.atomic(durable=True)
def declare_attribute(
    *,
    name: str,
    label: str,
    type: str,  # noqa: A002 (the word of the domain)
    choices: Choices = (),
    is_personal: bool = False,
    description: str = "",
    by: User | None,
    at: datetime,
) -> Attribute:
    """Add an attribute and its column, or raise NameTaken or NotAttributable."""
    attribute = declaring.declare(
        name=name,
        label=label,
        type=type,
        choices=choices,
        is_personal=is_personal,
        description=description,
        by=by,
        at=at,
    )
    declaring.add_column(attribute)
    return attribute


@transaction.atomic(durable=True)
def edit_attribute(
    attribute: Attribute,
    *,
    version: int,
    label: str,
    choices: Choices,
    is_personal: bool,
    description: str,
    by: User | None,
    at: datetime,
) -> None:
    """Change what people see of an attribute whose form was opened at `version`, or raise Stale."""
    changed = declaring.edit(
        attribute,
        version=version,
        label=label,
        choices=choices,
        is_personal=is_personal,
        description=description,
        by=by,
        at=at,
    )
    if not changed:
        raise stale(attribute)


@transaction.atomic(durable=True)
def retire_attribute(attribute: Attribute, *, by: User | None, at: datetime) -> None:
    """Hide an attribute and keep its values, or raise StillUsed or NotInState."""
    hold_still()
    columns.wait_for_turn()
    check_unused(attribute, by)
    in_use = Attribute.objects.filter(pk=attribute.pk, retired_at=None)
    if not in_use.update(retired_at=at, version=F("version") + 1):
        raise NotInState(_("%(name)s is retired already.") % {"name": attribute})
    record("attribute.retired", attribute, by=by, at=at)


@transaction.atomic(durable=True)
def restore_attribute(attribute: Attribute, *, by: User | None, at: datetime) -> None:
    """Show a retired attribute again with the values that it had, or raise NotInState."""
    retired = Attribute.objects.filter(pk=attribute.pk).exclude(retired_at=None)
    if not retired.update(retired_at=None, version=F("version") + 1):
        raise NotInState(_("%(name)s is in use already.") % {"name": attribute})
    record("attribute.restored", attribute, by=by, at=at)


@transaction.atomic(durable=True)
def purge_attribute(attribute: Attribute, *, by: User | None, at: datetime) -> None:
    """Drop an attribute with everybody's values, or raise why it cannot go."""
    hold_still()
    columns.wait_for_turn()
    check_unused(attribute, by)
    if not Attribute.objects.filter(pk=attribute.pk).exists():
        raise NotInState(_("%(name)s is gone already.") % {"name": attribute})
    try:
        columns.drop(attribute)
    except columns.TableBusy as error:
        raise declaring.busy() from error
    record("attribute.purged", attribute, by=by, at=at, before=declaring.facts(attribute))
    attribute.delete()


def check_unused(attribute: Attribute, by: User | None) -> None:
    """Raise StillUsed when an audience or the catalogue asks for it."""
    uses = uses_of(attribute, by)
    said = sentences_about(uses)
    if using := audiences_in_the_way(by, attribute=attribute.name):
        message = _("These audiences ask for it: %(audiences)s. Change them first.")
        said.insert(0, message % {"audiences": using})
    if said:
        raise StillUsed(" ".join(said), uses)
