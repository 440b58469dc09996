"""Using codes and taking uses back: one way for tills, people and files.

Locks are taken in one order everywhere: the code's standing, the coupon, the customer's count, the
coupon's uses, and last the counts of the stock. What is refused leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Min

from accounts.journal import Actor
from accounts.models import ApiKey, User
from coupons import holding
from coupons.finding import Ambiguous, Found, find
from coupons.judging import ONLY_REMARKED_OFFLINE, Reason, Refused, judge, read_numbers
from coupons.locking import lock_standing, mark_code_used
from coupons.models import Hold, Movement, Redemption, Standing
from coupons.moving import begin_movement
from coupons.taking import give_customer, give_total, take_customer, take_total

KNOWN = "SELECT id FROM coupons_redemption WHERE source = %s AND external_id = %s"
NOT_OF_THE_BODY = {"source", "external_id", "offline"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A use as somebody tells it. `source` and `external_id` name it: the same twice is one."""

    code: str
    source: str
    external_id: str
    coupon_code: str = ""
    customer_key: str = ""
    redeemed_on: datetime | None = None  # None: now
    hold: str = ""
    order_id: str = ""
    store: str = ""
    channel: str = ""
    amount: Decimal | None = None
    discount: Decimal | None = None
    currency: str = ""
    comment: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    # It happened already, as files tell: most of what is wrong with it is only remarked upon.
    offline: bool = False

    @property
    def request_hash(self) -> str:
        told = {name: value for name, value in asdict(self).items() if name not in NOT_OF_THE_BODY}
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Redeemed:
    redemption: Redemption
    is_replay: bool


class OtherBody(Exception):
    """Something else was told under this name before."""


class AlreadyReversed(Exception):
    """This redemption was reversed before, or is itself a reversal."""


def redeem(use: Use, *, by: Actor, at: datetime) -> Redeemed:
    """Use a code, or raise Refused or OtherBody and leave nothing. Told again, it is a replay."""
    known = replay(use)
    if known:
        return known
    try:
        with transaction.atomic():
            return Redeemed(redeem_locked(find_used(use, by), use, by=by, at=at), is_replay=False)
    except (IntegrityError, Refused):
        # the same use, told twice at the same moment: whoever was second finds it done
        known = replay(use)
        if known:
            return known
        raise


def replay(use: Use) -> Redeemed | None:
    known = next(iter(Redemption.objects.raw(KNOWN, [use.source, use.external_id])), None)
    if known is None:
        return None
    redemption = Redemption.objects.select_related("coupon", "code").get(pk=known.pk)
    if redemption.request_hash != use.request_hash:
        raise OtherBody
    return Redeemed(redemption, is_replay=True)


def find_used(use: Use, by: Actor) -> Found:
    try:
        found = find(use.code, use.coupon_code, by=by)
    except Ambiguous:
        raise Refused(Reason.AMBIGUOUS_CODE) from None
    if found is None:
        raise Refused(Reason.CODE_UNKNOWN)
    return found


def redeem_locked(found: Found, use: Use, *, by: Actor, at: datetime) -> Redemption:
    redeemed_on = use.redeemed_on or at
    if found.code is not None:
        lock_standing(found, at=at, anyway=use.offline)
    hold = holding.live(found, use.hold, source=use.source, at=at) if use.hold else None
    flags = remarks(found, use, hold, redeemed_on=redeemed_on, at=at)
    redemption = redemption_of(found, use, flags, by=by, at=at)
    redemption.hold = hold
    if found.is_specimen:  # it was nobody's, and counts nowhere
        redemption.save(force_insert=True)
        return redemption
    mark_code_used(found.coupon)
    take_limits(found, use, hold)
    if hold:
        holding.end(hold, Hold.End.REDEEMED, at=at)
    redemption.save(force_insert=True)
    if found.standing:
        count_use(found, found.standing, redemption, by=by, at=at)
    return redemption


def remarks(
    found: Found, use: Use, hold: Hold | None, *, redeemed_on: datetime, at: datetime
) -> list[Reason]:
    """What is wrong with a use that happens all the same; raises Refused when it does not."""
    reasons = judged(found, use, hold, redeemed_on=redeemed_on, at=at)
    limits = {Reason.LIMIT_TOTAL, Reason.LIMIT_CUSTOMER}
    if limits & set(reasons) and holding.lapse(at=at, coupon=found.coupon):
        reasons = judged(found, use, hold, redeemed_on=redeemed_on, at=at)
    refusing = [each for each in reasons if not (use.offline and each in ONLY_REMARKED_OFFLINE)]
    if refusing:
        raise Refused(refusing[0])
    return reasons


def judged(
    found: Found, use: Use, hold: Hold | None, *, redeemed_on: datetime, at: datetime
) -> list[Reason]:
    numbers = read_numbers(found, customer_key=use.customer_key, at=at, but_of=hold)
    return judge(
        found,
        numbers,
        customer_key=use.customer_key,
        redeemed_on=redeemed_on,
        now=at,
        has_hold=hold is not None,
    ).reasons


