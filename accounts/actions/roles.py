"""Making, changing and deleting roles."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actions.granting import check_may_grant, stale
from accounts.journal import changes, record
from accounts.models import AccessLabel, Role, User
from accounts.rights import Right
from offers_site.identifiers import uuid7

IN_ADDRESSES = {"", "create"}  # what stands where a code would in an address


class NameTaken(Exception):
    """There is another role with this name."""


class StillHeld(Exception):
    """People hold the role."""


class BuiltInRole(Exception):
    """The code says what this role is."""


@transaction.atomic(durable=True)
def create_role(
    *,
    name: str,
    description: str,
    rights: Collection[Right],
    labels: Collection[AccessLabel],
    by: User | None,
    at: datetime,
) -> Role:
    """Add a role, or raise NameTaken or MayNotGrant and change nothing."""
    check_may_grant(by, rights=rights, labels=labels)
    role = Role(code=code_for(name), name=name, description=description, rights=in_order(rights))
    try:
        with transaction.atomic():
            role.save(force_insert=True)
    except IntegrityError as error:
        raise NameTaken(_("There is already a role with this name.")) from error
    role.labels.set(labels)
    record("role.created", role, by=by, at=at, after=facts(role))
    return role


@transaction.atomic(durable=True)
def edit_role(
    role: Role,
    *,
    version: int,
    name: str,
    description: str,
    rights: Collection[Right],
    labels: Collection[AccessLabel],
    by: User | None,
    at: datetime,
) -> None:
    """Change a role whose form was opened at `version`; of a built-in one only its labels.

    Raises Stale, NameTaken or MayNotGrant and changes nothing.
    """
    before = facts(role)
    added = set(labels) - set(role.labels.all())
    check_may_grant(by, rights=set(rights) - role.granted, labels=added)
    fields: dict[str, Any] = {}
    if not role.is_builtin:
        fields = {"name": name, "description": description, "rights": in_order(rights)}
    this = Role.objects.filter(pk=role.pk, version=version)
    try:
        with transaction.atomic():
            changed = this.update(**fields, version=F("version") + 1)
    except IntegrityError as error:
        raise NameTaken(_("There is already a role with this name.")) from error
    if not changed:
        raise stale(role)
    role.labels.set(labels)

    role = Role.objects.get(pk=role.pk)
    was, became = changes(before, facts(role))
    if became:
        record("role.changed", role, by=by, at=at, before=was, after=became)


@transaction.atomic(durable=True)
def delete_role(role: Role, *, by: User | None, at: datetime) -> None:
    """Delete a role that nobody holds, or raise StillHeld or BuiltInRole."""
    Role.objects.select_for_update().filter(pk=role.pk).first()  # nobody is given it from here on
    check_unheld(role)
    record("role.deleted", role, by=by, at=at, before=facts(role))
    role.delete()


def check_unheld(role: Role) -> None:
    """Raise StillHeld or BuiltInRole."""
    if role.is_builtin:
        raise BuiltInRole(_("A built-in role cannot be deleted."))
    people = role.users.count()
    if people:
        raise StillHeld(
            ngettext(
                "%(people)s person holds this role: give them another one first.",
                "%(people)s people hold this role: give them another one first.",
                people,
            )
            % {"people": people}
        )


def code_for(name: str) -> str:
    """What addresses and the command line call it: the name in plain letters."""
    code = slugify(name)[:50].strip("-_")
    return f"role-{code or uuid7().hex[-8:]}" if code in IN_ADDRESSES else code


def in_order(rights: Collection[Right]) -> list[str]:
    """As the code lists them, so that equal sets are equal columns."""
    return [right.value for right in Right if right in set(rights)]


def facts(role: Role) -> dict[str, Any]:
    return {
        "name": role.name,
        "description": role.description,
        "rights": list(role.rights),
        "labels": sorted(role.labels.values_list("code", flat=True)),
    }
