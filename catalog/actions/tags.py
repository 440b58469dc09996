"""Making, renaming and deleting tags."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actions.granting import stale
from accounts.journal import Actor, record
from catalog.approving import Side, reset
from catalog.models import Offer, Tag
from catalog.problems import NameTaken, StillUsed


@transaction.atomic(durable=True)
def create_tag(*, name: str, by: Actor, at: datetime) -> Tag:
    """Add a tag, or raise NameTaken."""
    tag = Tag(name=name, created_at=at)
    try:
        with transaction.atomic():
            tag.save(force_insert=True)
    except IntegrityError as error:
        raise taken() from error
    record("tag.created", tag, by=by, at=at)
    return tag


@transaction.atomic(durable=True)
def rename_tag(tag: Tag, *, name: str, version: int, by: Actor, at: datetime) -> None:
    """Give a tag another name, or raise Stale or NameTaken.

    Rules ask for tags by name: whoever carries it loses the approval of its eligibility.
    """
    before = tag.name
    this = Tag.objects.filter(pk=tag.pk, version=version)
    try:
        with transaction.atomic():
            changed = this.update(name=name, version=F("version") + 1)
    except IntegrityError as error:
        raise taken() from error
    if not changed:
        raise stale(tag)
    tag.refresh_from_db()
    if name != before:
        record("tag.changed", tag, by=by, at=at, before={"name": before}, after={"name": name})
        reset(Offer.objects.filter(tags=tag), Side.ELIGIBILITY, by=by, at=at)


@transaction.atomic(durable=True)
def merge_tag(tag: Tag, into: Tag, *, by: Actor, at: datetime) -> int:
    """Let the offers of a tag carry another in its place, and delete it; says how many they are.

    Rules ask for tags by name: these offers lose the approval of their eligibility.
    """
    rows = {row.pk: row for row in Tag.objects.select_for_update().filter(pk__in=[tag.pk, into.pk])}
    if tag.pk == into.pk or len(rows) < 2:
        raise stale(tag)
    carrying = list(Offer.objects.filter(tags=tag).values_list("pk", flat=True))
    through = Offer.tags.through.objects
    through.bulk_create(
        [Offer.tags.through(offer_id=pk, tag_id=into.pk) for pk in carrying],
        batch_size=1_000,
        ignore_conflicts=True,
    )
    record("tag.merged", tag, by=by, at=at, after={"into": into.name, "offers": len(carrying)})
    tag.delete()
    reset(Offer.objects.filter(pk__in=carrying), Side.ELIGIBILITY, by=by, at=at)
    return len(carrying)


@transaction.atomic(durable=True)
def delete_tag(tag: Tag, *, by: Actor, at: datetime) -> None:
    """Delete a tag that no offer carries, or raise StillUsed."""
    check_uncarried(tag)
    record("tag.deleted", tag, by=by, at=at)
    tag.delete()


def check_uncarried(tag: Tag) -> None:
    """Raise StillUsed."""
    offers = tag.offers.count()
    if offers:
        raise StillUsed(
            ngettext(
                "%(number)s offer carries it: take it off first.",
                "%(number)s offers carry it: take it off first.",
                offers,
            )
            % {"number": offers}
        )


def taken() -> NameTaken:
    return NameTaken(_("There is already a tag with this name."))
