"""Files that came in or went out, and what was refused of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey
from jobs.models import Job
from offers_site.identifiers import uuid7

if TYPE_CHECKING:
    from accounts.models import User


class TransferQuerySet(models.QuerySet["Transfer"]):
    def imports(self) -> Self:
        return self.filter(direction=Transfer.Direction.IMPORT)

    def exports(self) -> Self:
        return self.filter(direction=Transfer.Direction.EXPORT)

    def of_same_file(self, transfer: Transfer) -> Self:
        """Earlier imports of the very same bytes that took something."""
        same = self.imports().filter(subject=transfer.subject, sha256=transfer.sha256)
        return same.exclude(pk=transfer.pk).filter(is_dry_run=False, read__gt=0)

    def visible_to(self, person: User) -> Self:
        """A person's own; whoever may see the system sees all."""
        return self if person.has_perm("site.view_system") else self.filter(by=person)

    def ended_before(self, at: datetime) -> Self:
        """What ended before, or was prepared before and never begun."""
        return self.filter(Q(job__ended_at__lt=at) | Q(job=None, created_at__lt=at))

    def for_transfer_list(self) -> Self:
        return self.select_related("job", "by", "key").annotate(sort_state=STATE)


class Transfer(models.Model):
    """One file, with the job that reads or writes it. Its state is the job's, seen closer."""

    class Direction(models.TextChoices):
        IMPORT = "import", _("Import")
        EXPORT = "export", _("Export")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        PAUSING = "pausing", _("Pausing")
        PAUSED = "paused", _("Paused")
        INTERRUPTED = "interrupted", _("Interrupted")
        CANCELLING = "cancelling", _("Stopping")
        CANCELLED = "cancelled", _("Cancelled")
        FINISHED = "finished", _("Finished")
        FINISHED_WITH_REJECTS = "finished_with_rejects", _("Finished with rejects")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    direction = models.CharField(_("direction"), max_length=6, choices=Direction.choices)
    subject = models.CharField(_("subject"), max_length=40)
    job = models.OneToOneField(Job, models.PROTECT, null=True, related_name="transfer")
    file_name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(_("size"), default=0)
    format = models.CharField(max_length=4)
    options = models.JSONField[dict[str, Any], dict[str, Any]](default=dict)
    is_dry_run = models.BooleanField(default=False)
    read = models.BigIntegerField(_("read"), default=0)
    inserted = models.BigIntegerField(_("inserted"), default=0)
    updated = models.BigIntegerField(_("updated"), default=0)
    unchanged = models.BigIntegerField(_("unchanged"), default=0)
    ignored = models.BigIntegerField(_("ignored"), default=0)
    rejected = models.BigIntegerField(_("rejected"), default=0)
    blank = models.BigIntegerField(default=0)
    # Rejected because they were in the database already: they never stop a file.
    rejected_known = models.BigIntegerField(default=0)
    # How many of each code, warnings that are only counted included.
    codes = models.JSONField[dict[str, int], dict[str, int]](default=dict)
    unknown_columns = models.JSONField[list[str], list[str]](default=list)
    next_offset = models.BigIntegerField(default=0)
    next_line = models.BigIntegerField(default=1)
    next_row = models.BigIntegerField(default=0)
    fatal_code = models.CharField(max_length=40, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    key = models.ForeignKey(ApiKey, models.PROTECT, null=True, related_name="+")
    idempotency_key = models.CharField(max_length=200, blank=True)
    request_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(_("created"))
    file_deleted_at = models.DateTimeField(null=True)
    # It named somebody who has been erased since.
    file_erased = models.BooleanField(default=False)
    errors_deleted_at = models.DateTimeField(null=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.CheckConstraint(
                name="transfer_counters_add_up",
                condition=Q(
                    read=F("inserted")
                    + F("updated")
                    + F("unchanged")
                    + F("ignored")
                    + F("rejected")
                ),
            ),
            models.CheckConstraint(
                name="transfer_counters_count_up",
                condition=Q(inserted__gte=0, updated__gte=0, unchanged__gte=0)
                & Q(ignored__gte=0, rejected__gte=0, blank__gte=0)
                & Q(rejected_known__gte=0, rejected_known__lte=F("rejected")),
            ),
            models.UniqueConstraint(
                name="transfer_once_per_idempotency_key",
                fields=["key", "idempotency_key"],
                condition=~Q(idempotency_key=""),
            ),
        ]
        indexes = [
            # the warning about the same file
            models.Index(fields=["subject", "sha256"], name="transfer_of_file"),
        ]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("transfers:transfer-detail", args=[self.pk])

    @property
    def state(self) -> str:
        """Needs the job."""
        if self.job is None:
            return self.State.DRAFT
        if self.job.was_interrupted:
            return self.State.INTERRUPTED
        if self.job.state == Job.State.FINISHED and self.rejected:
            return self.State.FINISHED_WITH_REJECTS
        return self.State(self.job.state)

    @property
    def state_label(self) -> str:
        return str(self.State(self.state).label)

    @property
    def is_import(self) -> bool:
        return self.direction == self.Direction.IMPORT

    @property
    def taken(self) -> int:
        """How many rows are in the database now as they stand in the file."""
        return self.inserted + self.updated + self.unchanged

    @property
    def complete_until(self) -> datetime | None:
        """Of an export: whatever was changed before is in it, and the next one may begin here."""
        moment = self.job.checkpoint.get("complete_until") if self.job else None
        return datetime.fromisoformat(moment) if moment else None

    @property
    def has_ended(self) -> bool:
        return self.job is not None and self.job.has_ended

    @property
    def may_be_paused(self) -> bool:
        return self.job is not None and self.job.state in {Job.State.QUEUED, Job.State.RUNNING}

    @property
    def may_be_resumed(self) -> bool:
        return self.job is not None and self.job.state == Job.State.PAUSED

    @property
    def counters(self) -> dict[str, int]:
        names = ("read", "inserted", "updated", "unchanged", "ignored", "rejected", "blank")
        return {name: getattr(self, name) for name in names}


STATE = Case(
    When(job=None, then=Value("draft")),
    When(job__state="queued", job__beat_at__isnull=False, then=Value("interrupted")),
    When(job__state="finished", rejected__gt=0, then=Value("finished_with_rejects")),
    default=F("job__state"),
    output_field=models.CharField(),
)


class Reject(models.Model):
    """Something that is wrong with a row of a file, or with the file."""

    class Severity(models.TextChoices):
        ERROR = "error", _("Error")
        WARNING = "warning", _("Warning")
        FATAL = "fatal", _("Fatal")

    transfer = models.ForeignKey(Transfer, models.CASCADE, related_name="rejects")
    line = models.BigIntegerField(_("line"))
    row = models.BigIntegerField(_("row"))
    column = models.CharField(_("column"), max_length=200, blank=True)
    severity = models.CharField(_("severity"), max_length=7, choices=Severity.choices)
    code = models.CharField(_("code"), max_length=40)
    value = models.CharField(_("value"), max_length=100, blank=True)
    first_seen_line = models.BigIntegerField(_("first seen"), null=True)
    detail = models.JSONField[dict[str, Any], dict[str, Any]](default=dict)

    class Meta:
        verbose_name = _("reject")
        verbose_name_plural = _("rejects")
        indexes = [
            # the report, in the order of the file
            models.Index(fields=["transfer", "line", "id"], name="reject_of_transfer"),
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.code}"


class FileSearch(models.Model):
    """What stored files are searched for, until the last of them has been."""

    words = models.JSONField[list[str], list[str]](default=list)
    created_at = models.DateTimeField()
    job = models.OneToOneField(Job, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("search of stored files")
        verbose_name_plural = _("searches of stored files")

    def __str__(self) -> str:
        """Says nothing of whom it is about."""
        return f"search {self.pk}"


class Template(models.Model):
    """The settings of an import, kept to be used again."""

    name = models.CharField(_("name"), max_length=80)
    subject = models.CharField(_("subject"), max_length=40)
    options = models.JSONField[dict[str, Any], dict[str, Any]](default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("import template")
        verbose_name_plural = _("import templates")
        constraints = [
            models.UniqueConstraint(fields=["subject", "name"], name="template_name_once")
        ]

    def __str__(self) -> str:
        return self.name
