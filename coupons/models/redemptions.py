"""Every use of a coupon, kept for ever, and what counts them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey
from coupons.models.codes import Code
from coupons.models.coupons import Coupon
from offers_site.identifiers import uuid7


class HoldQuerySet(models.QuerySet["Hold"]):
    def live_at(self, at: datetime) -> Self:
        return self.filter(ended_at=None, expires_at__gt=at)

    def lapsed_at(self, at: datetime) -> Self:
        return self.filter(ended_at=None, expires_at__lte=at)


class Hold(models.Model):
    """A use that somebody keeps for a while, until it is redeemed, let go, or lapses."""

    class End(models.TextChoices):
        REDEEMED = "redeemed", _("Redeemed")
        RELEASED = "released", _("Released")
        LAPSED = "lapsed", _("Lapsed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="holds", db_index=False)
    code = models.ForeignKey(Code, models.PROTECT, null=True, related_name="holds", db_index=False)
    source = models.CharField(max_length=60)
    name = models.CharField(max_length=200)  # what whoever holds it calls it
    customer_key = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=8, choices=End.choices, blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = [
            models.UniqueConstraint(fields=["source", "name"], name="hold_name_once"),
            models.CheckConstraint(
                name="hold_ends_somehow",
                condition=Q(ended_at=None, end="")
                | Q(ended_at__isnull=False, end__in=["redeemed", "released", "lapsed"]),
            ),
        ]
        indexes = [
            models.Index(fields=["code"], name="hold_of_code", condition=Q(ended_at=None)),
            models.Index(
                fields=["coupon", "expires_at"], name="hold_of_coupon", condition=Q(ended_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"hold {self.pk}"


class RedemptionQuerySet(models.QuerySet["Redemption"]):
    def uses(self) -> Self:
        return self.filter(kind=Redemption.Kind.REDEEM)

    def standing(self) -> Self:
        """Uses that nobody has reversed."""
        return self.uses().filter(reversal=None)


class Redemption(models.Model):
    """A use of a code, or the reversal of one. Append-only: the database refuses to change it."""

    class Kind(models.TextChoices):
        REDEEM = "redeem", _("Redemption")
        ROLL_BACK = "rollback", _("Reversal")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("what happened"), max_length=8, choices=Kind.choices)
    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="redemptions", db_index=False)
    code = models.ForeignKey(
        Code, models.PROTECT, null=True, related_name="redemptions", db_index=False
    )
    of = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversal")
    hold = models.OneToOneField(Hold, models.PROTECT, null=True, related_name="redemption")
    # Where it comes from, and what it is called there: the same twice is one use.
    source = models.CharField(_("source"), max_length=60)
    external_id = models.CharField(_("external id"), max_length=200)
    request_hash = models.CharField(max_length=64, blank=True)
    redeemed_on = models.DateTimeField(_("date"))
    recorded_at = models.DateTimeField(_("recorded at"))
    customer_key = models.CharField(_("customer"), max_length=120, blank=True)
    order_id = models.CharField(_("order"), max_length=120, blank=True)
    store = models.CharField(_("store"), max_length=120, blank=True)
    channel = models.CharField(_("channel"), max_length=50, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, null=True)
    discount = models.DecimalField(_("discount"), max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    comment = models.CharField(_("comment"), max_length=500, blank=True)
    details = models.JSONField[dict[str, Any], dict[str, Any]](default=dict)
    # Why it would have been refused, had it not happened already; see `coupons.judging`.
    flags = ArrayField(models.CharField(max_length=30), verbose_name=_("remarks"), default=list)
    delivery = models.CharField(_("delivery"), max_length=64, blank=True)
    message = models.UUIDField(null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    key = models.ForeignKey(ApiKey, models.PROTECT, null=True, related_name="+")

    objects = RedemptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="redemption_once_a_source"
            ),
            models.CheckConstraint(
                name="redemption_reverses_one_or_none",
                condition=Q(kind="redeem", of=None) | Q(kind="rollback", of__isnull=False),
            ),
            models.CheckConstraint(
                name="redemption_currency_is_iso",
                condition=Q(currency="") | Q(currency__regex="^[A-Z]{3}$"),
            ),
        ]
        indexes = [
            models.Index(fields=["code", "id"], name="redemption_of_code"),
            models.Index("coupon", F("redeemed_on").desc(), F("id").desc(), name="redemption_new"),
            models.Index(
                fields=["coupon", "customer_key"],
                name="redemption_of_customer",
                condition=~Q(customer_key=""),
            ),
            models.Index(
                fields=["delivery"], name="redemption_of_delivery", condition=~Q(delivery="")
            ),
            # what is remarkable
            models.Index(
                fields=["coupon", "-id"], name="redemption_with_remarks", condition=~Q(flags=[])
            ),
            models.Index(
                fields=["coupon", "code"],
                name="redemption_reversed",
                condition=Q(kind="rollback", code__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class CustomerUse(models.Model):
    """How often a customer has used a coupon; kept also where there is no limit, for the day when
    there is one."""

    coupon = models.ForeignKey(Coupon, models.CASCADE, related_name="customer_uses", db_index=False)
    customer_key = models.CharField(max_length=120)
    used = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["coupon", "customer_key"], name="customer_use_once_a_coupon"
            )
        ]

    def __str__(self) -> str:
        return f"{self.coupon_id}: {self.used}"
