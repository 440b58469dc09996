"""Redeeming, reversing and holding, as people and programs ask for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts.journal import Actor, record
from accounts.models import ApiKey, User
from coupons import holding, limiting, redeeming
from coupons.finding import Ambiguous, find
from coupons.judging import Reason, Refused, Verdict, judge
from coupons.models import Hold, Redemption
from coupons.redeeming import Redeemed, Use


def validate(
    code: str,
    *,
    coupon_code: str = "",
    customer_key: str = "",
    redeemed_on: datetime | None = None,
    bucket: str = "",
    by: Actor,
    at: datetime,
) -> Verdict:
    """May this code be used? Changes nothing; raises Refused for what cannot even be looked at.

    `bucket` says whose unknown codes are counted together; people are not counted.
    """
    if bucket:
        limiting.check(bucket)
    try:
        found = find(code, coupon_code, customer_key=customer_key, at=at, by=by)
    except Ambiguous:
        raise Refused(Reason.AMBIGUOUS_CODE) from None
    if found is None:
        note_unknown(bucket, by=by, at=at)
        raise Refused(Reason.CODE_UNKNOWN)
    on = redeemed_on or at
    # whether it will be good on a day to come may be asked
    return judge(found, customer_key=customer_key, redeemed_on=on, now=max(on, at))


def redeem(use: Use, *, bucket: str = "", by: Actor, at: datetime) -> Redeemed:
    """Use a code, or raise Refused or OtherBody; see `coupons.redeeming`, whose transaction is all.

    What a person redeems is also in the journal of changes; of programs the redemption says enough.
    """
    if bucket:
        limiting.check(bucket)
    try:
        if not isinstance(by, User):
            return redeeming.redeem(use, by=by, at=at)
        with transaction.atomic(durable=True):
            done = redeeming.redeem(use, by=by, at=at)
            if done.is_replay:
                return done
            record("coupon.redeemed", done.redemption.coupon, by=by, at=at, comment=use.comment)
            return done
    except Refused as refusal:
        if refusal.reason == Reason.CODE_UNKNOWN:
            note_unknown(bucket, by=by, at=at)
        raise


@transaction.atomic(durable=True)
def roll_back(
    redemption: Redemption,
    *,
    reason: str,
    source: str,
    external_id: str = "",
    by: Actor,
    at: datetime,
) -> Redeemed:
    """Give a use back, once, or raise AlreadyReversed or OtherBody."""
    done = redeeming.roll_back(
        redemption, reason=reason, source=source, external_id=external_id, by=by, at=at
    )
    if isinstance(by, User) and not done.is_replay:
        record("coupon.rolled_back", redemption.coupon, by=by, at=at, comment=reason)
    return done


def hold(
    code: str,
    *,
    coupon_code: str = "",
    customer_key: str = "",
    lasting: timedelta = holding.USUAL,
    source: str,
    name: str,
    bucket: str = "",
    by: Actor,
    at: datetime,
) -> Hold:
    """Keep a use for a while, or raise Refused or HoldSpent."""
    if bucket:
        limiting.check(bucket)
    try:
        with transaction.atomic(durable=True):
            return holding.hold(
                code,
                coupon_code=coupon_code,
                customer_key=customer_key,
                lasting=lasting,
                source=source,
                name=name,
                by=by,
                at=at,
            )
    except Refused as refusal:
        if refusal.reason == Reason.CODE_UNKNOWN:
            note_unknown(bucket, by=by, at=at)
        raise


@transaction.atomic(durable=True)
def release(held: Hold, *, at: datetime) -> bool:
    """Let a use go; says whether it was still held."""
    return holding.give_back(held, Hold.End.RELEASED, at=at)


def note_unknown(bucket: str, *, by: Actor, at: datetime) -> None:
    """Count a code that does not exist. Who tried too many is written down for people to see."""
    if bucket and limiting.note_unknown(bucket) and isinstance(by, ApiKey):
        with transaction.atomic(durable=True):
            record("key.guessed_codes", by, by=by, at=at)
