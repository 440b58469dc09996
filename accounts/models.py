"""People, what they may do, the programs that may call us, and what each of them changed."""

from __future__ import annotations

import zoneinfo
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cached_property
from typing import Self, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Case, Count, F, Q, Value, When
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.rights import BUILT_IN_RIGHTS, DESCRIPTIONS, BuiltIn, Right
from offers_site.identifiers import uuid7

BETWEEN_NOTES = timedelta(minutes=1)  # how exactly the last use of a key is known
UNUSABLE_PASSWORD = "!"  # noqa: S105 (how Django marks the hash of somebody without a password)

is_code = RegexValidator(
    r"^[a-z0-9]+(?:[-_][a-z0-9]+)*\Z", _("Use small letters, digits and dashes, as in “brand-a”.")
)


def is_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("%(name)s is not a time zone."), params={"name": name})


def is_origin(origin: str) -> None:
    """Refuse all but a scheme and a host, as in `http://localhost:8080`."""
    try:
        parts = urlsplit(origin)
        _port = parts.port
    except ValueError:
        parts = urlsplit("")
    plain = f"{parts.scheme}://{parts.netloc}"
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or "@" in parts.netloc
        or "*" in parts.netloc
        or origin != plain.lower()
    ):
        raise ValidationError(
            _("%(origin)s is not an origin: write it as https://shop.example, without a path."),
            params={"origin": origin},
        )


# --- Access labels ---


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


M = TypeVar("M", bound=models.Model)


class LabelledQuerySet(models.QuerySet[M]):
    """For models with a many-to-many `access_labels`."""

    def visible_to(self, user: User) -> Self:
        """Those without labels, and those of which `user` holds every label."""
        if user.is_administrator:
            return self.all()
        missing = AccessLabel.objects.exclude(pk__in=user.held_label_keys)
        return self.exclude(access_labels__in=missing)


# --- Roles ---


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


# --- People ---


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
    version = models.PositiveIntegerField(default=1)

    objects = UserManager.from_queryset(UserQuerySet)()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
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


# --- Programs ---


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable_at(self, at: datetime) -> Self:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), revoked_at=None)

    def note_use(self, at: datetime) -> int:
        """Write down that they are used at `at`, at most once a minute."""
        stale = Q(last_used_at=None) | Q(last_used_at__lt=at - BETWEEN_NOTES)
        return self.filter(stale).update(last_used_at=at)

    def for_key_list(self, at: datetime) -> Self:
        """With who made them, and the `state` in which each is at `at`."""
        state = Case(
            When(revoked_at__isnull=False, then=Value("revoked")),
            When(expires_at__lte=at, then=Value("expired")),
            default=Value("active"),
        )
        return self.annotate(state=state).select_related("created_by")


