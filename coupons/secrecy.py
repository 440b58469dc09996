"""What the journal does not tell whoever lacks a label: what was done to hidden coupons."""

from __future__ import annotations

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from accounts.models import AccessLabel, JournalEntry, User, hide_in_journal
from coupons.models import Coupon, Folder
from coupons.models.folders import hidden_folders

COUPON, FOLDER, KEY = "coupons.coupon", "coupons.folder", "accounts.apikey"


@hide_in_journal
def hidden_entries(user: User) -> Q:
    """Entries about coupons and folders that somebody may not see, and about keys to them."""
    missing = AccessLabel.objects.exclude(pk__in=user.held_label_keys)
    labels = list(missing.values_list("code", flat=True))
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
        | Q(subject_type=KEY, before__coupon_folders__has_any_keys=paths)
        | Q(subject_type=KEY, after__coupon_folders__has_any_keys=paths)
    )


def about_folders(paths: list[str]) -> Q:
    """What names one of these folders, or one that lay in it."""
    found = Q(pk__in=[])
    for path in paths:
        for side in ("before", "after"):
            found |= Q(subject_type=FOLDER, **{f"{side}__path": path})
            found |= Q(subject_type=FOLDER, **{f"{side}__path__startswith": f"{path}/"})
    return found
