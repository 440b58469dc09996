"""Environments: a catalogue for contacts or for visitors, and its predefined filters."""

from __future__ import annotations

from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import AccessLabel, LabelledQuerySet
from catalog.models.names import NAME, NamedWithin, is_name
from offers_site.values import time_zones


def is_time_zone(name: str) -> None:
    if name not in time_zones():
        raise ValidationError(_("There is no time zone of this name."))


class EnvironmentQuerySet(LabelledQuerySet["Environment"]):
    def for_environment_list(self) -> Self:
        return self.prefetch_related("access_labels").order_by("label", "pk")


class Environment(models.Model):
    """One catalogue. Its design side is rows; its live side is the release it points at."""

    class People(models.TextChoices):
        CONTACTS = "contacts", _("Contacts")
        VISITORS = "visitors", _("Visitors")

    name = models.CharField(_("name"), max_length=50, unique=True, validators=[is_name])
    label = models.CharField(_("label"), max_length=80)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    people = models.CharField(_("people"), max_length=8, choices=People.choices)
    timezone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[is_time_zone]
    )
    language = models.CharField(_("language of content"), max_length=12, default="en")
    filter = models.TextField(_("filter"), blank=True)
    four_eyes = models.BooleanField(_("authors cannot approve their own offers"), default=False)
    is_sandbox = models.BooleanField(_("sandbox"), default=False)
    # {name: {"type", "label", "choices"}}: what callers may tell, in the order of people
    call_data = models.JSONField(_("call data"), default=dict, blank=True)
    # [{"name", "label", "data"}]: examples for previews
    samples = models.JSONField(_("examples of call data"), default=list, blank=True)
    access_labels = models.ManyToManyField(
        AccessLabel, verbose_name=_("access labels"), related_name="environments", blank=True
    )
    # The release that decisions are made from; 0 while nothing is live.
    release_number = models.PositiveIntegerField(_("release"), default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), editable=False)
    changed_at = models.DateTimeField(_("changed at"), editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = EnvironmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("environment")
        verbose_name_plural = _("environments")
        constraints = [
            models.CheckConstraint(
                name="environment_name_is_a_name", condition=Q(name__regex=NAME)
            ),
            models.CheckConstraint(
                name="environment_people_are_known",
                condition=Q(people__in=["contacts", "visitors"]),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("catalog:environment-detail", args=[self.name])

    @property
    def is_for_visitors(self) -> bool:
        return self.people == self.People.VISITORS


class Filter(NamedWithin, models.Model):
    """A rule of an environment that others name: `filter("name")`. It may ask about the call."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="filters")
    name = models.CharField(_("name"), max_length=50, validators=[is_name])
    label = models.CharField(_("label"), max_length=80)
    description = models.TextField(_("description"), max_length=500, blank=True)
    rule = models.TextField(_("rule"))
    created_at = models.DateTimeField(_("created at"), editable=False)
    changed_at = models.DateTimeField(_("changed at"), editable=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("predefined filter")
        verbose_name_plural = _("predefined filters")
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "name"],
                name="filter_name_once",
                violation_error_message=_("There is already a filter with this name."),
            ),
            models.CheckConstraint(name="filter_name_is_a_name", condition=Q(name__regex=NAME)),
            models.CheckConstraint(name="filter_has_a_rule", condition=~Q(rule="")),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("catalog:filter-edit", args=[self.environment.name, self.name])
