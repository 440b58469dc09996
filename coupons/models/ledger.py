"""What happened to codes: the database writes it itself and lets nobody change it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey
from coupons.models.codes import Batch
from coupons.models.coupons import Coupon
from jobs.models import Job


class Why(models.TextChoices):
    """Why we moved codes, where no person said so in their own words."""

    ANALYSED_AGAIN = "analysed_again", _("the delivery was analysed again")
    TOO_FEW = "too_few", _("there were too few codes for the delivery")
    FAILED = "failed", _("the analysis failed")
    WORKER_LOST = "worker_lost", _("the worker was lost")
    NOT_CONFIRMED = "not_confirmed", _("nobody confirmed the delivery")
    CANCELLED = "cancelled", _("the delivery was stopped")
    CHANGED = "changed", _("the delivery was changed")
    LEFT_OUT = "left_out", _("somebody was left out")
    REFUSED = "refused", _("the message was refused")
    PURGED = "purged", _("the delivery was purged")


class Movement(models.Model):
    """Why codes changed their standing: one row however many codes; see `coupons.moving`."""

    class Kind(models.TextChoices):
        RESERVE = "reserve", _("reserved")
        RECYCLE = "recycle", _("given back")
        ISSUE = "issue", _("assigned")
        RETURN = "return", _("returned after a refused message")
        HOLD = "hold", _("held")
        REDEEM = "redeem", _("redeemed")
        ROLL_BACK = "roll_back", _("redemption reversed")
        VOID = "void", _("voided")
        UNVOID = "unvoid", _("put back")
        DELETE = "delete", _("deleted")

    kind = models.CharField(_("what happened"), max_length=10, choices=Kind.choices)
    coupon = models.ForeignKey(
        Coupon, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    at = models.DateTimeField(_("date"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    key = models.ForeignKey(ApiKey, models.PROTECT, null=True, related_name="+")
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="+")
    reservation = models.UUIDField(null=True)
    delivery = models.CharField(_("delivery"), max_length=64, blank=True)
    redemption = models.UUIDField(null=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("movement of codes")
        verbose_name_plural = _("movements of codes")
        indexes = [models.Index(fields=["coupon", "-id"], name="movement_of_coupon")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def why(self) -> str:
        """The reason in words, whoever gave it."""
        return str(Why(self.reason).label) if self.reason in Why.values else self.reason


class CodeEvent(models.Model):
    """One code that went from one status to another. A new code is its batch's, and available."""

    pk = models.CompositePrimaryKey("code_number", "number")
    code_number = models.BigIntegerField()  # the code may be deleted since
    number = models.BigIntegerField()
    movement = models.ForeignKey(
        Movement, models.DO_NOTHING, related_name="events", db_constraint=False, db_index=False
    )
    before = models.CharField(_("before"), max_length=9)
    after = models.CharField(_("after"), max_length=9)
    message = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("event of a code")
        verbose_name_plural = _("events of codes")

    def __str__(self) -> str:
        return f"{self.code_number}: {self.before} → {self.after}"
