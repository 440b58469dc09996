"""What somebody has begun in a wizard and not finished."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.environments import Environment


class Draft(models.Model):
    """One person's unfinished wizard: it survives a closed tab."""

    class Kind(models.TextChoices):
        OFFER = "offer", _("Offer")
        FALLBACK_OFFER = "fallback_offer", _("Fallback offer")

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="drafts")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    kind = models.CharField(max_length=14, choices=Kind.choices)
    public_id = models.UUIDField(unique=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(editable=False)
    changed_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"
