"""Using codes and taking uses back: one way for tills, people and files.

What is asked is judged by what one statement reads; another, `coupons_redeem`, takes the limits and
stores it, if that still holds. What is refused leaves nothing behind. Locks are taken in one order
everywhere: the code's standing, the coupon, the customer's count, the coupon's uses, and last the
counts of the stock.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.journal import Actor
from accounts.models import ApiKey, User
from coupons import holding
from coupons.finding import Ambiguous, Found, Sight, look, meant
from coupons.judging import ONLY_REMARKED_OFFLINE, Reason, Refused, judge
from coupons.models import Hold, Redemption
from coupons.taking import start
from offers_site.idempotency import OtherBody
from offers_site.jsonbytes import to_json
from offers_site.statements import run

REDEEM = "SELECT coupons_redeem(%s::text::jsonb)"
REVERSE = "SELECT coupons_reverse(%s::text::jsonb)"
LOCK = "SELECT FROM coupons_standing WHERE code_id = %s FOR UPDATE"
HAS_MOVED, HAS_NO_ROOM = "OV001", "OV002"  # as the statement raises them
COLUMNS = [each.attname for each in Redemption._meta.concrete_fields]
LIMITS = {Reason.LIMIT_TOTAL, Reason.LIMIT_CUSTOMER}
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
        told = {name: getattr(self, name) for name in BODY}
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


BODY = [each.name for each in fields(Use) if each.name not in NOT_OF_THE_BODY]


@dataclass(frozen=True, slots=True)
class Redeemed:
    redemption: Redemption
    is_replay: bool


class Moved(Exception):
    """Something became of the code since it was judged. Nothing was stored."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


class AlreadyReversed(Exception):
    """This redemption was reversed before, or is itself a reversal."""


def redeem(use: Use, *, by: Actor, at: datetime) -> Redeemed:
    """Use a code, or raise Refused or OtherBody and leave nothing. Told again, it is a replay.

    Whoever is overtaken waits the next time until nobody else is at this code.
    """
    waiting: int | None = None
    while True:
        try:
            with locked(waiting):
                return attempt(use, by=by, at=at)
        except Moved as moved:
            waiting = moved.code
        except (IntegrityError, Refused):
            # the same use, told twice at the same moment: whoever was second finds it done
            known = replay(use)
            if known:
                return known
            raise


@contextmanager
def locked(code: int | None) -> Iterator[None]:
    if code is None:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK, [code])
        yield


def attempt(use: Use, *, by: Actor, at: datetime, may_lapse: bool = True) -> Redeemed:
    """The same, or Moved."""
    sight = look(
        use.code,
        use.coupon_code,
        customer_key=use.customer_key,
        at=at,
        source=use.source,
        name=use.external_id,
        by=by,
    )
    if sight.known:
        return told_again(use, sight.known)
    found = found_in(sight, by)
    hold = holding.live(found, use.hold, source=use.source, at=at) if use.hold else None
    reasons = judged(found, use, hold, at=at)
    if may_lapse and LIMITS & set(reasons) and holding.lapse(at=at, coupon=found.coupon):
        return attempt(use, by=by, at=at, may_lapse=False)
    refusing = [each for each in reasons if not (use.offline and each in ONLY_REMARKED_OFFLINE)]
    if refusing:
        raise Refused(refusing[0])
    redemption = redemption_of(found, use, hold, reasons, by=by, at=at)
    store(redemption, found, hold)
    return Redeemed(stored(redemption), is_replay=False)


def replay(use: Use) -> Redeemed | None:
    same = Redemption.objects.filter(source=use.source, external_id=use.external_id)
    known = same.values_list("pk", flat=True).first()
    return told_again(use, known) if known else None


def told_again(use: Use, known: uuid.UUID) -> Redeemed:
    redemption = Redemption.objects.select_related("coupon", "code").get(pk=known)
    if redemption.request_hash != use.request_hash:
        raise OtherBody
    return Redeemed(redemption, is_replay=True)


def found_in(sight: Sight, by: Actor) -> Found:
    try:
        found = meant(sight, by)
    except Ambiguous:
        raise Refused(Reason.AMBIGUOUS_CODE) from None
    if found is None:
        raise Refused(Reason.CODE_UNKNOWN)
    return found


def judged(found: Found, use: Use, hold: Hold | None, *, at: datetime) -> list[Reason]:
    """What is wrong with a use, be it refused for that or only remarked upon."""
    return judge(
        found,
        found.numbers._replace(held=held_by_others(found, hold)),
        customer_key=use.customer_key,
        redeemed_on=use.redeemed_on or at,
        now=at,
        has_hold=hold is not None,
    ).reasons


def held_by_others(found: Found, hold: Hold | None) -> int:
    return found.numbers.held - (hold is not None)


def store(redemption: Redemption, found: Found, hold: Hold | None) -> None:
    """Raises Refused when a limit has no room any more, or Moved."""
    coupon, code = found.coupon, found.code
    told = {
        "redemption": row_of(redemption),
        "standing": found.stamp,
        "shelf": code.shelf_id if code else None,
        "most": found.most if code else None,
        "held": held_by_others(found, hold),
        "limited": coupon.total_limit is not None,
        "customer": coupon.max_redemptions_per_customer,
        "fresh": not coupon.is_code_frozen,
        "start": start(),
    }
    try:
        with connection.wrap_database_errors:
            run(REDEEM, [to_json(told).decode()])
    except DatabaseError as error:
        said = error.__cause__
        if not isinstance(said, psycopg.Error):
            raise
        if said.sqlstate == HAS_MOVED:
            raise Moved(redemption.code_id) from error
        if said.sqlstate == HAS_NO_ROOM:
            raise Refused(Reason(said.diag.message_primary or "")) from error
        if said.diag.constraint_name == "shelf_has_what_it_says":  # what is left is promised
            raise Refused(Reason.ON_HOLD) from error
        raise


def redemption_of(
    found: Found,
    use: Use,
    hold: Hold | None,
    flags: Iterable[Reason],
    *,
    by: Actor,
    at: datetime,
) -> Redemption:
    standing = found.standing
    return Redemption(
        kind=Redemption.Kind.REDEEM,
        coupon=found.coupon,
        code=found.code,
        hold=hold,
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
    if redemption.kind == Redemption.Kind.REDEEM:
        try:
            with connection.wrap_database_errors:
                run(REVERSE, [to_json(row_of(reversal)).decode()])
        except IntegrityError:
            pass  # it was reversed before, or something else has this name
        else:
            return Redeemed(stored(reversal), is_replay=False)
    known = earlier_reversal(reversal)
    if known is None:
        raise AlreadyReversed
    return known


def earlier_reversal(reversal: Redemption) -> Redeemed | None:
    same = Redemption.objects.filter(source=reversal.source, external_id=reversal.external_id)
    known = same.first()
    if known is None:
        return None
    if known.request_hash != reversal.request_hash:
        raise OtherBody
    return Redeemed(known, is_replay=True)


def row_of(redemption: Redemption) -> dict[str, Any]:
    return {name: getattr(redemption, name) for name in COLUMNS}


def stored(redemption: Redemption) -> Redemption:
    """The same as an instance of a row that is there."""
    redemption._state.adding, redemption._state.db = False, "default"
    return redemption
