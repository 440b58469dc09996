"""What administrators declare about people, besides what everybody has."""

from __future__ import annotations

from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from rules.kinds import DECLARABLE, Kind

is_name = RegexValidator(
    r"^[a-z][a-z0-9_]*\Z",
    _("Use small letters, digits and underscores, and begin with a letter, as in “loyalty_tier”."),
)


class AttributeQuerySet(models.QuerySet["Attribute"]):
    def in_use(self) -> Self:
        """Those that are not retired, in the order in which people see them."""
        return self.filter(retired_at=None).order_by("name")


class Attribute(models.Model):
    """A declared attribute. Its values stand in a column of the contacts' table."""

    class Type(models.TextChoices):
        BOOL = "bool", _("Yes or no")
        INT = "int", _("Whole number")
        DOUBLE = "double", _("Decimal number")
        STRING = "string", _("Text")
        DATE = "date", _("Date")
        TIMESTAMP = "timestamp", _("Date and time")
        STRINGS = "list<string>", _("List of texts")
        INTS = "list<int>", _("List of whole numbers")

    name = models.CharField(_("name"), max_length=50, unique=True, validators=[is_name])
    label = models.CharField(_("label"), max_length=80)
    type = models.CharField(_("type"), max_length=12, choices=Type.choices)
    choices = models.JSONField(_("choices"), default=list, blank=True)  # [[value, label], …]
    is_personal = models.BooleanField(_("personal data"), default=False)
    description = models.TextField(_("description"), max_length=500, blank=True)
    is_indexed = models.BooleanField(_("indexed"), default=False, editable=False)
    created_at = models.DateTimeField(_("declared at"), editable=False)
    retired_at = models.DateTimeField(_("retired at"), null=True, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = AttributeQuerySet.as_manager()

    class Meta:
        verbose_name = _("attribute")
        verbose_name_plural = _("attributes")
        constraints = [
            models.CheckConstraint(
                name="attribute_name_is_an_identifier",
                condition=Q(name__regex=r"^[a-z][a-z0-9_]*$"),
            ),
            models.CheckConstraint(
                name="attribute_type_is_known",
                condition=Q(
                    type__in=[
                        "bool",
                        "int",
                        "double",
                        "string",
                        "date",
                        "timestamp",
                        "list<string>",
                        "list<int>",
                    ]
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("contacts:attribute-edit", args=[self.name])

    @property
    def column(self) -> str:
        """Where its values stand; made of its number alone, so nothing that people type."""
        return f"attr_{self.pk:d}"

    @property
    def rule_kind(self) -> Kind:
        return DECLARABLE[self.type]

    @property
    def is_retired(self) -> bool:
        return self.retired_at is not None

    @property
    def choice_labels(self) -> dict[str, str]:
        return {str(value): str(label) for value, label in self.choices}
