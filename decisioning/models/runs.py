"""Deciding for many people at once, by as many workers as there are."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import Environment
from jobs.models import Job


class Run(models.Model):
    """Decisions for everybody of an audience, stored as they are made."""

    job = models.OneToOneField(Job, models.PROTECT, related_name="run")
    environment = models.ForeignKey(Environment, models.CASCADE, related_name="runs")
    audience = models.TextField(_("audience"))  # the rule, as it was given
    slots = models.JSONField()  # what everybody is asked, as with a decision
    at = models.DateTimeField(null=True)  # of all decisions; NULL: each has its own
    size = models.PositiveIntegerField()  # people who are decided together
    helpers = models.PositiveSmallIntegerField()  # workers that are called besides the first
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("decisions for an audience")
        verbose_name_plural = _("decisions for audiences")

    def __str__(self) -> str:
        return ", ".join(slot["space"] for slot in self.slots)


class Part(models.Model):
    """Some of the people of a run. Whoever locks the row decides for them, and commits both.

    What they got is counted here; `people` is empty once they are done.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="parts", db_index=False)
    people = ArrayField(models.BigIntegerField())
    # Whether they are decided again, their history having moved: now it is held meanwhile.
    again = models.BooleanField(default=False, db_default=False)
    done_at = models.DateTimeField(null=True)  # the moment of these decisions
    done = models.PositiveIntegerField(default=0, db_default=0)  # people
    counts = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))

    class Meta:
        indexes = [
            models.Index(fields=["run", "id"], name="parts_of_run"),
            # what is left, which every worker asks for again and again
            models.Index(
                fields=["run", "id"], name="parts_to_do", condition=models.Q(done_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.pk}"
