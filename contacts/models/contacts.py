"""People we know, and people whom we only recognise."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now, Reverse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contacts.models.folding import Folded


def prefix_index(expression: models.expressions.Combinable, name: str, of: str) -> models.Index:
    """An index for `LIKE 'abc%'` whatever the language of the database, of those that have one."""
    return models.Index(
        OpClass(expression, name="text_pattern_ops"),
        name=name,
        condition=Q(**{f"{of}__isnull": False}),
    )


class Meets(models.Expression):
    """A condition in SQL, in which `@.` stands for the contacts' table."""

    output_field = models.BooleanField()
    conditional = True

    def __init__(self, text: str, parameters: Sequence[Any]) -> None:
        super().__init__()
        self.text = text
        self.parameters = parameters
        self.key: models.Expression | models.F = F("pk")

    def get_source_expressions(self) -> list[Any]:
        return [self.key]

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        (self.key,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        alias = compiler.quote_name_unless_alias(self.key.alias)  # type: ignore[union-attr] # a Col by now
        return "(" + self.text.replace("@.", f"{alias}.") + ")", tuple(self.parameters)


class ContactQuerySet(models.QuerySet["Contact"]):
    def meeting(self, text: str, parameters: Sequence[Any]) -> Self:
        """Those of whom a condition in SQL is true; see `contacts.audiences`."""
        return self.filter(Meets(text, parameters))

    def contacts(self) -> Self:
        return self.filter(kind=Contact.Kind.CONTACT)

    def visitors(self) -> Self:
        return self.filter(kind=Contact.Kind.VISITOR)

    def idle_since(self, at: datetime) -> Self:
        """Those who have not changed since, and are linked to nobody."""
        return self.filter(linked_contact=None, changed_at__lt=at)

    def with_key(self, key: str) -> Self:
        """Whoever has this key, or had it before they were merged."""
        aliases = ContactAlias.objects.filter(key=key).values("contact_id")
        return self.filter(Q(key=key) | Q(pk__in=aliases))


class Contact(models.Model):
    """A contact or a visitor.

    The declared attributes are columns of this same table, which only `contacts.columns` knows of.
    Whatever is missing is NULL: never an empty text, never an empty list.
    """

    class Kind(models.TextChoices):
        CONTACT = "contact", _("Contact")
        VISITOR = "visitor", _("Visitor")

    # An identity that says nothing of the person: it may stay in the journal when they are erased.
    public_id = models.UUIDField(
        default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False
    )
    kind = models.CharField(
        _("kind"), max_length=7, choices=Kind.choices, default=Kind.CONTACT, db_default="contact"
    )
    key = models.CharField(_("key"), max_length=120)
    email = models.CharField(_("email address"), max_length=254, null=True)  # noqa: DJ001 (missing is NULL, as rules want it)
    email_normal = models.CharField(max_length=254, null=True, editable=False)  # noqa: DJ001
    phone = models.CharField(_("phone"), max_length=16, null=True)  # noqa: DJ001 (E.164)
    first_name = models.CharField(_("first name"), max_length=80, null=True)  # noqa: DJ001
    last_name = models.CharField(_("last name"), max_length=80, null=True)  # noqa: DJ001
    birth_date = models.DateField(_("date of birth"), null=True)
    language = models.CharField(_("language"), max_length=16, null=True)  # noqa: DJ001
    timezone = models.CharField(_("time zone"), max_length=64, null=True)  # noqa: DJ001
    address1 = models.CharField(_("address"), max_length=200, null=True)  # noqa: DJ001
    address2 = models.CharField(_("address, second line"), max_length=200, null=True)  # noqa: DJ001
    postcode = models.CharField(_("postcode"), max_length=20, null=True)  # noqa: DJ001
    city = models.CharField(_("city"), max_length=100, null=True)  # noqa: DJ001
    country = models.CharField(_("country"), max_length=80, null=True)  # noqa: DJ001
    email_opt_out = models.BooleanField(_("no email"), default=False, db_default=False)
    sms_opt_out = models.BooleanField(_("no text messages"), default=False, db_default=False)
    phone_opt_out = models.BooleanField(_("no calls"), default=False, db_default=False)
    post_opt_out = models.BooleanField(_("no letters"), default=False, db_default=False)
    linked_contact = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="visitors",
        db_index=False,  # see the partial one below
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    changed_at = models.DateTimeField(_("changed at"), db_default=Now(), editable=False)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    # Raised by every decision that is stored: a decision holds only if it is as it was read.
    clock = models.BigIntegerField(default=0, db_default=0, editable=False)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [
            # the list, newest first; its other order is that of the unique key
            models.Index("kind", F("created_at").desc(), F("id").desc(), name="contact_newest"),
            models.Index(
                fields=["linked_contact"],
                name="contact_of_visitor",
                condition=Q(linked_contact__isnull=False),
            ),
            # the search of the list
            models.Index(OpClass(Lower("key"), name="text_pattern_ops"), name="contact_by_key"),
            prefix_index(F("email_normal"), "contact_by_email", of="email_normal"),
            prefix_index(Folded("last_name", "first_name"), "contact_by_last_name", of="last_name"),
            prefix_index(
                Folded("first_name", "last_name"), "contact_by_first_name", of="first_name"
            ),
            prefix_index(F("phone"), "contact_by_phone", of="phone"),
            prefix_index(Reverse("phone"), "contact_by_end_of_phone", of="phone"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                name="contact_key_once",
                violation_error_message=_("There is already somebody with this key."),
            ),
            models.CheckConstraint(
                name="contact_kind_is_known", condition=Q(kind__in=["contact", "visitor"])
            ),
            models.CheckConstraint(
                name="contact_empty_text_is_missing",
                condition=~Q(key="")
                & ~Q(email="")
                & ~Q(email_normal="")
                & ~Q(first_name="")
                & ~Q(last_name="")
                & ~Q(language="")
                & ~Q(timezone="")
                & ~Q(address1="")
                & ~Q(address2="")
                & ~Q(postcode="")
                & ~Q(city="")
                & ~Q(country=""),
            ),
            models.CheckConstraint(
                name="contact_phone_is_e164",
                condition=Q(phone=None) | Q(phone__regex=r"^\+[1-9][0-9]{5,14}$"),
            ),
            # The days that every part of the rules agrees on; see rules/meaning.py.
            models.CheckConstraint(
                name="contact_birth_date_is_a_day",
                condition=Q(birth_date=None)
                | Q(birth_date__gte="0001-01-02", birth_date__lte="9999-12-30"),
            ),
            models.CheckConstraint(
                name="contact_only_visitors_are_linked",
                condition=Q(linked_contact=None) | Q(kind="visitor"),
            ),
        ]

    def __str__(self) -> str:
        """Says nothing of the person, because the journal keeps it."""
        return f"{self.get_kind_display().lower()} {str(self.public_id)[:8]}"

    def get_absolute_url(self) -> str:
        return reverse("contacts:contact-detail", args=[self.public_id])

    def get_list_url(self) -> str:
        return reverse(f"contacts:{self.kind}-list")

    @property
    def name(self) -> str:
        return f"{self.first_name or ''} {self.last_name or ''}".strip()

    @property
    def closed_channels(self) -> list[str]:
        return [
            str(channel.label)
            for channel in OptOutChange.Channel
            if getattr(self, f"{channel.value}_opt_out")
        ]

    @property
    def is_contact(self) -> bool:
        return self.kind == self.Kind.CONTACT


class ContactAlias(models.Model):
    """A key that a contact had before it was merged into another one."""

    key = models.CharField(max_length=120, unique=True)
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="aliases")

    class Meta:
        verbose_name = _("former key")
        verbose_name_plural = _("former keys")

    def __str__(self) -> str:
        return f"alias {self.pk}"


