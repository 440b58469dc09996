"""Long work: a row with a state, a heartbeat and a checkpoint."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from offers_site.identifiers import uuid7
from offers_site.languages import column_in_this_language, in_this_language

if TYPE_CHECKING:
    from accounts.models import User

# A worker that has not beaten for this long is taken for dead; it beats every few seconds.
SILENCE = timedelta(seconds=30)
# How often a job may lose its worker at the same place before it is taken for the cause.
MOST_ATTEMPTS = 5


class JobQuerySet(models.QuerySet["Job"]):
    def unfinished(self) -> Self:
        return self.filter(state__in=Job.UNFINISHED)

    def silent_at(self, at: datetime) -> Self:
        """Jobs that some worker holds, but none has beaten for lately."""
        held = self.filter(state__in=Job.HELD)
        return held.filter(beat_at__lt=at - SILENCE)

    def forgotten_at(self, at: datetime) -> Self:
        """Jobs that wait although their task must have been lost with the queue."""
        waiting = self.filter(state=Job.State.QUEUED)
        return waiting.filter(queued_at__lt=at - SILENCE)

    def failed_since(self, at: datetime) -> Self:
        return self.filter(state=Job.State.FAILED, ended_at__gte=at)

    def visible_to(self, person: User) -> Self:
        """A person's own jobs; whoever may see the system sees all."""
        return self if person.has_perm("site.view_system") else self.filter(by=person)

    def titled(self) -> Self:
        """With `title_read`, the title in the reader's language, to search and to sort by."""
        return self.annotate(title_read=column_in_this_language("titles"))

    def for_job_list(self) -> Self:
        return self.titled().select_related("by")

    def count_by_state(self) -> dict[str, int]:
        counted = self.order_by().values("state").annotate(number=Count("pk"))
        return {row["state"]: row["number"] for row in counted}


class Job(models.Model):
    """One piece of long work. Whoever holds its claim works; all else is in the row."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        PAUSING = "pausing", _("Pausing")
        PAUSED = "paused", _("Paused")
        CANCELLING = "cancelling", _("Stopping")
        CANCELLED = "cancelled", _("Cancelled")
        FINISHED = "finished", _("Finished")
        FAILED = "failed", _("Failed")

    HELD = (State.RUNNING, State.PAUSING, State.CANCELLING)
    UNFINISHED = (State.QUEUED, *HELD, State.PAUSED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    titles = models.JSONField[dict[str, str], dict[str, str]](_("title"))  # in every language
    task = models.CharField(max_length=200)
    queue = models.CharField(max_length=20, default="bulk")
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.QUEUED)
    done = models.BigIntegerField(_("done"), default=0)
    total = models.BigIntegerField(_("total"), null=True)
    unit = models.CharField(max_length=40, blank=True)
    checkpoint = models.JSONField[dict[str, Any], dict[str, Any]](default=dict)
    failure = models.TextField(_("failure"), blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("created"))
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    rested = models.DurationField(default=timedelta)  # how long since its start nobody worked on it
    ended_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)  # when the person was shown how it ended

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = [
            models.CheckConstraint(name="job_has_a_title", condition=~Q(titles={})),
            models.CheckConstraint(
                name="job_is_claimed_while_it_runs",
                condition=~Q(state="running") | Q(claim__isnull=False, beat_at__isnull=False),
            ),
            models.CheckConstraint(
                name="job_has_ended_or_not",
                condition=Q(
                    ended_at__isnull=True,
                    state__in=["queued", "running", "pausing", "paused", "cancelling"],
                )
                | Q(ended_at__isnull=False, state__in=["cancelled", "finished", "failed"]),
            ),
            models.CheckConstraint(
                name="job_does_no_more_than_all",
                condition=Q(done__gte=0) & (Q(total__isnull=True) | Q(done__lte=F("total"))),
            ),
        ]
        indexes = [
            # the top bar, the reaper and the metrics ask every few seconds
            models.Index(
                fields=["state"], name="job_unfinished", condition=Q(ended_at__isnull=True)
            ),
            models.Index(fields=["by", "-id"], name="job_of_person"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("jobs:job-detail", args=[self.pk])

    @property
    def title(self) -> str:
        """What it does, in the reader's language."""
        return in_this_language(self.titles)

    @property
    def unit_word(self) -> str:
        """What it counts, in the reader's language."""
        return gettext(self.unit) if self.unit else ""

    @property
    def failure_sentence(self) -> str:
        """Why it failed, in the reader's language where the sentence is one of ours."""
        return gettext(self.failure) if self.failure else ""

    @property
    def outcome(self) -> str:
        """How it ended, in one sentence."""
        sentences = {
            self.State.FINISHED: _("“%(job)s” has finished."),
            self.State.CANCELLED: _("“%(job)s” was cancelled."),
            self.State.FAILED: _("“%(job)s” has failed."),
        }
        return str(sentences[self.State(self.state)]) % {"job": self.title}

    @property
    def has_ended(self) -> bool:
        return self.ended_at is not None

    @property
    def may_be_cancelled(self) -> bool:
        return self.state in {
            self.State.QUEUED,
            self.State.RUNNING,
            self.State.PAUSING,
            self.State.PAUSED,
        }

    @property
    def was_interrupted(self) -> bool:
        """Its worker was lost, and none has taken it up again."""
        return self.state == self.State.QUEUED and self.beat_at is not None

    @property
    def percent(self) -> int | None:
        """How much is done, from 0 to 100, when the whole is known."""
        if self.total is None:
            return None
        return 100 if self.total == 0 else self.done * 100 // self.total

    @property
    def seconds(self) -> float:
        """How long it was worked on: to the last beat, for it may have waited before its end."""
        if not self.started_at or not self.beat_at:
            return 0
        return (self.beat_at - self.started_at - self.rested).total_seconds()

    @property
    def rate(self) -> float | None:
        """How many a second while it was worked on, once there is something to tell."""
        return self.done / self.seconds if self.done and self.seconds >= 1 else None

    @property
    def time_left(self) -> timedelta | None:
        """Told while somebody works on it: how long it waits or rests, nobody knows."""
        if self.state != self.State.RUNNING or self.total is None or not self.rate:
            return None
        return timedelta(seconds=round((self.total - self.done) / self.rate))
