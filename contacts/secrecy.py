"""What the journal does not tell whoever lacks a label: what was done to hidden audiences."""

from __future__ import annotations

from django.db.models import Q

from accounts.models import JournalEntry, User, hide_in_journal, labels_missing
from contacts.models import Audience

AUDIENCE = "contacts.audience"


@hide_in_journal
def hidden_entries(user: User) -> Q:
    """Entries about audiences that somebody may not see, and about those that carried a label."""
    missing = labels_missing(user)
    codes = list(missing.values_list("code", flat=True))
    if not codes:
        return Q(pk__in=[])
    hidden = Audience.objects.filter(access_labels__in=missing).values("name")
    carried = Q(before__access_labels__has_any_keys=codes)
    gone = JournalEntry.objects.filter(carried, verb="audience.deleted").values("subject_key")
    told = Q(subject_key__in=hidden) | Q(subject_key__in=gone) | carried
    return Q(subject_type=AUDIENCE) & (told | Q(after__access_labels__has_any_keys=codes))
