"""What some people may do."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models.labels import AccessLabel, is_code
from accounts.rights import BUILT_IN_RIGHTS, DESCRIPTIONS, BuiltIn, Right


class RoleQuerySet(models.QuerySet["Role"]):
    def built_in(self) -> Self:
        return self.filter(is_builtin=True)

    def for_role_list(self) -> Self:
        return (
            self.annotate(person_count=Count("users", filter=Q(users__is_active=True)))
            .prefetch_related("labels")
            .order_by("-is_builtin", "pk")
        )


class Role(models.Model):
    """What some people may do, and the labels that they hold."""

    code = models.SlugField(_("code"), max_length=50, unique=True, validators=[is_code])
    name = models.CharField(_("name"), max_length=80)
    description = models.TextField(_("description"), max_length=500, blank=True)
    is_builtin = models.BooleanField(_("built in"), default=False, editable=False)
    rights = ArrayField(
        models.CharField(max_length=80),  # without choices: a new right is no migration
        verbose_name=_("rights"),
        default=list,
        blank=True,
        help_text=_("Empty for a built-in role: its rights stand in the code."),
    )
    labels = models.ManyToManyField(
        AccessLabel, verbose_name=_("access labels"), related_name="roles", blank=True
    )
    version = models.PositiveIntegerField(default=1)

    objects = RoleQuerySet.as_manager()

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="role_name_once",
                violation_error_message=_("There is already a role with this name."),
            ),
            models.CheckConstraint(
                name="builtin_role_has_its_rights_in_code",
                condition=Q(is_builtin=False) | Q(rights=[]),
            ),
        ]

    def __str__(self) -> str:
        """Its name, in the reader's language when it is built in."""
        return str(BuiltIn(self.code).label) if self.is_builtin else self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:role-detail", args=[self.code])

    @property
    def is_administrator(self) -> bool:
        return self.code == BuiltIn.ADMINISTRATOR

    @property
    def right_count(self) -> int:
        return len(self.granted)

    @property
    def explanation(self) -> str:
        return str(DESCRIPTIONS[self.code]) if self.is_builtin else self.description

    @property
    def granted(self) -> frozenset[Right]:
        if self.is_builtin:
            return BUILT_IN_RIGHTS[self.code]
        known = set(Right.values)
        return frozenset(Right(name) for name in self.rights if name in known)
