"""Creating, changing, merging and erasing people, and what they agree to.

The journal keeps the names of what changed and never a value: it cannot be rewritten when somebody
asks to be erased.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.actions.granting import stale
from accounts.journal import Actor, record
from accounts.models import User
from contacts import storing
from contacts.actions.refusing import KeyTaken, NotLinkable, NotMergeable
from contacts.columns import OPT_OUTS, Column, known
from contacts.facts import read_people, read_person
from contacts.models import (
    AudienceMember,
    Contact,
    ContactAlias,
    ErasureProof,
    OptOutChange,
)
from transfers.forgetting import forget

Values = Mapping[str, Any]


@transaction.atomic(durable=True)
def create_contact(
    values: Values,
    *,
    by: Actor,
    at: datetime,
    source: str = "screen",
    columns: Mapping[str, Column] | None = None,
) -> Contact:
    """Add a contact with these values, or raise KeyTaken and change nothing."""
    columns = known() if columns is None else columns
    check_key_free(values["key"])
    try:
        with transaction.atomic():
            pk = storing.insert(values, columns, at=at)
    except IntegrityError as error:
        raise key_taken() from error
    contact = Contact.objects.get(pk=pk)
    note_opt_outs(contact, dict.fromkeys(OPT_OUTS, False), by=by, at=at, source=source)
    record("contact.created", contact, by=by, at=at)
    return contact


@transaction.atomic(durable=True)
def edit_contact(
    contact: Contact,
    values: Values,
    *,
    version: int | None,
    by: Actor,
    at: datetime,
    source: str = "screen",
    columns: Mapping[str, Column] | None = None,
) -> bool:
    """Change somebody who was read at `version`, or raise Stale or KeyTaken.

    Only what is among `values` may change; says whether anything did.
    """
    columns = known() if columns is None else columns
    if "key" in values:
        storing.keep_keys()
    row = Contact.objects.select_for_update().filter(pk=contact.pk).first()
    if row is None or version not in (None, row.version):
        raise stale(contact)
    before = {**read_person(row.pk, columns), **opt_outs_of(row)}
    changed = {
        name: value
        for name, value in values.items()
        if storing.stored(before.get(name)) != storing.stored(value)
    }
    if not changed:
        return False
    if "key" in changed:
        check_key_free(changed["key"], but_of=row)
    try:
        with transaction.atomic():
            storing.update(row.pk, changed, columns, at=at, version=None)
    except IntegrityError as error:
        raise key_taken() from error
    was = opt_outs_of(row)
    row.refresh_from_db()
    note_opt_outs(row, was, by=by, at=at, source=source)
    record("contact.changed", row, by=by, at=at, after={"fields": sorted(changed)})
    return True


def check_key_free(key: str, *, but_of: Contact | None = None) -> None:
    storing.keep_keys()
    aliases = ContactAlias.objects.filter(key=key)
    if but_of is not None:
        aliases = aliases.exclude(contact=but_of)
    if aliases.exists():
        raise key_taken()


def key_taken() -> KeyTaken:
    return KeyTaken(_("There is already somebody with this key."))


def opt_outs_of(contact: Contact) -> dict[str, bool]:
    return {name: getattr(contact, name) for name in OPT_OUTS}


def note_opt_outs(
    contact: Contact,
    was: Mapping[str, bool],
    *,
    by: Actor,
    at: datetime,
    source: str,
    proof: str = "",
) -> None:
    """Keep in the history which channels have been closed or opened."""
    OptOutChange.objects.bulk_create(
        OptOutChange(
            contact=contact,
            channel=name.removesuffix("_opt_out"),
            is_opted_out=closed,
            at=at,
            by=by if isinstance(by, User) else None,
            by_name="" if by is None else str(by)[:200],
            source=source,
            proof=proof,
        )
        for name, closed in opt_outs_of(contact).items()
        if closed != was[name]
    )


@transaction.atomic(durable=True)
def change_opt_outs(
    contact: Contact,
    opt_outs: Mapping[str, bool],
    *,
    proof: str,
    source: str,
    by: Actor,
    at: datetime,
) -> bool:
    """Close or open channels with what proves it; says whether anything changed."""
    row = Contact.objects.select_for_update().get(pk=contact.pk)
    was = opt_outs_of(row)
    changed = {name: closed for name, closed in opt_outs.items() if was[name] != closed}
    if not changed:
        return False
    storing.update(row.pk, changed, {}, at=at, version=None)
    row.refresh_from_db()
    note_opt_outs(row, was, by=by, at=at, source=source, proof=proof)
    record(
        "contact.opt_outs_changed",
        row,
        by=by,
        at=at,
        before={name: was[name] for name in changed},
        after=changed,
    )
    return True


@transaction.atomic(durable=True)
def merge_contacts(
    kept: Contact,
    other: Contact,
    *,
    versions: tuple[int, int],
    take: Collection[str],
    by: Actor,
    at: datetime,
) -> None:
    """Make two contacts one: `kept`, with the fields `take` as the other had them.

    Whoever closed a channel under either key has closed it; the other's key still finds them.
    """
    if kept.pk == other.pk or not (kept.is_contact and other.is_contact):
        raise NotMergeable(_("Choose two different contacts."))
    storing.keep_keys(alone=True)
    both = Contact.objects.select_for_update().filter(pk__in=[kept.pk, other.pk])
    rows = {row.pk: row for row in both.order_by("pk")}
    for contact, version in zip((kept, other), versions, strict=True):
        if contact.pk not in rows or rows[contact.pk].version != version:
            raise stale(contact)
    kept, other = rows[kept.pk], rows[other.pk]

    columns = known()
    theirs = read_person(other.pk, columns)
    values = {name: theirs.get(name) for name in take if name in columns and name != "key"}
    was, also = opt_outs_of(kept), opt_outs_of(other)
    values |= {name: was[name] or also[name] for name in OPT_OUTS}

    ContactAlias.objects.filter(contact=other).update(contact=kept)
    OptOutChange.objects.filter(contact=other).update(contact=kept)
    Contact.objects.filter(linked_contact=other).update(linked_contact=kept)
    move_memberships(other, kept)
    other_key = other.key
    record("contact.merged_away", other, by=by, at=at, after={"into": str(kept.public_id)})
    other.delete()
    ContactAlias.objects.create(key=other_key, contact=kept)
    storing.update(kept.pk, values, columns, at=at, version=None)
    kept.refresh_from_db()
    note_opt_outs(kept, was, by=by, at=at, source=OptOutChange.Source.MERGE)
    after = {"fields": sorted(set(take) & set(columns)), "with": str(other.public_id)}
    record("contact.merged", kept, by=by, at=at, after=after)


def move_memberships(other: Contact, kept: Contact) -> None:
    lists = AudienceMember.objects.filter(contact=kept).values("audience_id")
    memberships = AudienceMember.objects.filter(contact=other)
    memberships.exclude(audience_id__in=lists).update(contact=kept)
    memberships.delete()


@transaction.atomic(durable=True)
def link_visitor(visitor: Contact, contact: Contact | None, *, by: Actor, at: datetime) -> None:
    """Say whom a visitor turned out to be, or that it is not known (None)."""
    set_link(visitor, contact, by=by, at=at)


def set_link(visitor: Contact, contact: Contact | None, *, by: Actor, at: datetime) -> None:
    """The same within a transaction that is open already."""
    if visitor.is_contact or (contact is not None and not contact.is_contact):
        raise NotLinkable(_("Only a visitor can be linked, and only to a contact."))
    Contact.objects.filter(pk=visitor.pk).update(
        linked_contact=contact, version=F("version") + 1, changed_at=at
    )
    after = {"contact": str(contact.public_id)} if contact else {}
    record("contact.linked" if contact else "contact.unlinked", visitor, by=by, at=at, after=after)


@transaction.atomic(durable=True)
def note_export(contact: Contact, *, by: Actor, at: datetime) -> None:
    """Keep who took a copy of somebody's data."""
    record("contact.exported", contact, by=by, at=at)


