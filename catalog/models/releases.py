"""Live is a version: releases, and the revisions of objects that they are made of."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.models.environments import Environment


class Release(models.Model):
    """One state of everything that is live in an environment. It never changes."""

    class Cause(models.TextChoices):
        PUBLISHED = "published", _("Published")
        DISABLED = "disabled", _("Disabled")
        ENABLED = "enabled", _("Enabled")
        DELETED = "deleted", _("Deleted")
        ROLLED_BACK = "rolled_back", _("Rolled back")

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="releases")
    number = models.PositiveIntegerField(_("number"))
    cause = models.CharField(_("cause"), max_length=11, choices=Cause.choices)
    content_of = models.PositiveIntegerField(_("content of release"), null=True)  # rolled back to
    comment = models.TextField(_("comment"), max_length=2000, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, related_name="+", null=True)
    by_name = models.CharField(_("by"), max_length=200, blank=True)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        constraints = [
            models.UniqueConstraint(fields=["environment", "number"], name="release_number_once"),
            models.CheckConstraint(name="release_number_is_positive", condition=Q(number__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.environment} {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("catalog:release-detail", args=[self.environment.name, self.number])


class RevisionQuerySet(models.QuerySet["Revision"]):
    def current(self) -> Self:
        return self.filter(until=None)

    def of_release(self, number: int) -> Self:
        """Everything that was live in release `number` of an environment."""
        return self.filter(Q(until=None) | Q(until__gt=number), since__lte=number)


class Revision(models.Model):
    """The form of one object as it was live from release `since` until before `until`."""

    class Kind(models.TextChoices):
        ENVIRONMENT = "environment", _("Environment")
        ATTRIBUTE = "attribute", _("Attribute")
        CONTENT_FIELD = "content_field", _("Content field")
        FILTER = "filter", _("Predefined filter")
        SPACE = "space", _("Space")
        CATEGORY = "category", _("Category")
        OFFER = "offer", _("Offer")
        FALLBACK_OFFER = "fallback_offer", _("Fallback offer")
        PRESENTATION_RULE = "presentation_rule", _("Presentation rule")

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="revisions")
    kind = models.CharField(max_length=17, choices=Kind.choices)
    name = models.CharField(max_length=64)
    body = models.JSONField()  # canonical: see catalog.shapes
    digest = models.CharField(max_length=64)
    since = models.PositiveIntegerField()
    until = models.PositiveIntegerField(null=True)

    objects = RevisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "kind", "name"],
                condition=Q(until=None),
                name="one_live_revision_of_an_object",
            ),
            models.UniqueConstraint(
                fields=["environment", "kind", "name", "since"], name="one_revision_in_a_release"
            ),
            models.CheckConstraint(
                name="revision_ends_after_it_begins",
                condition=Q(until=None) | Q(until__gt=F("since")),
            ),
        ]
        indexes = [
            # what a process that holds an older release has to read
            models.Index(fields=["environment", "since"], name="revision_by_since"),
            models.Index(fields=["environment", "until"], name="revision_by_until"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.since}–{self.until or ''})"
