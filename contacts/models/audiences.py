"""Sets of people that have a name: those whom a rule describes, and lists."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import AccessLabel, LabelledQuerySet
from contacts.models.attributes import is_name
from contacts.models.contacts import Contact


class AudienceQuerySet(LabelledQuerySet["Audience"]):
    def described(self) -> Self:
        """Those that are a rule: the predefined filters."""
        return self.filter(kind=Audience.Kind.RULE)

    def for_audience_list(self) -> Self:
        return self.prefetch_related("access_labels")


class Audience(models.Model):
    """A list of people, or those whom a rule describes: other rules say `filter("name")`."""

    class Kind(models.TextChoices):
        RULE = "rule", _("Rule")
        LIST = "list", _("List")

    name = models.CharField(_("name"), max_length=50, unique=True, validators=[is_name])
    label = models.CharField(_("label"), max_length=80)
    description = models.TextField(_("description"), max_length=500, blank=True)
    kind = models.CharField(_("kind"), max_length=4, choices=Kind.choices)
    rule = models.TextField(_("rule"), blank=True)
    tree = models.JSONField(null=True, editable=False)
    access_labels = models.ManyToManyField(
        AccessLabel, verbose_name=_("access labels"), related_name="audiences", blank=True
    )
    last_count = models.BigIntegerField(_("people"), null=True, editable=False)
    counted_at = models.DateTimeField(_("counted at"), null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), editable=False)
    changed_at = models.DateTimeField(_("changed at"), editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = AudienceQuerySet.as_manager()

    class Meta:
        verbose_name = _("audience")
        verbose_name_plural = _("audiences")
        constraints = [
            models.CheckConstraint(
                name="audience_name_is_an_identifier",
                condition=Q(name__regex=r"^[a-z][a-z0-9_]*$"),
            ),
            models.CheckConstraint(
                name="audience_has_a_rule_or_is_a_list",
                condition=(Q(kind="rule", tree__isnull=False) & ~Q(rule=""))
                | Q(kind="list", rule="", tree__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("contacts:audience-detail", args=[self.name])

    @property
    def is_rule(self) -> bool:
        return self.kind == self.Kind.RULE


class AudienceMember(models.Model):
    """Somebody who stands in a list."""

    audience = models.ForeignKey(
        Audience,
        models.CASCADE,
        related_name="members",
        db_index=False,  # the unique one below begins with it
    )
    contact = models.ForeignKey(
        Contact,
        models.CASCADE,
        related_name="memberships",
        db_index=False,  # likewise
    )

    class Meta:
        indexes = [
            # the lists that somebody is on, which every decision reads: from the index alone
            models.Index(fields=["contact", "audience"], name="lists_of_contact")
        ]
        constraints = [
            models.UniqueConstraint(fields=["audience", "contact"], name="audience_member_once")
        ]

    def __str__(self) -> str:
        return f"{self.audience_id}: {self.contact_id}"
