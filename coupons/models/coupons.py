"""The definition of a coupon: one code for everybody, or a pool of codes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.journal import Actor
from accounts.models import AccessLabel, LabelledQuerySet, User
from coupons.models.folders import Folder, hidden_folders, paths_of, person_of
from offers_site.identifiers import uuid7

USE_SLOTS = 16  # over how many rows the uses of a coupon are counted


class CouponQuerySet(LabelledQuerySet["Coupon"]):
    def visible_to(self, user: User) -> Self:
        """Those of which `user` holds every label, of their folder and of all above it too."""
        if user.is_administrator:
            return self.all()
        return super().visible_to(user).exclude(folder__in=hidden_folders(user))

    def open_to(self, by: Actor) -> Self:
        """Those that whoever acts may know of; all at the console.

        A key knows of what whoever made it sees, as far as that lies in its folders.
        """
        person = person_of(by)
        seen = self.visible_to(person) if person else self.all()
        paths = paths_of(by)
        return seen.filter(folder__in=Folder.objects.within(paths)) if paths else seen

    def with_code(self, code: str) -> Self:
        """Whichever has this code, however it is written; see `coupons.normalising`."""
        return self.filter(code_norm=code)

    def usable_at(self, at: datetime) -> Self:
        started = Q(start_at=None) | Q(start_at__lte=at)
        return self.filter(started, Q(end_at=None) | Q(end_at__gt=at), status="active")

    def for_coupon_list(self) -> Self:
        return self.select_related("folder", "owner").prefetch_related("access_labels")


class Coupon(models.Model):
    """A coupon. An anonymous one has no codes but its own; an individual one has a pool of them."""

    class Type(models.TextChoices):
        ANONYMOUS = "anonymous", _("Anonymous: one code for everybody")
        INDIVIDUAL = "individual", _("Individual: each person a code of their own")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        ARCHIVED = "archived", _("Archived")

    class AssignmentMode(models.TextChoices):
        ONE_PER_MESSAGE = "one_per_message", _("A code for each message")
        BY_SEGMENT = "by_segment", _("A code for each segment")

    class ReusePolicy(models.TextChoices):
        NEVER = "never", _("Never")
        IF_NEVER_ATTEMPTED = "if_never_attempted", _("If the message was never attempted")
        IF_REJECTED = "if_rejected", _("Also if the message was refused before its content left")

    class ThresholdUnit(models.TextChoices):
        CODES = "codes", _("codes")
        PERCENT = "percent", _("percent of all codes")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    label = models.CharField(_("label"), max_length=200)
    code = models.CharField(_("code"), max_length=64)
    code_norm = models.CharField(max_length=64, db_collation="C", editable=False)
    type = models.CharField(_("type"), max_length=10, choices=Type.choices, default=Type.ANONYMOUS)
    status = models.CharField(
        _("status"), max_length=9, choices=Status.choices, default=Status.ACTIVE
    )
    start_at = models.DateTimeField(_("start"), null=True, blank=True)
    end_at = models.DateTimeField(_("end"), null=True, blank=True)
    timezone = models.CharField(_("time zone"), max_length=64)
    description = models.TextField(_("description"), max_length=4000, blank=True)
    folder = models.ForeignKey(
        Folder,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="coupons",
        verbose_name=_("folder"),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    access_labels = models.ManyToManyField(
        AccessLabel, verbose_name=_("access labels"), related_name="coupons", blank=True
    )
    tags = ArrayField(
        models.CharField(max_length=50), verbose_name=_("tags"), default=list, blank=True
    )
    assignment_mode = models.CharField(
        _("assignment"),
        max_length=15,
        choices=AssignmentMode.choices,
        default=AssignmentMode.ONE_PER_MESSAGE,
    )
    max_redemptions_per_code = models.PositiveIntegerField(
        _("uses of each code"), null=True, blank=True
    )
    max_redemptions_total = models.PositiveIntegerField(_("uses in all"), null=True, blank=True)
    max_redemptions_per_customer = models.PositiveIntegerField(
        _("uses by each customer"), null=True, blank=True
    )
    holder_only = models.BooleanField(_("only whoever received the code may use it"), default=False)
    accept_unissued = models.BooleanField(
        _("codes that were never sent may be used"), default=False
    )
    validity_after_issue = models.DurationField(
        _("how long a code is valid after it was sent"), null=True, blank=True
    )
    case_sensitive = models.BooleanField(_("capitals matter"), default=False)
    wide_characters = models.BooleanField(_("codes may hold other characters"), default=False)
    code_pattern = models.JSONField[dict[str, Any] | None, dict[str, Any] | None](
        _("pattern of codes"), null=True, blank=True
    )
    specimen_code = models.CharField(_("code of proofs"), max_length=70, blank=True)
    specimen_norm = models.CharField(max_length=70, db_collation="C", editable=False)
    low_stock_threshold = models.PositiveIntegerField(_("low stock below"), null=True, blank=True)
    low_stock_unit = models.CharField(
        max_length=7, choices=ThresholdUnit.choices, default=ThresholdUnit.CODES
    )
    reuse_policy = models.CharField(
        _("codes of failed messages come back"),
        max_length=18,
        choices=ReusePolicy.choices,
        default=ReusePolicy.IF_NEVER_ATTEMPTED,
    )
    external_id = models.CharField(_("external id"), max_length=120, null=True, blank=True)  # noqa: DJ001 (unique where it is)
    attributes = models.JSONField[dict[str, Any], dict[str, Any]](
        _("attributes"), default=dict, blank=True
    )
    # A message that carries it was attempted, or it was redeemed: its code never changes again.
    is_code_frozen = models.BooleanField(default=False, db_default=False, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("created at"), editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    changed_at = models.DateTimeField(_("changed at"), editable=False)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    objects = CouponQuerySet.as_manager()

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        constraints = [
            models.UniqueConstraint(
                fields=["code_norm"],
                name="coupon_code_once",
                violation_error_message=_("There is already a coupon with this code."),
            ),
            models.UniqueConstraint(
                fields=["external_id"],
                name="coupon_external_id_once",
                violation_error_message=_("There is already a coupon with this external id."),
            ),
            models.CheckConstraint(
                name="coupon_names_are_given",
                condition=~Q(label="") & ~Q(code="") & ~Q(code_norm="") & ~Q(external_id=""),
            ),
            models.CheckConstraint(
                name="coupon_ends_after_it_starts",
                condition=Q(start_at=None) | Q(end_at=None) | Q(end_at__gt=F("start_at")),
                violation_error_message=_("A coupon ends after it starts."),
            ),
            models.CheckConstraint(
                name="coupon_words_are_known",
                condition=Q(type__in=["anonymous", "individual"])
                & Q(status__in=["draft", "active", "suspended", "archived"])
                & Q(assignment_mode__in=["one_per_message", "by_segment"])
                & Q(reuse_policy__in=["never", "if_never_attempted", "if_rejected"])
                & Q(low_stock_unit__in=["codes", "percent"]),
            ),
            models.CheckConstraint(
                name="coupon_limits_allow_something",
                condition=(Q(max_redemptions_per_code=None) | Q(max_redemptions_per_code__gte=1))
                & (Q(max_redemptions_per_customer=None) | Q(max_redemptions_per_customer__gte=1)),
                violation_error_message=_("A limit is at least 1; leave it empty for none."),
            ),
        ]
        indexes = [
            models.Index(F("changed_at").desc(), F("id").desc(), name="coupon_newest"),
            models.Index(fields=["specimen_norm"], name="coupon_by_specimen"),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("coupons:coupon-detail", args=[self.code])

    @property
    def is_individual(self) -> bool:
        return self.type == self.Type.INDIVIDUAL

    @property
    def total_limit(self) -> int | None:
        """How often it may be redeemed in all."""
        limits = [self.max_redemptions_total]
        if not self.is_individual:
            limits.append(self.max_redemptions_per_code)
        return min((limit for limit in limits if limit is not None), default=None)


class CouponUseQuerySet(models.QuerySet["CouponUse"]):
    def used_of(self, coupons: Collection[int]) -> dict[int, int]:
        """How often each of these coupons was used, by its key."""
        rows = self.filter(coupon__in=list(coupons)).order_by().values("coupon")
        used = {row["coupon"]: row["sum"] for row in rows.annotate(sum=Sum("used"))}
        return {pk: used.get(pk, 0) for pk in coupons}


class CouponUse(models.Model):
    """Some of the uses of a coupon, and of its room for them; `room` is NULL without a limit.

    Spread over rows so that tills do not wait for each other. The database makes them with the
    coupon and shares the room out when a limit changes; see the migration.
    """

    coupon = models.ForeignKey(Coupon, models.CASCADE, related_name="uses", db_index=False)
    slot = models.PositiveSmallIntegerField()
    used = models.PositiveIntegerField(default=0, db_default=0)
    room = models.PositiveIntegerField(null=True)

    objects = CouponUseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["coupon", "slot"], name="coupon_use_once_a_slot")
        ]

    def __str__(self) -> str:
        return f"{self.coupon_id}/{self.slot}: {self.used}"
