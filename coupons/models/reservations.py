"""Codes that are asked for by number, and then given out one by one."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coupons.models.codes import Shelf
from coupons.models.coupons import Coupon
from offers_site.identifiers import uuid7


class ReservationQuerySet(models.QuerySet["Reservation"]):
    def open(self) -> Self:
        """Those that may have codes, or are promised some."""
        return self.filter(ended_at=None)

    def unfinished(self) -> Self:
        """Those at which a worker is: codes go to them or come back from them."""
        return self.open().filter(state__in=["binding", "ending"])

    def silent_since(self, at: datetime) -> Self:
        """Those whose worker was lost before `at`."""
        return self.unfinished().filter(beat_at__lt=at)

    def lapsed_at(self, at: datetime) -> Self:
        """Those that nobody has confirmed for too long."""
        return self.open().filter(state="held", expires_at__lte=at)

    def of_delivery(self, delivery: str) -> Self:
        return self.open().filter(delivery=delivery).order_by("pk")


class Reservation(models.Model):
    """One analysis of a delivery that asked for codes of a coupon.

    Its number was taken from shelves at once (`Promise`), and it binds codes against that number.
    Whoever works on it lets `beat_at` go on; once it is ending, nothing is bound to it any more.
    """

    class State(models.TextChoices):
        BINDING = "binding", _("Reserving")
        HELD = "held", _("Reserved")
        ENDING = "ending", _("Giving back")
        ENDED = "ended", _("Ended")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="reservations")
    delivery = models.CharField(_("delivery"), max_length=64)
    slot = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=7, choices=State.choices, default=State.BINDING)
    wanted = models.PositiveIntegerField()
    # The codes must be usable at all of these moments.
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    created_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = ReservationQuerySet.as_manager()

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        constraints = [
            models.CheckConstraint(
                name="reservation_state_is_known",
                condition=Q(state__in=["binding", "held", "ending"], ended_at=None)
                | Q(state="ended", ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="reservation_covers_a_time", condition=Q(valid_until__gte=F("valid_from"))
            ),
        ]
        indexes = [
            models.Index(fields=["delivery", "slot"], name="reservation_of_delivery"),
            models.Index(
                fields=["state", "beat_at"],
                name="reservation_unfinished",
                condition=Q(ended_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delivery} {self.coupon_id}"


class Promise(models.Model):
    """How many codes of a shelf a reservation may still bind. Binding one takes one off."""

    reservation = models.ForeignKey(
        Reservation, models.CASCADE, related_name="promises", db_index=False
    )
    shelf = models.ForeignKey(Shelf, models.PROTECT, related_name="promises")
    remaining = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reservation", "shelf"], name="promise_once_a_shelf")
        ]

    def __str__(self) -> str:
        return f"{self.reservation_id}: {self.remaining}"
