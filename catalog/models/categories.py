"""The tree of categories."""

from __future__ import annotations

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import AccessLabel, LabelledQuerySet, User, labels_missing
from catalog.models.environments import Environment
from catalog.models.names import NAME, NamedWithin, is_name


class CategoryQuerySet(LabelledQuerySet["Category"]):
    def visible_to(self, user: User) -> Self:
        """Those of which `user` holds every label, of all above it and of its environment too."""
        if user.is_administrator:
            return self.all()
        return self.exclude(environment__in=carrying_missing(Environment, user)).exclude(
            pk__in=hidden_categories(user)
        )

    def for_category_tree(self) -> Self:
        """All of an environment's: trees are small, and are walked in memory (catalog.tree)."""
        return self.prefetch_related("access_labels").order_by("position", "label", "pk")


class Category(NamedWithin, models.Model):
    """A branch of the catalogue: what it says holds for every offer below."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="categories")
    name = models.CharField(_("name"), max_length=50, validators=[is_name])
    label = models.CharField(_("label"), max_length=80)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name=_("parent"),
        related_name="children",
        null=True,
        blank=True,
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    enabled = models.BooleanField(_("enabled"), default=True)
    start = models.DateTimeField(_("start"), null=True, blank=True)
    end = models.DateTimeField(_("end"), null=True, blank=True)
    themes = ArrayField(
        models.CharField(max_length=50), verbose_name=_("themes"), default=list, blank=True
    )
    multiplier = models.DecimalField(
        _("multiplier"),
        max_digits=12,
        decimal_places=6,
        default=1,
        validators=[MinValueValidator(0, _("A multiplier is more than 0."))],
    )
    multiplier_start = models.DateTimeField(_("multiplier from"), null=True, blank=True)
    multiplier_end = models.DateTimeField(_("multiplier until"), null=True, blank=True)
    filter = models.TextField(_("filter"), blank=True)
    always_include = models.BooleanField(_("always include"), default=False)
    access_labels = models.ManyToManyField(
        AccessLabel, verbose_name=_("access labels"), related_name="categories", blank=True
    )
    created_at = models.DateTimeField(_("created at"), editable=False)
    changed_at = models.DateTimeField(_("changed at"), editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "name"],
                name="category_name_once",
                violation_error_message=_("There is already a category with this name."),
            ),
            models.CheckConstraint(name="category_name_is_a_name", condition=Q(name__regex=NAME)),
            models.CheckConstraint(
                name="category_ends_after_it_starts",
                condition=Q(start=None) | Q(end=None) | Q(end__gt=F("start")),
                violation_error_message=_("The end must be after the start."),
            ),
            models.CheckConstraint(
                name="multiplier_ends_after_it_starts",
                condition=Q(multiplier_start=None)
                | Q(multiplier_end=None)
                | Q(multiplier_end__gt=F("multiplier_start")),
                violation_error_message=_("The end must be after the start."),
            ),
            models.CheckConstraint(
                name="multiplier_is_more_than_nothing",
                condition=Q(multiplier__gt=0),
                violation_error_message=_("A multiplier is more than 0."),
            ),
            models.CheckConstraint(
                name="category_is_not_its_own_parent",
                condition=Q(parent=None) | ~Q(parent=F("pk")),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("catalog:category-detail", args=[self.environment.name, self.name])


def carrying_missing(model: type[models.Model], user: User) -> models.QuerySet[Any]:
    """The keys of the rows that carry a label that `user` lacks.

    Asked for once and not for each row, as Django would: that takes a second for 10,000 offers.
    """
    field: Any = model._meta.get_field("access_labels")
    links = field.remote_field.through._default_manager.filter(accesslabel__in=labels_missing(user))
    carrying: models.QuerySet[Any] = links.values(field.m2m_field_name())
    return carrying


def hidden_categories(user: User) -> RawSQL:
    """The keys of the categories with a label that `user` lacks, and of all below them."""
    labelled = Category.access_labels.through._meta.db_table
    statement = (
        f"WITH RECURSIVE hidden(id) AS ("  # noqa: S608 (the names of our tables)
        f"SELECT category_id FROM {labelled} WHERE accesslabel_id <> ALL (%s::bigint[])"
        f" UNION SELECT child.id FROM {Category._meta.db_table} AS child"
        f" JOIN hidden ON child.parent_id = hidden.id"
        f") SELECT id FROM hidden"
    )
    return RawSQL(statement, [list(user.held_label_keys)])  # noqa: S611 (no word of a person)