def take_limits(found: Found, use: Use, hold: Hold | None) -> None:
    """Take a use of each limit but those that a hold has taken already; raises Refused."""
    held_by = hold.customer_key if hold else ""
    if use.customer_key != held_by:
        if held_by:
            give_customer(found.coupon.pk, held_by)
        if use.customer_key and not take_customer(found.coupon, use.customer_key):
            raise Refused(Reason.LIMIT_CUSTOMER)
    if hold is None and not take_total(found.coupon):
        raise Refused(Reason.LIMIT_TOTAL)


def redemption_of(
    found: Found, use: Use, flags: Iterable[Reason], *, by: Actor, at: datetime
) -> Redemption:
    standing = found.standing
    return Redemption(
        kind=Redemption.Kind.REDEEM,
        coupon=found.coupon,
        code=found.code,
        source=use.source,
        external_id=use.external_id,
        request_hash=use.request_hash,
        redeemed_on=use.redeemed_on or at,
        recorded_at=at,
        customer_key=use.customer_key,
        order_id=use.order_id,
        store=use.store,
        channel=use.channel,
        amount=use.amount,
        discount=use.discount,
        currency=use.currency,
        comment=use.comment,
        details=use.details,
        flags=[flag.value for flag in flags],
        delivery=standing.delivery if standing else "",
        message=standing.message if standing else None,
        by=by if isinstance(by, User) else None,
        key=by if isinstance(by, ApiKey) else None,
    )


def count_use(
    found: Found, standing: Standing, redemption: Redemption, *, by: Actor, at: datetime
) -> None:
    """Write a use down with the code, whose standing is locked."""
    on = redemption.redeemed_on
    standing.redemption_count += 1
    standing.redeemed_on = min(standing.redeemed_on or on, on)
    standing.last_redeemed_on = max(standing.last_redeemed_on or on, on)
    standing.changed_at = at
    if found.most is not None and standing.redemption_count >= found.most:
        begin_movement(Movement.Kind.REDEEM, found.coupon, by=by, at=at, redemption=redemption.pk)
        standing.status_before = standing.status
        standing.status = Standing.Status.REDEEMED
    standing.save(update_fields=COUNTED)


COUNTED = (
    "status",
    "status_before",
    "redemption_count",
    "redeemed_on",
    "last_redeemed_on",
    "changed_at",
)


def roll_back(
    redemption: Redemption,
    *,
    reason: str,
    source: str,
    external_id: str = "",
    on: datetime | None = None,
    by: Actor,
    at: datetime,
) -> Redeemed:
    """Give a use back, once; raises AlreadyReversed. Told again under its name, it is a replay."""
    reversal = Redemption(
        kind=Redemption.Kind.ROLL_BACK,
        coupon_id=redemption.coupon_id,
        code_id=redemption.code_id,
        of=redemption,
        source=source,
        external_id=external_id or str(uuid.uuid4()),
        request_hash=hashlib.sha256(f"{redemption.pk} {reason}".encode()).hexdigest(),
        redeemed_on=on or at,
        recorded_at=at,
        customer_key=redemption.customer_key,
        comment=reason,
        delivery=redemption.delivery,
        message=redemption.message,
        by=by if isinstance(by, User) else None,
        key=by if isinstance(by, ApiKey) else None,
    )
    known = earlier_reversal(reversal)
    if known:
        return known
    if redemption.kind != Redemption.Kind.REDEEM:
        raise AlreadyReversed
    try:
        with transaction.atomic():
            reverse_locked(redemption, reversal, by=by, at=at)
    except IntegrityError:
        known = earlier_reversal(reversal)
        if known:
            return known
        raise AlreadyReversed from None
    return Redeemed(reversal, is_replay=False)


def earlier_reversal(reversal: Redemption) -> Redeemed | None:
    same = Redemption.objects.filter(source=reversal.source, external_id=reversal.external_id)
    known = same.first()
    if known is None:
        return None
    if known.request_hash != reversal.request_hash:
        raise OtherBody
    return Redeemed(known, is_replay=True)


def reverse_locked(
    redemption: Redemption, reversal: Redemption, *, by: Actor, at: datetime
) -> None:
    standings = Standing.objects.select_for_update().filter(code=redemption.code_id)
    standing = standings.first() if redemption.code_id else None
    reversal.save(force_insert=True)
    if Reason.SPECIMEN_CODE in redemption.flags:
        return
    if redemption.customer_key:
        give_customer(redemption.coupon_id, redemption.customer_key)
    give_total(redemption.coupon_id)
    if standing:
        uncount_use(standing, reversal, by=by, at=at)


def uncount_use(standing: Standing, reversal: Redemption, *, by: Actor, at: datetime) -> None:
    left = Redemption.objects.standing().filter(code=standing.code_id)
    dates = left.aggregate(first=Min("redeemed_on"), last=Max("redeemed_on"))
    standing.redemption_count -= 1
    standing.redeemed_on, standing.last_redeemed_on = dates["first"], dates["last"]
    standing.changed_at = at
    if standing.status == Standing.Status.REDEEMED:
        begin_movement(
            Movement.Kind.ROLL_BACK, standing.coupon_id, by=by, at=at, redemption=reversal.pk
        )
        standing.status = standing.status_before
        standing.status_before = ""
    standing.save(update_fields=COUNTED)
