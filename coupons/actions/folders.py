"""Making, renaming, labelling and deleting folders of coupons."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Value
from django.db.models.functions import Concat, Length, Substr
from django.utils.translation import gettext as _

from accounts.actions.granting import check_may_grant, stale
from accounts.actions.keys import rename_coupon_folder
from accounts.journal import changes, record
from accounts.models import AccessLabel, User
from coupons.actions import keeping
from coupons.actions.refusing import FieldRefused, StillUsed
from coupons.models import Folder
from coupons.models.folders import LONGEST, paths_above


@transaction.atomic(durable=True)
def create_folder(
    *, path: str, labels: Iterable[AccessLabel] = (), by: User | None, at: datetime
) -> Folder:
    """Add a folder, and those above it that are not there; or raise FieldRefused, MayNotGrant."""
    keeping.hold_folders()
    check_free(path)
    folder = keeping.folder_at(path)
    labels = list(labels)
    check_may_grant(by, labels=labels)
    folder.access_labels.set(labels)
    check_seen(folder, by)
    record("folder.created", folder, by=by, at=at, after=facts(folder))
    return folder


@transaction.atomic(durable=True)
def edit_folder(
    folder: Folder,
    *,
    path: str,
    labels: Iterable[AccessLabel] | None = None,
    version: int,
    by: User | None,
    at: datetime,
) -> None:
    """Rename a folder that was read at `version`, or label it; None leaves its labels alone.

    What is below it goes with it, and so do the keys of programs that name it. Raises Stale,
    FieldRefused or MayNotGrant.
    """
    keeping.hold_folders()
    if not Folder.objects.filter(pk=folder.pk, version=version).update(version=F("version") + 1):
        raise stale(folder)
    folder = Folder.objects.get(pk=folder.pk)
    before = facts(folder)
    if path != folder.path:
        move(folder, path, by=by, at=at)
        folder = Folder.objects.get(pk=folder.pk)
    if labels is not None:
        chosen = set(labels)
        check_may_grant(by, labels=chosen ^ set(folder.access_labels.all()))
        folder.access_labels.set(chosen)
    check_seen(folder, by)
    was, became = changes(before, facts(folder))
    if became:
        record("folder.changed", folder, by=by, at=at, before=was, after=became)


def move(folder: Folder, path: str, *, by: User | None, at: datetime) -> None:
    old = folder.path
    if path.startswith(f"{old}/"):
        raise FieldRefused("path", "invalid", _("A folder cannot lie in itself."))
    keeping.check_path(path)
    check_free(path)
    moving = Folder.objects.within([old])
    longest = moving.aggregate(longest=Max(Length("path")))["longest"] - len(old) + len(path)
    if longest > LONGEST:
        sentence = _("The path of a folder below it would be longer than 300 characters.")
        raise FieldRefused("path", "invalid", sentence)
    keeping.make_folders(paths_above(path))
    moving.update(path=Concat(Value(path), Substr("path", len(old) + 1)))
    rename_coupon_folder(old, path, by=by, at=at)


@transaction.atomic(durable=True)
def delete_folder(folder: Folder, *, by: User | None, at: datetime) -> None:
    """Delete an empty folder, or raise StillUsed."""
    keeping.hold_folders()
    row = Folder.objects.select_for_update().filter(pk=folder.pk).first()
    if row is None:
        raise StillUsed(_("This folder is gone already."))
    check_empty(row)
    record("folder.deleted", row, by=by, at=at, before=facts(row))
    row.delete()


def check_empty(folder: Folder) -> None:
    """Raise StillUsed."""
    below = Folder.objects.within([folder.path]).exclude(pk=folder.pk)
    if folder.coupons.exists() or below.exists():
        raise StillUsed(_("There is something in this folder: move that first."))


def check_free(path: str) -> None:
    if Folder.objects.filter(path=path).exists():
        raise FieldRefused("path", "taken", _("There is already a folder with this path."))


def check_seen(folder: Folder, by: User | None) -> None:
    """Raise FieldRefused when whoever acts would not see the folder at its place."""
    if not Folder.objects.open_to(by).filter(pk=folder.pk).exists():
        sentence = _("Choose another path: you would not see the folder there.")
        raise FieldRefused("path", "hidden", sentence)


def facts(folder: Folder) -> dict[str, Any]:
    labels = sorted(label.code for label in folder.access_labels.all())
    return {"path": folder.path, "access_labels": labels}
