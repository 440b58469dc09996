"""What a job does to many codes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from coupons.models.codes import Batch
from coupons.models.coupons import Coupon
from jobs.models import Job


class BulkChange(models.Model):
    """Which codes a job voids, puts back or deletes, and what became of them so far."""

    class Kind(models.TextChoices):
        VOID = "void", _("Void")
        PUT_BACK = "put_back", _("Put back")
        DELETE = "delete", _("Delete")

    job = models.OneToOneField(Job, models.PROTECT, related_name="bulk_change")
    coupon = models.ForeignKey(Coupon, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # Those named, or else all that fit the others.
    pks = ArrayField(models.BigIntegerField(), default=list)
    statuses = ArrayField(models.CharField(max_length=9), default=list)
    segment = models.CharField(max_length=100, null=True)  # noqa: DJ001 (empty is a segment too)
    batch = models.ForeignKey(Batch, models.CASCADE, null=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    count = models.PositiveIntegerField(default=0)
    refused = models.JSONField[dict[str, int], dict[str, int]](default=dict)
    deliveries = models.JSONField[list[str], list[str]](default=list)

    def __str__(self) -> str:
        return f"{self.kind} {self.coupon_id}"
