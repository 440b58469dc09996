"""Declaring attributes in a transaction: the row, and the column that comes with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.journal import Actor, changes, record
from contacts import columns
from contacts.models import Attribute

Choices = Sequence[tuple[str, str]]


class NameTaken(Exception):
    """There is already something with this name."""


class NotAttributable(Exception):
    """An attribute cannot be declared like this, or not now."""


def declare(
    *,
    name: str,
    label: str,
    type: str,  # noqa: A002 (the word of the domain)
    choices: Choices = (),
    is_personal: bool = False,
    description: str = "",
    by: Actor,
    at: datetime,
) -> Attribute:
    """The row of an attribute; raises NameTaken or NotAttributable.

    `add_column` follows in the same transaction, at its end: it locks everybody out of the table.
    """
    columns.wait_for_turn()
    if name in columns.RESERVED:
        raise NameTaken(_("Everybody has this already, or it is a word of the rule language."))
    if Attribute.objects.count() >= columns.MOST_ATTRIBUTES:
        raise NotAttributable(_("There are as many attributes as there can be."))
    attribute = Attribute(
        name=name,
        label=label,
        type=type,
        choices=[list(choice) for choice in choices],
        is_personal=is_personal,
        description=description,
        created_at=at,
    )
    try:
        with transaction.atomic():
            attribute.save(force_insert=True)
    except IntegrityError as error:
        raise NameTaken(_("There is already an attribute with this name.")) from error
    record("attribute.declared", attribute, by=by, at=at, after={**facts(attribute), "type": type})
    return attribute


def add_column(attribute: Attribute) -> None:
    """The column of an attribute that has just been declared, or NotAttributable."""
    try:
        columns.add(attribute)
    except columns.TableBusy as error:
        raise busy() from error


def edit(
    attribute: Attribute,
    *,
    version: int,
    label: str,
    choices: Choices,
    is_personal: bool,
    description: str,
    by: Actor,
    at: datetime,
) -> bool:
    """Change what people see of an attribute; False when somebody has since `version`."""
    before = facts(attribute)
    changed = Attribute.objects.filter(pk=attribute.pk, version=version).update(
        label=label,
        choices=[list(choice) for choice in choices],
        is_personal=is_personal,
        description=description,
        version=F("version") + 1,
    )
    if not changed:
        return False
    attribute = Attribute.objects.get(pk=attribute.pk)
    was, became = changes(before, facts(attribute))
    if became:
        record("attribute.changed", attribute, by=by, at=at, before=was, after=became)
    return True


def busy() -> NotAttributable:
    return NotAttributable(
        _("The contacts are being read or written by long work. Try again in a minute.")
    )


def facts(attribute: Attribute) -> dict[str, Any]:
    return {
        "label": attribute.label,
        "choices": [f"{value} = {label}" for value, label in attribute.choices],
        "is_personal": attribute.is_personal,
        "description": attribute.description,
    }
