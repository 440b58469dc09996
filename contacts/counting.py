"""How many people: exactly for an audience, roughly for everybody."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from contacts.audiences import members
from contacts.columns import TABLE
from contacts.models import Attribute, Audience, Contact, ContactQuerySet
from contacts.values import normal_email
from rules.refusals import BadRule

LONGEST = "20s"


@transaction.atomic
def count(people: ContactQuerySet) -> int:
    """How many they are; a count that takes too long is given up with OperationalError."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{LONGEST}'")
        cursor.execute("SET LOCAL jit = off")  # to compile takes longer than to count
        number = people.count()
        cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    return number


def count_audience(pk: int, *, at: datetime, zone: str = "") -> int | None:
    """Count the people of an audience and keep the figure; None when it means nothing any more."""
    audience = Audience.objects.filter(pk=pk).first()
    if audience is None:
        return None
    try:
        number = count(members(audience, at=at, zone=zone or settings.TIME_ZONE))
    except BadRule:
        return None
    Audience.objects.filter(pk=pk).update(last_count=number, counted_at=at)
    return number


def estimate(kind: str) -> int:
    """About how many there are of a kind, as the planner sees it: costs no scan."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {TABLE} WHERE kind = %s",  # noqa: S608 (our name)
            [kind],
        )
        found = cursor.fetchone()[0]
    plan = json.loads(found) if isinstance(found, str) else found
    return int(plan[0]["Plan"]["Plan Rows"])


def shares_address(values: dict[str, Any], contact: Contact) -> bool:
    """Whether somebody else has the address that was just given to a contact."""
    same = Contact.objects.contacts().filter(email_normal=normal_email(values["email"]))
    return same.exclude(pk=contact.pk).exists()


def count_having(attribute: Attribute) -> int:
    """How many people have a value of an attribute."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count({attribute.column}) FROM {TABLE}")  # noqa: S608 (our identifiers)
        number: int = cursor.fetchone()[0]
    return number
