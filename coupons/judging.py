"""May this code be used now, by this customer? All reasons, in one order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from coupons.finding import Found, Numbers
from coupons.models import Code, Coupon, CouponUse, CustomerUse, Hold, Standing
from coupons.windows import ALWAYS, Window, effective

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

CLOCKS_DIFFER = timedelta(minutes=5)


class Reason(StrEnum):
    """Why a code cannot be used, in the order in which they are looked for."""

    RATE_LIMITED = "rate_limited"
    CODE_UNKNOWN = "code_unknown"
    AMBIGUOUS_CODE = "ambiguous_code"
    SPECIMEN_CODE = "specimen_code"
    COUPON_ARCHIVED = "coupon_archived"
    COUPON_SUSPENDED = "coupon_suspended"
    CODE_VOID = "code_void"
    ALREADY_REDEEMED = "already_redeemed"
    LIMIT_TOTAL = "limit_total"
    REDEEMED_IN_FUTURE = "redeemed_in_future"
    BEFORE_START = "before_start"
    AFTER_END = "after_end"
    NOT_ASSIGNED = "not_assigned"
    BEFORE_ASSIGNMENT = "before_assignment"
    CUSTOMER_REQUIRED = "customer_required"
    WRONG_HOLDER = "wrong_holder"
    LIMIT_CUSTOMER = "limit_customer"
    ON_HOLD = "on_hold"
    INVALID = "invalid"  # all that a key which anybody can read is told of some


SENTENCES: dict[str, _StrOrPromise] = {
    Reason.RATE_LIMITED: _("Too many unknown codes were tried. Wait a quarter of an hour."),
    Reason.CODE_UNKNOWN: _("There is no such code."),
    Reason.AMBIGUOUS_CODE: _("Several coupons have this code: name the coupon as well."),
    Reason.SPECIMEN_CODE: _("This is the code of proofs; it buys nothing."),
    Reason.COUPON_ARCHIVED: _("This coupon is archived."),
    Reason.COUPON_SUSPENDED: _("This coupon is not active."),
    Reason.CODE_VOID: _("This code was voided."),
    Reason.ALREADY_REDEEMED: _("This code has been used as often as it may be."),
    Reason.LIMIT_TOTAL: _("This coupon has been used as often as it may be in all."),
    Reason.REDEEMED_IN_FUTURE: _("The date of use is in the future."),
    Reason.BEFORE_START: _("This code is not valid yet."),
    Reason.AFTER_END: _("This code is no longer valid."),
    Reason.NOT_ASSIGNED: _("This code was never given to anybody."),
    Reason.BEFORE_ASSIGNMENT: _("This code was used before it was given to anybody."),
    Reason.CUSTOMER_REQUIRED: _("Say which customer uses it."),
    Reason.WRONG_HOLDER: _("This code was given to somebody else."),
    Reason.LIMIT_CUSTOMER: _("This customer has used the coupon as often as they may."),
    Reason.ON_HOLD: _("Somebody else holds the last use of this code for the moment."),
    Reason.INVALID: _("This code cannot be used."),
}
# A sale that has happened already is kept, and remarked upon.
ONLY_REMARKED_OFFLINE = {
    Reason.REDEEMED_IN_FUTURE,
    Reason.BEFORE_START,
    Reason.AFTER_END,
    Reason.BEFORE_ASSIGNMENT,
    Reason.NOT_ASSIGNED,
    Reason.SPECIMEN_CODE,
    Reason.WRONG_HOLDER,
}
# What would tell whoever tries codes that one exists.
HIDDEN_FROM_PUBLIC = {
    Reason.CODE_UNKNOWN,
    Reason.AMBIGUOUS_CODE,
    Reason.SPECIMEN_CODE,
    Reason.COUPON_ARCHIVED,
    Reason.COUPON_SUSPENDED,
    Reason.CODE_VOID,
    Reason.BEFORE_START,
    Reason.NOT_ASSIGNED,
}


class Refused(Exception):
    """A code cannot be used; `reason` says why to programs, `sentence` to people."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason

    @property
    def sentence(self) -> str:
        return str(SENTENCES[self.reason])


