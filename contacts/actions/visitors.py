"""Visitors, as pages meet them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from accounts.journal import Actor
from contacts.actions.contacts import set_link
from contacts.columns import TABLE
from contacts.models import Contact


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser that we recognise, and whom it was last seen with."""

    pk: int
    key: str
    linked: int | None


def meet(key: str | None, *, at: datetime) -> Visitor:
    """The visitor with this key, who is there from now on and is not forgotten soon."""
    statement = (
        f"INSERT INTO {TABLE} (public_id, kind, key, created_at, changed_at)"  # noqa: S608 (our identifiers)
        " VALUES (%s, 'visitor', %s, %s, %s) ON CONFLICT (kind, key)"
        " DO UPDATE SET changed_at = greatest(contacts_contact.changed_at, EXCLUDED.changed_at)"
        " RETURNING id, key, linked_contact_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [uuid.uuid4(), key or uuid.uuid4().hex, at, at])
        return Visitor(*cursor.fetchone())


@transaction.atomic
def recognise(visitor: Visitor, contact: int, *, by: Actor, at: datetime) -> None:
    """From now on this browser is this contact's; whoever had it before keeps what they had."""
    set_link(Contact.objects.get(pk=visitor.pk), Contact.objects.get(pk=contact), by=by, at=at)
