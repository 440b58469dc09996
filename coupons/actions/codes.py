"""Adding codes by hand, voiding, putting back and deleting them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.journal import Actor, key_of, record
from accounts.models import ApiKey, JournalEntry, User
from coupons import voiding
from coupons.actions.refusing import CodeTaken, FieldRefused, NotInState
from coupons.models import Batch, BulkChange, Code, Coupon, Movement, Standing
from coupons.moving import moving
from coupons.normalising import BadCode, CodeText, read_code
from coupons.outcomes import Done
from coupons.storing import row_of, store_codes
from jobs.actions import start_job
from jobs.models import Job

MOST_AT_ONCE = 1_000  # more of them are a job
SEEN_FOR = timedelta(hours=1)


@transaction.atomic(durable=True)
def add_code(
    coupon: Coupon,
    text: str,
    *,
    label: str = "",
    segment: str = "",
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    max_redemptions: int | None = None,
    restricted_to: str = "",
    by: Actor,
    at: datetime,
) -> Code:
    """Add one code to a pool, or raise FieldRefused, CodeTaken or NotInState."""
    check_takes_codes(coupon)
    written = read(coupon, text)
    if start_at and end_at and end_at <= start_at:
        raise FieldRefused("end_at", "date_range", _("A code ends after it starts."))
    batch = batch_by_hand(coupon, by=by, at=at)
    with connection.cursor() as cursor:
        added = store_codes(
            cursor,
            row_of(
                coupon_id=coupon.pk,
                batch_id=batch.pk,
                code=written.code,
                code_norm=written.norm,
                label=label,
                segment=segment,
                start_at=start_at,
                end_at=end_at,
                max_redemptions=max_redemptions,
                restricted_to=restricted_to,
            ),
        )
    if not added:
        raise taken(coupon, written)
    code = Code.objects.get(coupon=coupon, code_norm=written.norm)
    record("coupon.code_added", coupon, by=by, at=at, after={"number": code.pk})
    return code


def check_takes_codes(coupon: Coupon) -> None:
    if not coupon.is_individual:
        raise NotInState(_("An anonymous coupon has no codes but its own."))
    if coupon.status == Coupon.Status.ARCHIVED:
        raise NotInState(_("An archived coupon is only read."))


def read(coupon: Coupon, text: str) -> CodeText:
    try:
        return read_code(text, case_sensitive=coupon.case_sensitive, wide=coupon.wide_characters)
    except BadCode as refusal:
        raise FieldRefused("code", refusal.code, str(refusal.sentence)) from refusal


def batch_by_hand(coupon: Coupon, *, by: Actor, at: datetime) -> Batch:
    """The batch of this person's codes by hand."""
    person = by if isinstance(by, User) else None
    key = by if isinstance(by, ApiKey) else None
    origin = Batch.Origin.MANUAL
    batches = Batch.objects.filter(coupon=coupon, origin=origin, by=person, key=key)
    return batches.order_by("pk").first() or Batch.objects.create(
        coupon=coupon, origin=origin, by=person, key=key, created_at=at
    )


def taken(coupon: Coupon, written: CodeText) -> CodeTaken:
    """The refusal that names what has the code already, and what became of it."""
    others = Code.objects.filter(code_norm=written.norm).select_related("coupon", "standing")
    other = others.filter(coupon=coupon).first() or others.first()
    if other is None:
        owner = Coupon.objects.filter(code_norm=written.norm).first()
        return CodeTaken(
            _("This is the code of the coupon “%(coupon)s”.") % {"coupon": owner or written.code}
        )
    label = Standing.Status(other.status).label
    words = {"code": other.code, "coupon": other.coupon, "status": label}
    if other.coupon_id == coupon.pk:
        sentence = _("The coupon has the code %(code)s already: %(status)s.") % words
    else:
        sentence = _("The coupon “%(coupon)s” has the code %(code)s: %(status)s.") % words
    return CodeTaken(sentence, status=other.status)


