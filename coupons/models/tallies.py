"""What became of a coupon, added up by day, delivery, channel, segment and store."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coupons.models.coupons import Coupon


class Tally(models.Model):
    """Some of a coupon's codes that were assigned and of its uses, which have all this in common.

    The database adds a row in each statement that assigns or redeems codes, so that tills wait for
    nobody; now and then they are added up (`is_sum`). All rows together always are exact.
    """

    coupon = models.ForeignKey(Coupon, models.CASCADE, related_name="tallies", db_index=False)
    # In the coupon's time zone: of assignment, and of use.
    day = models.DateField(_("day"))
    delivery = models.CharField(_("delivery"), max_length=64, blank=True)
    channel = models.CharField(_("channel"), max_length=20, blank=True)  # of the message
    segment = models.CharField(_("segment"), max_length=100, blank=True)
    store = models.CharField(_("store"), max_length=120, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    is_sum = models.BooleanField(default=False, db_default=False)
    # Less is possible: what is taken back is a row of its own.
    assigned = models.IntegerField(_("codes assigned"), default=0, db_default=0)
    redeemed = models.IntegerField(_("of them redeemed"), default=0, db_default=0)
    uses = models.IntegerField(_("redemptions"), default=0, db_default=0)
    reversals = models.IntegerField(_("reversals"), default=0, db_default=0)
    amount = models.DecimalField(
        _("amount"), max_digits=18, decimal_places=2, default=0, db_default=0
    )
    discount = models.DecimalField(
        _("discount"), max_digits=18, decimal_places=2, default=0, db_default=0
    )
    # From assignment to use: seconds in all, of so many uses.
    delay = models.BigIntegerField(default=0, db_default=0)
    delayed = models.IntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")
        constraints = [
            models.UniqueConstraint(
                name="tally_sum_once",
                fields=[
                    "coupon",
                    "day",
                    "delivery",
                    "channel",
                    "segment",
                    "store",
                    "currency",
                ],
                condition=Q(is_sum=True),
            )
        ]
        indexes = [
            models.Index(fields=["coupon", "day"], name="tally_of_coupon"),
            models.Index(fields=["coupon"], name="tally_to_add_up", condition=Q(is_sum=False)),
        ]

    def __str__(self) -> str:
        return f"{self.coupon_id} {self.day}"


class Told(models.Model):
    """That people were told of something about a coupon on a day: once is enough."""

    class Kind(models.TextChoices):
        LOW = "low", _("few codes left")
        ENDING = "ending", _("ends soon")

    coupon = models.ForeignKey(Coupon, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    day = models.DateField()
    # Until then somebody is at it; afterwards it was lost on the way and may be tried again.
    claimed_until = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["coupon", "kind", "day"], name="told_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.coupon_id} {self.kind} {self.day}"
