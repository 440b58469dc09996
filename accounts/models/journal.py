"""Who changed what, when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models.keys import ApiKey
from accounts.models.people import User
from offers_site.identifiers import uuid7
from offers_site.languages import in_this_language

# (somebody) -> the entries that say something of what they may not see
Veil = Callable[[User], Q]
_veils: list[Veil] = []


def hide_in_journal(veil: Veil) -> Veil:
    """Ask this function what to hide: rooms above know what carries labels, and leave theirs here.

    They do so when they are loaded (`apps.ready`); to leave it twice is to leave it once.
    """
    if veil not in _veils:
        _veils.append(veil)
    return veil


class JournalQuerySet(models.QuerySet["JournalEntry"]):
    def visible_to(self, user: User | None) -> Self:
        """Those that say nothing of what is hidden from `user`; None is the console."""
        if user is None or user.is_administrator:
            return self.all()
        seen = self.all()
        for veil in _veils:
            # A `NOT` would hide what the question is unknown of: all entries without such a fact.
            hidden = When(veil(user), then=Value(value=False))
            seen = seen.filter(Case(hidden, default=Value(value=True)))
        return seen

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
    # The same in every language, where they differ.
    subject_labels = models.JSONField[dict[str, str] | None, dict[str, str] | None](null=True)
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

    @property
    def subject_name(self) -> str:
        """What it is about, in the reader's language."""
        return in_this_language(self.subject_labels or {}) or self.subject_label
