"""What the journal does not tell whoever lacks a label: what was done to hidden coupons."""

from __future__ import annotations

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from accounts.models import User, hide_in_journal
from coupons.models import Coupon, Folder


@hide_in_journal
def hidden_entries(user: User) -> Q:
    """Entries about coupons and folders that somebody may not see.

    Asked for once, and compared with the few that there are: most people see them all.
    """
    coupons = Coupon.objects.exclude(pk__in=Coupon.objects.visible_to(user).values("pk"))
    folders = Folder.objects.exclude(pk__in=Folder.objects.visible_to(user).values("pk"))
    keys = coupons.values_list(Cast("public_id", TextField()), flat=True)
    return Q(subject_type="coupons.coupon", subject_key__in=keys) | Q(
        subject_type="coupons.folder",
        subject_key__in=folders.values_list(Cast("pk", TextField()), flat=True),
    )
