"""Voiding, putting back and deleting many codes, chunk by chunk."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime

from accounts.journal import record
from coupons import voiding
from coupons.models import BulkChange, Code, Movement
from coupons.moving import moving
from coupons.outcomes import Done
from jobs.models import Job
from jobs.running import Step

CHUNK = 2_000
KINDS = {
    BulkChange.Kind.VOID: (Movement.Kind.VOID, "coupon.codes_voided"),
    BulkChange.Kind.PUT_BACK: (Movement.Kind.UNVOID, "coupon.codes_put_back"),
    BulkChange.Kind.DELETE: (Movement.Kind.DELETE, "coupon.codes_deleted"),
}


def work(job: Job, *, at: datetime) -> Generator[Step, None, None]:
    """The steps of a bulk change; see `jobs.running.run`."""
    change = BulkChange.objects.select_related("coupon", "batch").get(job=job)
    last = int(job.checkpoint.get("last", 0))
    while pks := next_codes(change, last):
        last = pks[-1]
        do(change, job, pks, at=at)
        yield Step(done=len(pks), checkpoint={"last": last}, total=total_of(job, change, len(pks)))
    if change.count:
        _kind, verb = KINDS[BulkChange.Kind(change.kind)]
        after = {"codes": change.count, "reason": change.reason}
        record(verb, change.coupon, by=job.by, at=at, after=after)


def next_codes(change: BulkChange, last: int) -> list[int]:
    codes = Code.objects.filter(coupon=change.coupon, pk__gt=last)
    if change.pks:
        codes = codes.filter(pk__in=change.pks)
    if change.batch:
        codes = codes.filter(batch=change.batch)
    chosen = voiding.chosen(codes, statuses=change.statuses, segment=change.segment)
    return list(chosen.order_by("pk").values_list("pk", flat=True)[:CHUNK])


def total_of(job: Job, change: BulkChange, more: int) -> int | None:
    """What is known of the whole; it never is less than what is done."""
    return None if job.total is None else max(job.total, job.done + more)


def do(change: BulkChange, job: Job, pks: list[int], *, at: datetime) -> None:
    kind, _verb = KINDS[BulkChange.Kind(change.kind)]
    with moving(kind, change.coupon, by=job.by, at=at, job=job, reason=change.reason):
        done = done_to(change, pks, at=at)
    change.count += done.count
    change.refused = {
        reason: change.refused.get(reason, 0) + done.refused.get(reason, 0)
        for reason in {*change.refused, *done.refused}
    }
    change.deliveries = sorted({*change.deliveries, *done.deliveries})
    change.save(update_fields=("count", "refused", "deliveries"))


def done_to(change: BulkChange, pks: list[int], *, at: datetime) -> Done:
    if change.kind == BulkChange.Kind.VOID:
        return voiding.void(pks, at=at)
    if change.kind == BulkChange.Kind.PUT_BACK:
        return voiding.put_back(pks)
    return voiding.delete(pks)
