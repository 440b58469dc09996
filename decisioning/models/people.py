"""What decisions keep of people besides what was decided for them."""

from __future__ import annotations

from django.db import models

from contacts.models import Contact


class Clock(models.Model):
    """Raised by all that is written to somebody's history: what is decided from an older one fails.

    A visitor who is linked to a contact shares the contact's, because their histories are one.
    """

    contact = models.OneToOneField(
        Contact, models.DO_NOTHING, primary_key=True, related_name="+", db_constraint=False
    )  # the database has a constraint of its own, which deletes it
    ticks = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.ticks}"


class VisitorLink(models.Model):
    """Whose history a visitor's propositions are, from `since` until before `until`.

    Written by the database whenever a visitor is linked. The first link reaches back to the
    visitor's first visit; a later one, on a browser that is shared, begins when it is made.
    """

    visitor = models.ForeignKey(
        Contact, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    contact = models.ForeignKey(
        Contact, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    since = models.DateTimeField()  # 1970: always
    until = models.DateTimeField()  # 9999: still

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visitor", "since"], name="visitor_linked_once")
        ]
        indexes = [models.Index(fields=["contact"], name="visitors_of_contact")]

    def __str__(self) -> str:
        return f"{self.visitor_id} → {self.contact_id}"