class ApiKey(models.Model):
    """What a program shows to be let in. Its secret is shown once; we keep a hash."""

    class Scope(models.TextChoices):
        DECIDE = "decide", _("Ask for offers")
        DECIDE_AT = "decide:at", _("Ask for offers at another date, and for explanations")
        PROPOSITIONS = "propositions", _("Report what became of propositions")
        CONTACTS = "contacts", _("Read and write contacts")
        CATALOG = "catalog", _("Read and write the catalogue")
        COUPONS_VALIDATE = "coupons:validate", _("Check coupon codes")
        COUPONS_REDEEM = "coupons:redeem", _("Redeem coupon codes")
        COUPONS_ROLLBACK = "coupons:rollback", _("Reverse redemptions")
        IMPORTS = "imports", _("Import files")
        DELIVERIES = "deliveries", _("Prepare and send deliveries")
        JOBS = "jobs", _("Follow jobs")
        JOURNAL = "journal", _("Read the journal")

    # What a key that stands in a web page, for all to read, may carry at most.
    PUBLISHABLE = (Scope.DECIDE, Scope.PROPOSITIONS)

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(_("begins with"), max_length=16, editable=False)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("scopes"))
    spaces = ArrayField(
        models.CharField(max_length=80), verbose_name=_("spaces"), default=list, blank=True
    )
    origins = ArrayField(
        models.CharField(max_length=260, validators=[is_origin]),
        verbose_name=_("origins"),
        default=list,
        blank=True,
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="keys"
    )
    created_at = models.DateTimeField(_("created at"), editable=False)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="key_name_once_among_those_in_use",
                condition=Q(revoked_at=None),
                violation_error_message=_("There is already a key with this name."),
            ),
            models.CheckConstraint(name="key_has_a_scope", condition=~Q(scopes=[])),
            models.CheckConstraint(
                name="key_with_origins_only_decides",
                condition=Q(origins=[]) | Q(scopes__contained_by=["decide", "propositions"]),
                violation_error_message=_(
                    "A key with origins stands in web pages, where anybody can read it: it may "
                    "only ask for offers and report what became of them."
                ),
            ),
            models.CheckConstraint(
                name="key_expires_after_it_is_made",
                condition=Q(expires_at=None) | Q(expires_at__gt=F("created_at")),
                violation_error_message=_("A key expires after the moment at which it is made."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_due_to_note_use(self, at: datetime) -> bool:
        """As far as this copy of the row knows; spares most calls a query."""
        return self.last_used_at is None or self.last_used_at < at - BETWEEN_NOTES

    def may(self, scope: str) -> bool:
        return scope in self.scopes

    def may_use_space(self, name: str) -> bool:
        return not self.spaces or name in self.spaces

    @property
    def is_publishable(self) -> bool:
        return bool(self.origins)

    @property
    def scope_labels(self) -> list[str]:
        return [str(self.Scope(scope).label) for scope in self.scopes]


# --- The journal ---


class JournalQuerySet(models.QuerySet["JournalEntry"]):
    def about(self, subject_type: str, subject_key: str) -> Self:
        return self.filter(subject_type=subject_type, subject_key=subject_key)

    def concerning(self, person: User) -> Self:
        """What they did, and what was done to them."""
        done_to = Q(subject_type="accounts.user", subject_key=str(person.public_id))
        return self.filter(Q(by=person) | done_to)

    def older_than(self, at: datetime) -> Self:
        return self.filter(at__lt=at)

    def narrowed(
        self, *, since: datetime | None = None, until: datetime | None = None, **equal: str | None
    ) -> Self:
        """Those from `since` until before `until` whose columns are `equal`; None asks nothing."""
        entries = self.filter(**{name: value for name, value in equal.items() if value})
        if since:
            entries = entries.filter(at__gte=since)
        return entries.filter(at__lt=until) if until else entries

    def for_journal_list(self) -> Self:
        """Newest first, with who did it."""
        return self.select_related("by", "key").order_by("-at", "-id")


class JournalEntry(models.Model):
    """Who changed what, when. Append-only: the database refuses to change a row."""

    class Via(models.TextChoices):
        SCREEN = "screen", _("Screen")
        API = "api", _("API")
        COMMAND = "command", _("Command line")
        SYSTEM = "system", _("System")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(_("date"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="journal"
    )
    key = models.ForeignKey(ApiKey, models.PROTECT, null=True, related_name="journal")
    by_name = models.CharField(_("by"), max_length=200)
    via = models.CharField(_("via"), max_length=10, choices=Via.choices)
    verb = models.CharField(_("what happened"), max_length=60)
    subject_type = models.CharField(_("kind of object"), max_length=60)
    subject_key = models.CharField(max_length=120)
    subject_label = models.CharField(_("object"), max_length=200)
    before = models.JSONField(_("before"), default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("after"), default=dict, encoder=DjangoJSONEncoder)
    comment = models.TextField(_("comment"), blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    objects = JournalQuerySet.as_manager()

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal entries")
        indexes = [
            # the journal's page, newest first, and its filters
            models.Index(F("at").desc(), F("id").desc(), name="journal_newest"),
            models.Index("subject_type", "subject_key", F("at").desc(), name="journal_of_subject"),
            models.Index("by", F("at").desc(), name="journal_of_person"),
            models.Index("verb", F("at").desc(), name="journal_of_verb"),
        ]
        constraints = [
            models.CheckConstraint(
                name="journal_names_a_person_or_a_key", condition=Q(by=None) | Q(key=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_label}"

    def get_absolute_url(self) -> str:
        return reverse("accounts:journal-entry", args=[self.id])
