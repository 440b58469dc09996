"""What the journal does not tell whoever may not see a job: its title may name what is hidden."""

from __future__ import annotations

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from accounts.models import User, hide_in_journal
from jobs.models import Job

JOB = "jobs.job"


@hide_in_journal
def hidden_entries(user: User) -> Q:
    """Entries about jobs that are not somebody's own, unless they may see them all."""
    if user.has_perm("site.view_system"):
        return Q(pk__in=[])
    own = Job.objects.visible_to(user).values_list(Cast("pk", TextField()), flat=True)
    return Q(subject_type=JOB) & ~Q(subject_key__in=own)