class OptOutChange(models.Model):
    """A channel that somebody closed or opened, when, how, and what proves it."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("Email")
        SMS = "sms", _("Text messages")
        PHONE = "phone", _("Calls")
        POST = "post", _("Letters")

    class Source(models.TextChoices):
        SCREEN = "screen", _("Entered by a colleague")
        API = "api", _("API")
        IMPORT = "import", _("Import")
        PERSON = "person", _("The person themselves")
        MERGE = "merge", _("Merged contacts")

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="opt_out_changes")
    channel = models.CharField(_("channel"), max_length=5, choices=Channel.choices)
    is_opted_out = models.BooleanField(_("opted out"))
    at = models.DateTimeField(_("date"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_name = models.CharField(_("by"), max_length=200, blank=True)
    source = models.CharField(_("source"), max_length=6, choices=Source.choices)
    proof = models.TextField(_("proof"), max_length=1000, blank=True)

    class Meta:
        verbose_name = _("consent change")
        verbose_name_plural = _("consent changes")
        indexes = [models.Index("contact", F("at").desc(), name="opt_outs_of_contact")]
        constraints = [
            models.CheckConstraint(
                name="opt_out_channel_is_known",
                condition=Q(channel__in=["email", "sms", "phone", "post"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.is_opted_out}"


class ErasureProof(models.Model):
    """Somebody was erased: when, by whom, and how much. Who they were is only a keyed hash."""

    key_hash = models.CharField(max_length=64)
    public_id = models.UUIDField(unique=True)
    kind = models.CharField(max_length=7, choices=Contact.Kind.choices)
    at = models.DateTimeField(_("date"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_name = models.CharField(_("by"), max_length=200, blank=True)
    removed = models.JSONField(_("removed"), default=dict)  # kinds of rows, and how many of each

    class Meta:
        verbose_name = _("proof of erasure")
        verbose_name_plural = _("proofs of erasure")
        indexes = [models.Index(fields=["key_hash"], name="erasure_by_key")]

    def __str__(self) -> str:
        return f"erasure {self.public_id}"
