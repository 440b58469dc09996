"""How much of the caps of offers is used. What a cap is called: `decisioning.caps`."""

from __future__ import annotations

from django.db import models

from catalog.models import Environment
from contacts.models import Contact


class CapUse(models.Model):
    """What one person has had of a cap in one of its periods."""

    pk = models.CompositePrimaryKey("contact", "environment", "cap", "space", "since")
    contact = models.ForeignKey(
        Contact, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    environment = models.ForeignKey(
        Environment, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    cap = models.CharField(max_length=120)
    space = models.CharField(max_length=50)  # "": all together
    since = models.DateTimeField()  # 1970: for life
    until = models.DateTimeField()
    used = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.contact_id} {self.cap}: {self.used}"


class CapTotal(models.Model):
    """A cap that everybody shares, in one of its periods. Its uses are spread over rows."""

    environment = models.ForeignKey(
        Environment, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    cap = models.CharField(max_length=120)
    space = models.CharField(max_length=50)  # "": all together
    since = models.DateTimeField()  # 1970: for ever
    until = models.DateTimeField()
    most = models.PositiveIntegerField()  # the limit by which its room was shared out
    is_full = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "cap", "space", "since"], name="cap_total_once"
            )
        ]
        indexes = [
            # what every decision reads: there are few
            models.Index(
                fields=["environment"], name="cap_totals_full", condition=models.Q(is_full=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.cap} {self.space}"


class CapTotalUse(models.Model):
    """Some of the uses of a cap that everybody shares, and of its room.

    Decisions take from any row that has room, so that they do not wait for each other. All the
    room together is the limit, or what is used where that is more.
    """

    pk = models.CompositePrimaryKey("total", "slot")
    total = models.ForeignKey(CapTotal, models.CASCADE, related_name="uses", db_index=False)
    slot = models.PositiveSmallIntegerField()
    used = models.PositiveIntegerField()
    room = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="cap_use_is_within_its_room", condition=models.Q(used__lte=models.F("room"))
            )
        ]

    def __str__(self) -> str:
        return f"{self.total_id}/{self.slot}: {self.used}"
