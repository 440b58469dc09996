"""Making, changing and deleting access labels."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actions.granting import stale
from accounts.journal import changes, record
from accounts.models import AccessLabel, User


class NameTaken(Exception):
    """There is another label with this name or code."""


class StillUsed(Exception):
    """Something carries the label."""


@transaction.atomic(durable=True)
def create_label(
    *, code: str, name: str, description: str, by: User | None, at: datetime
) -> AccessLabel:
    """Add a label, or raise NameTaken and change nothing."""
    label = AccessLabel(code=code, name=name, description=description)
    try:
        with transaction.atomic():
            label.save(force_insert=True)
    except IntegrityError as error:
        raise NameTaken(_("There is already a label with this name or code.")) from error
    record("label.created", label, by=by, at=at, after=facts(label))
    return label


@transaction.atomic(durable=True)
def edit_label(
    label: AccessLabel,
    *,
    version: int,
    name: str,
    description: str,
    by: User | None,
    at: datetime,
) -> None:
    """Change a label whose form was opened at `version`, or raise Stale or NameTaken."""
    before = facts(label)
    this = AccessLabel.objects.filter(pk=label.pk, version=version)
    try:
        with transaction.atomic():
            changed = this.update(name=name, description=description, version=F("version") + 1)
    except IntegrityError as error:
        raise NameTaken(_("There is already a label with this name or code.")) from error
    if not changed:
        raise stale(label)

    label = AccessLabel.objects.get(pk=label.pk)
    was, became = changes(before, facts(label))
    if became:
        record("label.changed", label, by=by, at=at, before=was, after=became)


@transaction.atomic(durable=True)
def delete_label(label: AccessLabel, *, by: User | None, at: datetime) -> None:
    """Delete a label that nothing carries, or raise StillUsed.

    To delete one in use would open to everybody what it closes.
    """
    AccessLabel.objects.select_for_update().filter(pk=label.pk).first()
    check_uncarried(label)
    record("label.deleted", label, by=by, at=at, before=facts(label))
    label.delete()


def check_uncarried(label: AccessLabel) -> None:
    """Raise StillUsed."""
    uses = sum(getattr(label, name).count() for name in carriers(label))
    if uses:
        raise StillUsed(
            ngettext(
                "%(uses)s role or object carries this label: take it off first.",
                "%(uses)s roles and objects carry this label: take it off first.",
                uses,
            )
            % {"uses": uses}
        )


def carriers(label: AccessLabel) -> list[str]:
    """The ways from a label to what carries it, in every room that has many-to-many labels."""
    return [
        str(relation.get_accessor_name())
        for relation in label._meta.related_objects
        if relation.many_to_many
    ]


def facts(label: AccessLabel) -> dict[str, Any]:
    return {"name": label.name, "description": label.description}
