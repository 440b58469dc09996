"""Access labels, and who sees what carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models.people import User


is_code = RegexValidator(
    r"^[a-z0-9]+(?:[-_][a-z0-9]+)*\Z", _("Use small letters, digits and dashes, as in “brand-a”.")
)


class AccessLabelQuerySet(models.QuerySet["AccessLabel"]):
    def held_by(self, user: User) -> Self:
        """Those that a role of `user` carries; an administrator holds them all."""
        if user.is_administrator:
            return self.all()
        return self.filter(roles__users=user).distinct()

    def for_label_list(self) -> Self:
        return self.prefetch_related("roles")


class AccessLabel(models.Model):
    """An object with labels is visible only to the people who hold all of them."""

    code = models.SlugField(_("code"), max_length=50, unique=True, validators=[is_code])
    name = models.CharField(_("name"), max_length=80)
    description = models.TextField(_("description"), max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = AccessLabelQuerySet.as_manager()

    class Meta:
        verbose_name = _("access label")
        verbose_name_plural = _("access labels")
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="label_name_once",
                violation_error_message=_("There is already a label with this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:label-edit", args=[self.code])


def labels_missing(user: User) -> models.QuerySet[AccessLabel]:
    """The labels that hide what carries them from `user`."""
    return AccessLabel.objects.exclude(pk__in=user.held_label_keys)


M = TypeVar("M", bound=models.Model)


class LabelledQuerySet(models.QuerySet[M]):
    """For models with a many-to-many `access_labels`."""

    def visible_to(self, user: User) -> Self:
        """Those without labels, and those of which `user` holds every label."""
        if user.is_administrator:
            return self.all()
        return self.exclude(access_labels__in=labels_missing(user))
