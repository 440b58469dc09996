"""The keys of programs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from offers_site.identifiers import uuid7
from offers_site.values import clean_path

LONGEST_PATH = 300  # of a folder of coupons
BETWEEN_NOTES = timedelta(minutes=1)  # how exactly the last use of a key is known


USUAL_PORTS = {"http": 80, "https": 443}


def origin_as_sent(text: str) -> str:
    """An origin as browsers write it: small letters, ASCII, without a slash or the usual port."""
    text = text.rstrip("/").lower()
    try:
        parts = urlsplit(text)
        is_usual = parts.port is not None and parts.port == USUAL_PORTS.get(parts.scheme)
        place = parts.netloc.rpartition(":")[0] if is_usual else parts.netloc
        place = place if place.isascii() else place.encode("idna").decode("ascii")
    except ValueError:  # it is refused as it stands
        return text
    return parts._replace(netloc=place).geturl()


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


def folder_paths(given: Iterable[str]) -> list[str]:
    """Paths such as `A/B`, as they are kept; raises ValidationError for one that is too long."""
    paths = list(dict.fromkeys(path for path in map(clean_path, given) if path))
    if any(len(path) > LONGEST_PATH for path in paths):
        raise ValidationError(_("The path of a folder has at most 300 characters."))
    return paths


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
    PUBLISHABLE = (Scope.DECIDE, Scope.PROPOSITIONS, Scope.COUPONS_VALIDATE)

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(_("begins with"), max_length=16, editable=False)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("scopes"))
    spaces = ArrayField(
        models.CharField(max_length=80), verbose_name=_("spaces"), default=list, blank=True
    )
    # Paths: coupons elsewhere are not there for it.
    coupon_folders = ArrayField(
        models.CharField(max_length=LONGEST_PATH),
        verbose_name=_("coupon folders"),
        default=list,
        blank=True,
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
    # Of a key that is only remembered: by what it is known to be the same still.
    stamp = ""

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
                condition=Q(origins=[])
                | Q(scopes__contained_by=["decide", "propositions", "coupons:validate"]),
                violation_error_message=_(
                    "A key with origins stands in web pages, where anybody can read it: it may "
                    "only ask for offers, report what became of them and check coupon codes."
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
