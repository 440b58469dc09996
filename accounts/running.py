"""What the nights take away: old journal entries, ended sessions, forgotten attempts."""

from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session

from accounts.models import JournalEntry

BATCH = 5_000  # rows in one statement: short locks, little to lose when it is interrupted
ATTEMPTS_KEPT = timedelta(days=1)  # they lock for a quarter of an hour


def purge_journal(*, before: datetime) -> int:
    """Delete the entries older than `before`, in batches, and say how many."""
    purged = 0
    while True:
        oldest = JournalEntry.objects.older_than(before).order_by("at").values("pk")[:BATCH]
        deleted, _each = JournalEntry.objects.filter(
            pk__in=list(oldest.values_list("pk", flat=True))
        ).delete()
        purged += deleted
        if deleted < BATCH:
            return purged


def purge_sessions(*, at: datetime) -> int:
    """Delete ended sessions and the failed sign-ins that lock nobody any more."""
    sessions, _each = Session.objects.filter(expire_date__lt=at).delete()
    AccessAttempt.objects.filter(attempt_time__lt=at - ATTEMPTS_KEPT).delete()
    return sessions
