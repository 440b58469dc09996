"""The codes of individual coupons, and what became of each.

A code without a `Standing` is available. Whatever happens to it begins by inserting its standing,
whose key is the code's: so nobody can give, use or void the same code twice. Triggers keep the
stock, the shelves and the ledger in step with these two tables in the same statement, whoever
writes; see the migration `0002_guards`.
"""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey
from coupons.models.coupons import Coupon
from jobs.models import Job
from transfers.models import Transfer

STOCK_SHARDS = 16


class Shelf(models.Model):
    """Codes of a coupon that are alike to whoever reserves: same segment, same window.

    `free`: those without a standing that are not promised to a reservation. Always
    `total` = standings + `free` + what is left of promises.
    """

    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="shelves", db_index=False)
    segment = models.CharField(_("segment"), max_length=100, blank=True)
    start_at = models.DateTimeField(_("start"), null=True, blank=True)
    end_at = models.DateTimeField(_("end"), null=True, blank=True)
    # Codes that are each for one person: they are never handed out by number.
    is_restricted = models.BooleanField(default=False, db_default=False)
    # Codes that only proofs may show.
    is_proof = models.BooleanField(default=False, db_default=False)
    total = models.BigIntegerField(default=0, db_default=0, editable=False)
    free = models.BigIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["coupon", "segment", "start_at", "end_at", "is_restricted", "is_proof"],
                name="shelf_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="shelf_has_what_it_says", condition=Q(free__gte=0, total__gte=F("free"))
            ),
            models.CheckConstraint(
                name="shelf_ends_after_it_starts",
                condition=Q(start_at=None) | Q(end_at=None) | Q(end_at__gt=F("start_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.coupon_id} {self.segment}"


class StockCount(models.Model):
    """How many codes of a shelf have which standing, spread over rows by the code's number.

    `touched`: codes that are available again or still, but that somebody has held or used: nobody
    else is given them. Available is what is left of the shelf's total.
    """

    shelf = models.ForeignKey(Shelf, models.CASCADE, related_name="counts", db_index=False)
    shard = models.PositiveSmallIntegerField()
    touched = models.PositiveIntegerField(default=0, db_default=0)
    reserved = models.PositiveIntegerField(default=0, db_default=0)
    issued = models.PositiveIntegerField(default=0, db_default=0)
    redeemed = models.PositiveIntegerField(default=0, db_default=0)
    void = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shelf", "shard"], name="stock_count_once_a_shard")
        ]

    def __str__(self) -> str:
        return f"{self.shelf_id}/{self.shard}"


class Batch(models.Model):
    """Codes that came together: a file, a generation, or by hand."""

    class Origin(models.TextChoices):
        MANUAL = "manual", _("Added by hand")
        IMPORT = "import", _("Import")
        GENERATION = "generation", _("Generation")

    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="batches")
    origin = models.CharField(_("origin"), max_length=10, choices=Origin.choices)
    label = models.CharField(_("label"), max_length=200, blank=True)
    transfer = models.ForeignKey(Transfer, models.PROTECT, null=True, related_name="+")
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    # Of a generation: how many were asked for, and how they are made.
    wanted = models.PositiveIntegerField(null=True)
    pattern = models.JSONField[dict[str, Any] | None, dict[str, Any] | None](null=True)
    made = models.PositiveIntegerField(_("codes"), default=0, db_default=0, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    key = models.ForeignKey(ApiKey, models.PROTECT, null=True, related_name="+")
    idempotency_key = models.CharField(max_length=200, blank=True)
    request_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        constraints = [
            models.UniqueConstraint(name="batch_once_a_file", fields=["transfer", "coupon"]),
            models.UniqueConstraint(
                name="batch_once_per_idempotency_key",
                fields=["coupon", "key", "by", "idempotency_key"],
                nulls_distinct=False,
                condition=~Q(idempotency_key=""),
            ),
            models.CheckConstraint(
                name="batch_origin_is_known",
                condition=Q(origin__in=["manual", "import", "generation"]),
            ),
        ]

    def __str__(self) -> str:
        return self.label or f"{self.get_origin_display()} {self.pk}"


class CodeQuerySet(models.QuerySet["Code"]):
    def available(self) -> Self:
        """Those of which nothing became. So written, they are found in the order of an index."""
        other = Standing.objects.filter(code=OuterRef("pk")).exclude(status="available")
        return self.filter(~Exists(other))

    def for_code_list(self) -> Self:
        """What comes with a code is read after the page is chosen: a join would be walked over."""
        return self.prefetch_related("standing", "shelf")


class Code(models.Model):
    """One code of an individual coupon. Its text never changes."""

    # No foreign keys in the database: a million rows would pay for three million look-ups. The
    # triggers refuse a code whose shelf, or its shelf's coupon, is not there.
    coupon = models.ForeignKey(
        Coupon, models.DO_NOTHING, related_name="codes", db_constraint=False, db_index=False
    )
    shelf = models.ForeignKey(
        Shelf, models.DO_NOTHING, related_name="codes", db_constraint=False, db_index=False
    )
    batch = models.ForeignKey(
        Batch, models.DO_NOTHING, related_name="codes", db_constraint=False, db_index=False
    )
    code = models.CharField(_("code"), max_length=64)
    code_norm = models.CharField(max_length=64, db_collation="C", editable=False)
    label = models.CharField(_("label"), max_length=200, blank=True, db_default="")
    max_redemptions = models.PositiveIntegerField(_("uses"), null=True, blank=True)
    restricted_to = models.CharField(_("only for"), max_length=120, blank=True, db_default="")
    external_id = models.CharField(_("external id"), max_length=120, blank=True, db_default="")
    attributes = models.JSONField[dict[str, Any] | None, dict[str, Any] | None](null=True)

    objects = CodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("code")
        verbose_name_plural = _("codes")
        constraints = [
            # Beside it stands `code_once_everywhere`, which an option takes away.
            models.UniqueConstraint(
                fields=["coupon", "code_norm"],
                name="code_once_in_a_coupon",
                violation_error_message=_("The coupon has this code already."),
            ),
            models.CheckConstraint(name="code_is_given", condition=~Q(code="") & ~Q(code_norm="")),
            models.CheckConstraint(
                name="code_may_be_used",
                condition=Q(max_redemptions=None) | Q(max_redemptions__gte=1),
            ),
        ]
        indexes = [
            # reserving takes the next ones of a shelf
            models.Index(fields=["shelf", "id"], name="code_of_shelf"),
            # the list of codes, and what is done to all of a batch
            models.Index(fields=["batch", "id"], name="code_of_batch"),
            models.Index(
                fields=["coupon", "restricted_to"],
                name="code_for_person",
                condition=~Q(restricted_to=""),
            ),
        ]

    def __str__(self) -> str:
        """Says nothing of the code itself, because logs and the journal keep it."""
        return f"code {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("coupons:code-detail", args=[self.pk])

    @property
    def status(self) -> str:
        """Needs the standing."""
        standing = getattr(self, "standing", None)
        return standing.status if standing else Standing.Status.AVAILABLE


class Standing(models.Model):
    """What has become of a code. An available code has none, unless somebody held or used it."""

    class Status(models.TextChoices):
        AVAILABLE = "available", _("Available")
        RESERVED = "reserved", _("Reserved")
        ISSUED = "issued", _("Assigned")
        REDEEMED = "redeemed", _("Redeemed")
        VOID = "void", _("Void")

    code = models.OneToOneField(
        Code, models.PROTECT, primary_key=True, related_name="standing", db_index=False
    )
    coupon = models.ForeignKey(
        Coupon, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    shelf = models.ForeignKey(
        Shelf, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    status = models.CharField(_("status"), max_length=9, choices=Status.choices)
    # To whom it was given: of the delivery and the message only what names them is known here.
    reservation = models.ForeignKey(
        "coupons.Reservation",
        models.DO_NOTHING,
        null=True,
        related_name="standings",
        db_constraint=False,
        db_index=False,
    )
    delivery = models.CharField(_("delivery"), max_length=64, blank=True, db_default="")
    message = models.UUIDField(null=True)
    slot = models.PositiveSmallIntegerField(default=1, db_default=1)
    channel = models.CharField(_("channel"), max_length=20, blank=True, db_default="")
    address = models.CharField(_("address"), max_length=500, blank=True, db_default="")
    target_mapping = models.CharField(max_length=50, blank=True, db_default="")
    target_key = models.CharField(max_length=120, blank=True, db_default="")
    reserved_at = models.DateTimeField(_("reserved on"), null=True)
    issued_at = models.DateTimeField(_("assigned on"), null=True)
    voided_at = models.DateTimeField(_("voided on"), null=True)
    redeemed_on = models.DateTimeField(_("redeemed on"), null=True)
    last_redeemed_on = models.DateTimeField(_("last redeemed on"), null=True)
    redemption_count = models.PositiveIntegerField(_("uses"), default=0, db_default=0)
    # Where a redeemed code goes back to when the redemption is reversed.
    status_before = models.CharField(max_length=9, blank=True, db_default="")
    changed_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = _("standing")
        verbose_name_plural = _("standings")
        constraints = [
            models.UniqueConstraint(
                fields=["message", "slot"],
                name="standing_once_a_message_and_slot",
                condition=Q(message__isnull=False),
            ),
            models.CheckConstraint(
                name="standing_fits_its_status",
                condition=Q(status="available", message=None, issued_at=None)
                | Q(status="reserved", reserved_at__isnull=False, issued_at=None)
                | Q(status="issued", issued_at__isnull=False)
                | (Q(status="redeemed", redemption_count__gte=1) & ~Q(status_before=""))
                | Q(status="void", voided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="standing_knows_when_it_was_used",
                condition=Q(
                    redemption_count=0, redeemed_on__isnull=True, last_redeemed_on__isnull=True
                )
                | Q(redemption_count__gte=1, last_redeemed_on__gte=F("redeemed_on")),
            ),
            models.CheckConstraint(
                name="standing_gives_a_known_slot", condition=Q(slot__gte=1, slot__lte=5)
            ),
        ]
        indexes = [
            models.Index(fields=["coupon", "status", "code"], name="standing_of_coupon"),
            models.Index(
                fields=["coupon", "redeemed_on", "code"],
                name="standing_by_redemption",
                condition=Q(redeemed_on__isnull=False),
            ),
            models.Index(
                fields=["coupon", "address", "code"],
                name="standing_by_address",
                condition=~Q(address=""),
            ),
            # what is given back when a delivery is prepared again, or a worker is lost
            models.Index(
                fields=["reservation", "code"],
                name="standing_of_reservation",
                condition=Q(status="reserved"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code_id}: {self.status}"
