"""People who work with the product."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cached_property
from typing import Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.models.labels import AccessLabel
from accounts.models.roles import Role
from accounts.rights import BuiltIn, Right
from offers_site.identifiers import uuid7
from offers_site.values import time_zones

UNUSABLE_PASSWORD = "!"  # noqa: S105 (how Django marks the hash of somebody without a password)


LINK_OWED_FOR = timedelta(days=1)  # then nobody waits for it any more
CLOCKS_DIFFER_BY = timedelta(seconds=5)


def is_time_zone(name: str) -> None:
    if name not in time_zones():
        raise ValidationError(_("%(name)s is not a time zone."), params={"name": name})


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def able_to_sign_in(self) -> Self:
        """Active, and with a password: somebody who was invited may never come."""
        return self.active().exclude(password__startswith=UNUSABLE_PASSWORD)

    def administrators(self) -> Self:
        return self.filter(roles__code=BuiltIn.ADMINISTRATOR)

    def with_email(self, email: str) -> Self:
        return self.filter(email=email.strip().lower())

    def owed_link_at(self, at: datetime) -> Self:
        """Those to whom a link is to be mailed, and whom nobody is mailing it just now."""
        due = at + CLOCKS_DIFFER_BY
        return self.active().filter(link_due_at__lte=due, link_mailed_at__gte=at - LINK_OWED_FOR)

    def for_person_list(self) -> Self:
        return self.prefetch_related("roles")


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person who works with the product. What they may do is the union of their roles."""

    class Language(models.TextChoices):
        ENGLISH = "en", "English"
        FRENCH = "fr", "Français"

    class Theme(models.TextChoices):
        AUTO = "auto", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        INVITED = "invited", _("Invited")
        INACTIVE = "inactive", _("Deactivated")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    email = models.EmailField(_("email address"), max_length=254)  # stored in small letters
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    roles = models.ManyToManyField(Role, verbose_name=_("roles"), related_name="users", blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    language = models.CharField(
        _("language"), max_length=2, choices=Language.choices, blank=True, default=""
    )
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, default="", validators=[is_time_zone]
    )
    theme = models.CharField(_("theme"), max_length=5, choices=Theme.choices, default=Theme.AUTO)
    list_columns = models.JSONField(default=dict, blank=True, editable=False)
    invited_at = models.DateTimeField(_("invited at"), null=True, blank=True, editable=False)
    invited_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="invited"
    )
    created_at = models.DateTimeField(_("created at"), editable=False)
    # Part of what a session is checked against: to raise it is to sign the person out everywhere.
    session_generation = models.PositiveIntegerField(default=0, editable=False)
    link_mailed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # A mail with a link is owed, and is to be tried from then on; nothing when it has left.
    link_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = UserManager.from_queryset(UserQuerySet)()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        indexes = [
            # whoever sends the mails that are owed looks every half minute
            models.Index(
                fields=["link_due_at"],
                name="user_link_due",
                condition=Q(link_due_at__isnull=False),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                name="user_email_once",
                violation_error_message=_("Somebody already signs in with this address."),
            ),
            models.CheckConstraint(
                name="user_email_once_in_any_case", condition=Q(email=Lower(F("email")))
            ),
            models.CheckConstraint(
                name="user_theme_is_known", condition=Q(theme__in=["auto", "light", "dark"])
            ),
            models.CheckConstraint(
                name="user_language_is_known", condition=Q(language__in=["", "en", "fr"])
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:person-detail", args=[self.public_id])

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.first_name or self.name

    @property
    def initials(self) -> str:
        both = f"{self.first_name[:1]}{self.last_name[:1]}"
        return (both or self.email[:1]).upper()

    @property
    def state(self) -> State:
        if not self.is_active:
            return self.State.INACTIVE
        return self.State.ACTIVE if self.has_usable_password() else self.State.INVITED

    @cached_property
    def held_roles(self) -> list[Role]:
        """Their roles. The first time costs a query."""
        return list(self.roles.all()) if self.pk else []

    @cached_property
    def rights(self) -> frozenset[Right]:
        """What they may do. The first time costs the query of their roles."""
        if not self.is_active:
            return frozenset()
        return frozenset[Right]().union(*(role.granted for role in self.held_roles))

    @property
    def is_administrator(self) -> bool:
        return self.is_active and any(role.is_administrator for role in self.held_roles)

    @cached_property
    def held_label_keys(self) -> frozenset[int]:
        """The keys of the labels that they hold. The first time costs a query."""
        return frozenset(AccessLabel.objects.held_by(self).values_list("pk", flat=True))

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return perm in self.rights

    def has_perms(self, perm_list: Collection[str], obj: object = None) -> bool:
        return all(perm in self.rights for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return any(right.room == app_label for right in self.rights)

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """What a session is checked against: a new password or generation ends the old sessions."""
        value = f"{self.password}.{self.session_generation}"
        return salted_hmac(
            "accounts.models.User.session", value, secret=secret, algorithm="sha256"
        ).hexdigest()


def held_labels(user: User) -> models.QuerySet[AccessLabel]:
    return AccessLabel.objects.held_by(user).order_by("name")
