"""What has been proposed already limits what may be proposed again."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.models.environments import Environment
from catalog.models.names import NAME, NamedWithin, is_name
from catalog.models.spaces import Channel


class PresentationRule(NamedWithin, models.Model):
    """Excludes an offer once so many propositions have been made to somebody in a period."""

    ALL = "all"

    class Scope(models.TextChoices):
        ALL = "all", _("All offers")
        OFFER = "offer", _("The offer being presented")
        CATEGORY = "category", _("Offers of the same category")
        RULE = "rule", _("Offers of the rule")

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="presentation_rules")
    name = models.CharField(_("name"), max_length=50, validators=[is_name])
    label = models.CharField(_("label"), max_length=80)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    channel = models.CharField(
        _("channel"),
        max_length=12,
        choices=[(ALL, _("All channels")), *Channel.choices],
        default=ALL,
    )
    active = models.BooleanField(_("active"), default=True)
    order = models.IntegerField(pgettext_lazy("place among others", "order"), default=0)
    applies_to = models.TextField(_("applies to"), blank=True)
    period = models.DurationField(_("period"), null=True, blank=True)  # None: all that is kept
    max = models.PositiveIntegerField(_("most propositions"), default=1)
    same_channel = models.BooleanField(_("same channel only"), default=False)
    scope = models.CharField(_("counts"), max_length=8, choices=Scope.choices, default=Scope.ALL)
    statuses = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    recipients = models.TextField(_("people"), blank=True)
    propositions = models.TextField(_("propositions counted"), blank=True)
    count_this_call = models.BooleanField(_("counts this call as well"), default=False)
    created_at = models.DateTimeField(_("created at"), editable=False)
    changed_at = models.DateTimeField(_("changed at"), editable=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("presentation rule")
        verbose_name_plural = _("presentation rules")
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "name"],
                name="presentation_rule_name_once",
                violation_error_message=_("There is already a rule with this name."),
            ),
            models.CheckConstraint(
                name="presentation_rule_name_is_a_name", condition=Q(name__regex=NAME)
            ),
            models.CheckConstraint(
                name="presentation_rule_allows_at_least_one", condition=Q(max__gte=1)
            ),
            models.CheckConstraint(
                name="presentation_rule_has_a_period_or_none",
                condition=Q(period=None) | Q(period__gt=timedelta()),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("catalog:presentation-rule-edit", args=[self.environment.name, self.name])