HELD = """
SELECT count(*) FROM coupons_hold
WHERE code_id = %s AND ended_at IS NULL AND expires_at > %s AND id IS DISTINCT FROM %s
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    reasons: list[Reason] = field(default_factory=list)
    remaining: int | None = None  # None: as often as one likes
    window: Window = ALWAYS
    label: str | None = None

    @property
    def is_valid(self) -> bool:
        return not self.reasons


def read_numbers(
    found: Found, *, customer_key: str, at: datetime, but_of: Hold | None = None
) -> Numbers:
    """As of now; exact for a code whose standing the caller has locked."""
    coupon = found.coupon
    held = total = customer = 0
    if found.code is not None and found.standing is not None and found.most is not None:
        held = held_of(found.code, at=at, but_of=but_of)
    if coupon.total_limit is not None:
        uses = CouponUse.objects.filter(coupon=coupon)
        total = uses.aggregate(sum=Sum("used"))["sum"] or 0
    if customer_key and coupon.max_redemptions_per_customer is not None:
        rows = CustomerUse.objects.filter(coupon=coupon, customer_key=customer_key)
        customer = rows.values_list("used", flat=True).first() or 0
    return Numbers(held, total, customer)


def held_of(code: Code, *, at: datetime, but_of: Hold | None) -> int:
    """How many uses of a code somebody else keeps."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, [code.pk, at, but_of.pk if but_of else None])
        return int(cursor.fetchone()[0])


def judge(
    found: Found,
    numbers: Numbers | None = None,
    *,
    customer_key: str,
    redeemed_on: datetime,
    now: datetime,
    has_hold: bool = False,
) -> Verdict:
    """Every reason against it. What a live hold keeps is not counted against its holder."""
    code, standing, coupon = found.code, found.standing, found.coupon
    if found.is_specimen:
        return Verdict([Reason.SPECIMEN_CODE], 0, effective(coupon), coupon.label)
    numbers = found.numbers if numbers is None else numbers
    window = effective(coupon, code, standing)
    left = remaining(found, numbers, customer_key)
    reasons = [
        *of_coupon(coupon),
        *of_uses(found, numbers, has_hold=has_hold),
        *of_window(window, redeemed_on, now),
        *of_assignment(found, redeemed_on),
        *of_customer(found, numbers, customer_key, has_hold=has_hold),
    ]
    if left == 0 and not reasons and not has_hold:
        reasons.append(Reason.ON_HOLD)
    return Verdict(reasons, 0 if reasons else left, window, coupon.label)


def of_coupon(coupon: Coupon) -> Iterator[Reason]:
    if coupon.status == Coupon.Status.ARCHIVED:
        yield Reason.COUPON_ARCHIVED
    elif coupon.status != Coupon.Status.ACTIVE:
        yield Reason.COUPON_SUSPENDED


def of_uses(found: Found, numbers: Numbers, *, has_hold: bool) -> Iterator[Reason]:
    standing, limit = found.standing, found.coupon.total_limit
    if standing and standing.status == Standing.Status.VOID:
        yield Reason.CODE_VOID
    elif standing and found.most is not None and standing.redemption_count >= found.most:
        yield Reason.ALREADY_REDEEMED
    if limit is not None and numbers.total >= limit and not has_hold:
        yield Reason.LIMIT_TOTAL


def of_window(window: Window, redeemed_on: datetime, now: datetime) -> Iterator[Reason]:
    if redeemed_on > now + CLOCKS_DIFFER:
        yield Reason.REDEEMED_IN_FUTURE
    if window.begins_after(redeemed_on):
        yield Reason.BEFORE_START
    if window.ends_before(redeemed_on):
        yield Reason.AFTER_END


def of_assignment(found: Found, redeemed_on: datetime) -> Iterator[Reason]:
    if found.code is None or found.coupon.accept_unissued:
        return
    issued_at = found.standing.issued_at if found.standing else None
    if issued_at is None:
        if not found.standing or found.standing.status != Standing.Status.VOID:
            yield Reason.NOT_ASSIGNED
    elif redeemed_on < issued_at:
        yield Reason.BEFORE_ASSIGNMENT


def of_customer(
    found: Found, numbers: Numbers, customer_key: str, *, has_hold: bool
) -> Iterator[Reason]:
    coupon, code, standing = found.coupon, found.code, found.standing
    holder = ""
    if coupon.holder_only and code is not None:
        holder = (standing.target_key if standing else "") or code.restricted_to
    limit = coupon.max_redemptions_per_customer
    if not customer_key and (holder or limit is not None):
        yield Reason.CUSTOMER_REQUIRED
        return
    if holder and holder != customer_key:
        yield Reason.WRONG_HOLDER
    if limit is not None and numbers.customer >= limit and not has_hold:
        yield Reason.LIMIT_CUSTOMER


def remaining(found: Found, numbers: Numbers, customer_key: str) -> int | None:
    """How often it may be used still, by the narrowest of its limits."""
    coupon, used = found.coupon, found.standing.redemption_count if found.standing else 0
    lefts = []
    if found.code is not None and found.most is not None:
        lefts.append(found.most - used - numbers.held)
    if coupon.total_limit is not None:
        lefts.append(coupon.total_limit - numbers.total)
    if customer_key and coupon.max_redemptions_per_customer is not None:
        lefts.append(coupon.max_redemptions_per_customer - numbers.customer)
    return max(0, min(lefts)) if lefts else None