@transaction.atomic(durable=True)
def void_codes(
    coupon: Coupon, pks: Collection[int], *, reason: str, by: Actor, at: datetime
) -> Done:
    """Withdraw some codes of a pool. Says how many, why others stay, whose messages lost one."""
    return act(
        "coupon.codes_voided",
        Movement.Kind.VOID,
        lambda: voiding.void(own(coupon, pks), at=at),
        coupon,
        reason=reason,
        by=by,
        at=at,
    )


@transaction.atomic(durable=True)
def put_back_codes(
    coupon: Coupon, pks: Collection[int], *, reason: str = "", by: Actor, at: datetime
) -> Done:
    """Make voided codes available again, unless they were given to somebody."""
    return act(
        "coupon.codes_put_back",
        Movement.Kind.UNVOID,
        lambda: voiding.put_back(own(coupon, pks)),
        coupon,
        reason=reason,
        by=by,
        at=at,
    )


@transaction.atomic(durable=True)
def delete_codes(
    coupon: Coupon, pks: Collection[int], *, reason: str = "", by: Actor, at: datetime
) -> Done:
    """Delete some codes from stock; all others stay for ever."""
    return act(
        "coupon.codes_deleted",
        Movement.Kind.DELETE,
        lambda: voiding.delete(own(coupon, pks)),
        coupon,
        reason=reason,
        by=by,
        at=at,
    )


def own(coupon: Coupon, pks: Collection[int]) -> list[int]:
    """Those that are codes of this coupon."""
    return list(Code.objects.filter(coupon=coupon, pk__in=pks).values_list("pk", flat=True))


def act(
    verb: str,
    kind: str,
    change: Callable[[], Done],
    coupon: Coupon,
    *,
    reason: str,
    by: Actor,
    at: datetime,
) -> Done:
    with moving(kind, coupon, by=by, at=at, reason=reason):
        done = change()
    if done.count:
        after = {"codes": done.count, "reason": reason}
        record(verb, coupon, by=by, at=at, after=after)
    return done


@transaction.atomic(durable=True)
def note_seen(coupon: Coupon, *, by: User, at: datetime) -> None:
    """Write down who was shown codes of a pool in full, once for each hour of looking."""
    entries = JournalEntry.objects.about("coupons.coupon", key_of(coupon))
    lately = entries.filter(verb="coupon.codes_seen", by=by, at__gt=at - SEEN_FOR)
    if not lately.exists():
        record("coupon.codes_seen", coupon, by=by, at=at)


STARTED = {
    BulkChange.Kind.VOID: (gettext_lazy("Void codes of %(coupon)s"), "coupon.voiding_started"),
    BulkChange.Kind.PUT_BACK: (
        gettext_lazy("Put codes of %(coupon)s back"),
        "coupon.putting_back_started",
    ),
    BulkChange.Kind.DELETE: (
        gettext_lazy("Delete codes of %(coupon)s"),
        "coupon.deleting_started",
    ),
}


@transaction.atomic(durable=True)
def start_bulk_change(
    coupon: Coupon,
    kind: BulkChange.Kind,
    *,
    pks: Collection[int] = (),
    statuses: Collection[str] = (),
    segment: str | None = None,
    batch: Batch | None = None,
    reason: str = "",
    by: Actor,
    at: datetime,
) -> Job:
    """Void, put back or delete codes as a job: those named, or all that fit.

    The journal is told of it now, and of what was done at the end: there may be none.
    """
    title, verb = STARTED[kind]
    job = start_job(
        lambda: str(title) % {"coupon": coupon},
        task="coupons.tasks.change_codes",
        by=by,
        at=at,
        total=len(pks) or None,
        unit=gettext_noop("codes"),
    )
    BulkChange.objects.create(
        job=job,
        coupon=coupon,
        kind=kind,
        pks=list(pks),
        statuses=list(statuses),
        segment=segment,
        batch=batch,
        reason=reason,
    )
    facts = {"segment": segment, "batch": batch.pk if batch else None, "reason": reason}
    record(verb, coupon, by=by, at=at, after={name: fact for name, fact in facts.items() if fact})
    return job