@transaction.atomic(durable=True)
def erase_contact(contact: Contact, *, by: Actor, at: datetime) -> ErasureProof:
    """Remove somebody for good, with the visitors linked to them, and keep a proof of it.

    The proof says how much was removed and when; the key stands in it only as a keyed hash.
    """
    storing.keep_keys(alone=True)  # no import gives the key to anybody before it knows of this
    people = [contact.pk, *contact.visitors.order_by("pk").values_list("pk", flat=True)]
    Contact.objects.select_for_update().filter(pk__in=people).order_by("pk").first()
    columns = {name: column for name, column in known().items() if column.is_personal}
    texts = [str(value) for _, person in read_people(people, columns) for value in person.values()]
    words = names_of(people)
    removed = {
        "visitors": len(people) - 1,
        "former_keys": ContactAlias.objects.filter(contact__in=people).delete()[0],
        "consent_changes": OptOutChange.objects.filter(contact__in=people).delete()[0],
        "reject_lines": forget(words, values=texts, by=user_of(by), at=at),
        "list_memberships": AudienceMember.objects.filter(contact__in=people).delete()[0],
    }
    for path in settings.PERSON_FORGETTERS:
        removed |= import_string(path)(words)
    Contact.objects.filter(pk__in=people).delete()
    proof = ErasureProof.objects.create(
        key_hash=hash_of(contact.key),
        public_id=contact.public_id,
        kind=contact.kind,
        at=at,
        by=user_of(by),
        by_name="" if by is None else str(by)[:200],
        removed=removed,
    )
    record("contact.erased", contact, by=by, at=at, after=removed)
    return proof


def names_of(people: list[int]) -> list[str]:
    """What files call these people: keys, former keys, addresses, numbers."""
    keys = ContactAlias.objects.filter(contact__in=people).values_list("key", flat=True)
    theirs = Contact.objects.filter(pk__in=people).values_list("key", "email", "phone")
    return [*keys, *(word for words in theirs for word in words if word)]


def user_of(by: Actor) -> User | None:
    return by if isinstance(by, User) else None


def hash_of(key: str) -> str:
    """What stays of a key: whoever knows it and our secret can tell, and nobody else."""
    return salted_hmac("contacts.erasure", key, algorithm="sha256").hexdigest()
