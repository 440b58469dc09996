"""What is done to all codes that came together; never to their text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.journal import Actor, record
from coupons.actions.codes import check_takes_codes, start_bulk_change
from coupons.actions.refusing import FieldRefused
from coupons.models import Batch, BulkChange, Standing
from jobs.actions import start_job
from jobs.models import Job

# What of a batch's codes may be changed.
FIELDS = ("segment", "start_at", "end_at", "max_redemptions")


@transaction.atomic(durable=True)
def start_changing_batch(
    batch: Batch, values: Mapping[str, Any], *, by: Actor, at: datetime
) -> Job:
    """Give all codes of a batch another segment, other dates or limits, as a job.

    Codes that are reserved stay as they are: their delivery was checked against them. Raises
    FieldRefused or NotInState.
    """
    check_takes_codes(batch.coupon)
    check(values)
    job = start_job(
        lambda: _("Change codes of %(coupon)s") % {"coupon": batch.coupon},
        task="coupons.tasks.change_batch",
        by=by,
        at=at,
        total=batch.made,
        unit=gettext_noop("codes"),
    )
    stored = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }
    job.checkpoint = {"batch": batch.pk, "values": stored, "last": 0, "changed": 0, "refused": {}}
    job.save(update_fields=["checkpoint"])
    facts = {"batch": batch.pk, **stored}
    record("coupon.changing_started", batch.coupon, by=by, at=at, after=facts)
    return job


def start_voiding_batch(batch: Batch, *, reason: str, by: Actor, at: datetime) -> Job:
    """Void those codes of a batch that nobody was given."""
    return start_bulk_change(
        batch.coupon,
        BulkChange.Kind.VOID,
        statuses=[Standing.Status.AVAILABLE],
        batch=batch,
        reason=reason,
        by=by,
        at=at,
    )


def start_deleting_batch(batch: Batch, *, reason: str = "", by: Actor, at: datetime) -> Job:
    """Delete those codes of a batch that nobody was given."""
    return start_bulk_change(
        batch.coupon,
        BulkChange.Kind.DELETE,
        statuses=[Standing.Status.AVAILABLE],
        batch=batch,
        reason=reason,
        by=by,
        at=at,
    )


def check(values: Mapping[str, Any]) -> None:
    """Raise FieldRefused with the first thing that is wrong."""
    if not values:
        raise FieldRefused("segment", "required_missing", _("Say what is to change."))
    for name in values:
        if name not in FIELDS:
            raise FieldRefused(name, "not_updatable", _("This cannot be changed."))
    start, end = values.get("start_at"), values.get("end_at")
    if start and end and end <= start:
        raise FieldRefused("end_at", "date_range", _("A code ends after it starts."))
    segment = values.get("segment", "")
    if segment is None or len(segment) > 100 or not segment.isprintable():
        sentence = _("A segment has at most 100 characters that can be seen.")
        raise FieldRefused("segment", "field_too_long", sentence)
    uses = values.get("max_redemptions")
    if uses is not None and not 1 <= uses < 2**31:
        sentence = _("A limit is at least 1; leave it empty for none.")
        raise FieldRefused("max_redemptions", "number_invalid", sentence)
