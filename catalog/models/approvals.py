"""Who said what about an offer, and what goes live later."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.models.environments import Environment
from offers_site.languages import in_this_language


class ApprovalStep(models.Model):
    """One act in the approval of one side of an offer. Rows are added and never changed."""

    class Side(models.TextChoices):
        CONTENT = "content", _("Content")
        ELIGIBILITY = "eligibility", _("Eligibility")

    class Act(models.TextChoices):
        SUBMITTED = "submitted", _("Submitted")
        REMINDED = "reminded", _("Reviewers reminded")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", pgettext_lazy("approval", "Rejected")
        RESET = "reset", _("Reset")  # edited after approval, or started again by hand
        WENT_LIVE = "went_live", _("Went live")

    offer = models.ForeignKey("catalog.Offer", models.CASCADE, related_name="approval_steps")
    side = models.CharField(_("side"), max_length=11, choices=Side.choices)
    act = models.CharField(_("act"), max_length=9, choices=Act.choices)
    # Of the form of this side that was meant: what goes live is what was approved.
    digest = models.CharField(max_length=64)
    comment = models.TextField(_("comment"), max_length=2000, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, related_name="+", null=True)
    by_name = models.CharField(_("by"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("approval step")
        verbose_name_plural = _("approval steps")
        constraints = [
            models.CheckConstraint(
                name="a_rejection_says_why", condition=~Q(act="rejected", comment="")
            )
        ]
        indexes = [models.Index(fields=["offer", "-at"], name="approval_by_offer")]

    def __str__(self) -> str:
        return f"{self.side} {self.act}"


class PlannedRelease(models.Model):
    """Approved offers that go live together, at a moment."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Planned")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="planned_releases")
    public_id = models.UUIDField(unique=True)
    at = models.DateTimeField(_("at"))
    comment = models.TextField(_("comment"), max_length=2000, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.WAITING)
    errors = models.JSONField[dict[str, str], dict[str, str]](
        default=dict, blank=True
    )  # in every language
    release_number = models.PositiveIntegerField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, related_name="+", null=True)
    by_name = models.CharField(_("by"), max_length=200, blank=True)
    created_at = models.DateTimeField(editable=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("planned release")
        verbose_name_plural = _("planned releases")
        indexes = [
            models.Index(fields=["at"], condition=Q(state="waiting"), name="planned_release_due")
        ]

    def __str__(self) -> str:
        return f"{self.environment_id} {self.at:%Y-%m-%d %H:%M}"

    @property
    def error(self) -> str:
        """Why it could not be made, in the reader's language."""
        return in_this_language(self.errors)
