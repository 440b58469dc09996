"""Where offers appear."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.models.categories import Category
from catalog.models.environments import Environment
from catalog.models.names import RANK_SUFFIX, SPACE_NAME, has_no_rank, is_name


class Channel(models.TextChoices):
    WEB = "web", _("Web")
    CALL_CENTER = "call_center", _("Call centre")
    EMAIL = "email", _("Email")
    SMS = "sms", _("SMS")
    DIRECT_MAIL = "direct_mail", _("Direct mail")
    PUSH = "push", _("Push")
    OTHER = "other", _("Other")


class Status(models.IntegerChoices):
    """What became of a proposition; the numbers are those of other systems."""

    GENERATED = 0, _("Proposed")
    PRESENTED = 1, _("Presented")
    INTERESTED = 2, _("Interested")
    ACCEPTED = 3, _("Accepted")
    SCHEDULED = 4, _("Scheduled")
    REJECTED = 5, pgettext_lazy("proposition", "Rejected")
    CONTROL_GROUP = 6, _("Control group")

    @property
    def word(self) -> str:
        return self.name.lower()


class TiePolicy(models.TextChoices):
    ROTATE = "rotate", _("Rotate")
    STICKY = "sticky", _("Always the same for a person")
    LEAST_SHOWN = "least_shown", _("Least recently shown first")
    FIXED = "fixed", _("In the order of codes")


class SpaceQuerySet(models.QuerySet["Space"]):
    def for_space_list(self) -> Self:
        return self.select_related("environment", "default_category", "fallback_offer")


class Space(models.Model):
    """A place of one channel where offers of one environment appear."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="spaces")
    # Unique in the installation: pages and keys name spaces alone.
    name = models.CharField(
        _("name"), max_length=50, unique=True, validators=[is_name, has_no_rank]
    )
    label = models.CharField(_("label"), max_length=80)
    description = models.TextField(_("guidance for authors"), max_length=2000, blank=True)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel.choices)
    unitary = models.BooleanField(_("answers single calls"), default=False)
    default_count = models.PositiveSmallIntegerField(_("offers by default"), default=1)
    default_category = models.ForeignKey(
        Category,
        models.PROTECT,
        related_name="default_of",
        verbose_name=_("default category"),
        null=True,
        blank=True,
    )
    default_themes = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    # [{"name", "required"}] in the order in which templates receive them
    fields = models.JSONField(_("content fields"), default=list, blank=True)
    render_html = models.TextField(_("HTML template"), blank=True)
    render_text = models.TextField(_("text template"), blank=True)
    render_json = models.TextField(_("JSON template"), blank=True)
    identification = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    implicit_identification = models.BooleanField(_("recognises browsers"), default=False)
    needs_token = models.BooleanField(_("only signed identification"), default=False)
    anonymous_space = models.ForeignKey(
        "self",
        models.PROTECT,
        related_name="identified_spaces",
        verbose_name=_("anonymous space"),
        null=True,
        blank=True,
    )
    record = models.BooleanField(_("records propositions"), default=True)
    status_on_proposition = models.PositiveSmallIntegerField(
        _("status when proposed"), choices=Status.choices, default=Status.GENERATED
    )
    status_on_acceptance = models.PositiveSmallIntegerField(
        _("status when accepted"), choices=Status.choices, default=Status.ACCEPTED
    )
    # {name: expression}, kept with the proposition
    store_on_proposition = models.JSONField(default=dict, blank=True)
    store_on_status = models.JSONField(default=dict, blank=True)
    fallback_offer = models.ForeignKey(
        "catalog.Offer",
        models.PROTECT,
        related_name="fallback_of",
        verbose_name=_("fallback offer"),
        null=True,
        blank=True,
    )
    fill_with_fallback = models.BooleanField(_("fills with the fallback offer"), default=False)
    tie_policy = models.CharField(
        _("ties"), max_length=11, choices=TiePolicy.choices, default=TiePolicy.ROTATE
    )
    max_per_category = models.PositiveSmallIntegerField(
        _("offers of one category in an answer"), null=True, blank=True
    )
    category_depth = models.PositiveSmallIntegerField(_("category depth"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), editable=False)
    changed_at = models.DateTimeField(_("changed at"), editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = SpaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("space")
        verbose_name_plural = _("spaces")
        constraints = [
            models.CheckConstraint(
                name="space_name_is_a_name",
                condition=Q(name__regex=SPACE_NAME) & ~Q(name__regex=RANK_SUFFIX),
            ),
            models.CheckConstraint(
                name="space_channel_is_known", condition=Q(channel__in=Channel.values)
            ),
            models.CheckConstraint(
                name="space_asks_for_one_to_fifty",
                condition=Q(default_count__gte=1, default_count__lte=50),
            ),
            models.CheckConstraint(
                name="space_limits_at_least_one", condition=~Q(max_per_category=0)
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("catalog:space-detail", args=[self.environment.name, self.name])
