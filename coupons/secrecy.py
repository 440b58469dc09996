"""What the journal does not tell whoever lacks a label: what was done to hidden coupons."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from accounts.models import JournalEntry, User, hide_in_journal, labels_missing
from coupons.models import Coupon, Folder
from coupons.models.folders import hidden_folders
from transfers.models import Transfer

COUPON, FOLDER = "coupons.coupon", "coupons.folder"
KEY, TRANSFER = "accounts.apikey", "transfers.transfer"


@hide_in_journal
def hidden_entries(user: User) -> Q:
    """Entries about coupons and folders that somebody may not see, and about keys to them."""
    labels = list(labels_missing(user).values_list("code", flat=True))
    if not labels:
        return Q(pk__in=[])
    coupons = Coupon.objects.exclude(pk__in=Coupon.objects.visible_to(user).values("pk"))
    keys = coupons.values_list(Cast("public_id", TextField()), flat=True)
    paths = list(Folder.objects.filter(pk__in=hidden_folders(user)).values_list("path", flat=True))
    carried = Q(before__access_labels__has_any_keys=labels) | Q(before__folder__in=paths)
    deleted = JournalEntry.objects.filter(carried, verb="coupon.deleted")
    return (
        Q(subject_type=COUPON, subject_key__in=keys)
        | Q(subject_type=COUPON, subject_key__in=deleted.values_list("subject_key", flat=True))
        | Q(subject_type=COUPON, before__folder__in=paths)
        | Q(subject_type=COUPON, after__folder__in=paths)
        | about_folders(paths)
        | Q(subject_type=TRANSFER, subject_key__in=imports_into(coupons))
        | Q(subject_type=KEY, before__coupon_folders__has_any_keys=paths)
        | Q(subject_type=KEY, after__coupon_folders__has_any_keys=paths)
    )


def imports_into(coupons: QuerySet[Coupon]) -> QuerySet[Any]:
    """The keys of imports whose settings name one of these coupons."""
    named = Transfer.objects.annotate(coupon=KT("options__extra__coupon"))
    named = named.filter(coupon__in=coupons.values("code"))
    return named.values_list(Cast("pk", TextField()), flat=True)


def about_folders(paths: list[str]) -> Q:
    """What names one of these folders, or one that lay in it."""
    found = Q(pk__in=[])
    for path in paths:
        for side in ("before", "after"):
            found |= Q(subject_type=FOLDER, **{f"{side}__path": path})
            found |= Q(subject_type=FOLDER, **{f"{side}__path__startswith": f"{path}/"})
    return found
