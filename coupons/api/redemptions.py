"""What tills ask: is this code good, use it, take that back, keep it for a moment."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from django.db.models.expressions import RawSQL
from django.http import HttpRequest, JsonResponse
from django.utils import translation
from django.utils.timezone import now
from ninja import Router
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from accounts.api import key_of
from accounts.models import ApiKey
from accounts.remembering import KeyMoved, check_stamp
from coupons.actions import redemptions as actions
from coupons.api.letting import CouponAuth, TillAuth
from coupons.finding import TILL
from coupons.holding import LONGEST, SHORTEST, USUAL, HoldSpent
from coupons.judging import HIDDEN_FROM_PUBLIC, Reason, Refused, Verdict
from coupons.models import Coupon, Hold, Redemption
from coupons.models.folders import knows_all
from coupons.redeeming import AlreadyReversed, Use
from offers_site import idempotency
from offers_site.http import address_of
from offers_site.idempotency import OtherBody
from offers_site.problems import Problem
from offers_site.values import Moment, Text

router = Router(tags=["coupons"])
MONEY = Decimal("0.01")

Short = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Comment = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Money = Annotated[Decimal, Field(max_digits=14, decimal_places=2)]


class Order(BaseModel):
    """What was bought; only `id` is known to most tills."""

    id: Short = ""
    store: Short = ""
    channel: Annotated[str, StringConstraints(max_length=50, pattern=r"^[^\x00]*$")] = ""
    amount: Money | None = None
    discount: Money | None = None
    currency: Currency | None = None


def order_of(told: Any) -> Any:
    """The id of an order may stand for it."""
    return {"id": told} if isinstance(told, str) else told


OrderTold = Annotated[Order, BeforeValidator(order_of, json_schema_input_type=Order | Short)]


class CodeCall(BaseModel):
    code: Text
    coupon_code: Text | None = None
    customer_key: Short | None = None
    at: Moment | None = None
    order: OrderTold | None = None


class RedemptionCall(CodeCall):
    redemption_id: Name | None = None
    hold: Name | None = None
    comment: Comment = ""


class RollbackCall(BaseModel):
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*\S")]


class HoldCall(BaseModel):
    code: Text
    coupon_code: Text | None = None
    customer_key: Short | None = None
    name: Name | None = None
    ttl: int | None = Field(None, description="seconds; 900 unless said otherwise")


TILLS = TillAuth("coupons:redeem")
WHOEVER_ASKS = TillAuth("coupons:validate", "coupons:redeem")


@router.post(
    "/coupons/validate", summary="May this code be used? Nothing changes", auth=WHOEVER_ASKS
)
def validate_code(request: HttpRequest, call: CodeCall) -> dict[str, Any]:
    return WHOEVER_ASKS.answer(request, lambda key: judged(request, call, key))


def judged(request: HttpRequest, call: CodeCall, key: ApiKey) -> dict[str, Any]:
    try:
        verdict = actions.validate(
            call.code,
            coupon_code=call.coupon_code or "",
            customer_key=call.customer_key or "",
            redeemed_on=call.at,
            bucket=bucket_of(request),
            by=key,
            at=now(),
        )
    except Refused as refusal:
        if not WHOEVER_ASKS.is_as_remembered(key):
            raise KeyMoved from None
        verdict = Verdict([refusal.reason])
    return described(verdict, is_public=key.is_publishable)


def described(verdict: Verdict, *, is_public: bool) -> dict[str, Any]:
    reasons = [reason.value for reason in verdict.reasons]
    if is_public and HIDDEN_FROM_PUBLIC & set(verdict.reasons):
        reasons, verdict = [Reason.INVALID.value], Verdict([Reason.INVALID])
    return {
        "valid": verdict.is_valid,
        "reasons": reasons,
        "remaining": verdict.remaining,
        "start_at": verdict.window.start_at,
        "end_at": verdict.window.end_at,
        "label": verdict.label,
    }


@router.post(
    "/coupons/redemptions",
    summary="Use a code, once for each redemption_id or Idempotency-Key",
    auth=TILLS,
)
def create_redemption(request: HttpRequest, call: RedemptionCall) -> JsonResponse:
    return TILLS.answer(request, lambda key: redeemed(request, call, key))


def redeemed(request: HttpRequest, call: RedemptionCall, key: ApiKey) -> JsonResponse:
    use = use_of(call, source=source_of(key), name=name_of(request, call.redemption_id))
    try:
        done = actions.redeem(use, bucket=bucket_of(request), by=key, at=now())
    except Refused as refusal:
        raise problem_of(request, refusal) from refusal
    except OtherBody:
        raise name_reused() from None
    redemption = done.redemption
    return JsonResponse(answer_of(redemption), status=200 if done.is_replay else 201)


def use_of(call: RedemptionCall, *, source: str, name: str) -> Use:
    order = call.order or Order()
    return Use(
        code=call.code,
        source=source,
        external_id=name,
        coupon_code=call.coupon_code or "",
        customer_key=call.customer_key or "",
        redeemed_on=call.at,
        hold=call.hold or "",
        order_id=order.id,
        store=order.store,
        channel=order.channel,
        amount=order.amount and order.amount.quantize(MONEY),
        discount=order.discount and order.discount.quantize(MONEY),
        currency=order.currency or "",
        comment=call.comment,
    )


def answer_of(redemption: Redemption) -> dict[str, Any]:
    code = redemption.code
    return {
        "id": str(redemption.pk),
        "code": code.code if code else redemption.coupon.code,
        "coupon_code": redemption.coupon.code,
        "redeemed_on": redemption.redeemed_on,
    }


REVERSERS = TillAuth("coupons:rollback")


@router.post(
    "/coupons/redemptions/{uuid:pk}/rollback", summary="Give a use back, once", auth=REVERSERS
)
def roll_back_redemption(request: HttpRequest, pk: uuid.UUID, call: RollbackCall) -> dict[str, Any]:
    return REVERSERS.answer(request, lambda key: rolled_back(request, pk, call, key))


def rolled_back(
    request: HttpRequest, pk: uuid.UUID, call: RollbackCall, key: ApiKey
) -> dict[str, Any]:
    known = Redemption.objects.filter(pk=pk)
    if not knows_all(key):
        known = known.filter(coupon__in=Coupon.objects.open_to(key))
    stamped = known.annotate(till=RawSQL(TILL, [key.pk]))  # noqa: S611 (no word of anybody)
    redemption = stamped.select_related("coupon", "code").first()
    if redemption is None:
        raise Problem(404, "redemption_unknown", "There is no redemption with this id.")
    check_stamp(key, redemption.till)  # type: ignore[attr-defined]
    try:
        done = actions.roll_back(
            redemption,
            reason=call.reason.strip(),
            source=source_of(key),
            external_id=idempotency.name_of(request),
            by=key,
            at=now(),
        )
    except AlreadyReversed:
        raise Problem(
            409, "already_rolled_back", "This redemption was reversed before, or is a reversal."
        ) from None
    except OtherBody:
        raise name_reused() from None
    reversal = done.redemption
    return {
        "id": str(reversal.pk),
        "of": str(redemption.pk),
        "code": redemption.code.code if redemption.code else redemption.coupon.code,
        "coupon_code": redemption.coupon.code,
        "reason": reversal.comment,
        "rolled_back_on": reversal.redeemed_on,
    }


@router.post("/coupons/holds", summary="Keep a use for a while", auth=TILLS)
def create_hold(request: HttpRequest, call: HoldCall) -> JsonResponse:
    return TILLS.answer(request, lambda key: held(request, call, key))


def held(request: HttpRequest, call: HoldCall, key: ApiKey) -> JsonResponse:
    at = now()
    lasting = USUAL if call.ttl is None else timedelta(seconds=max(0, min(call.ttl, 2**31)))
    if not SHORTEST <= lasting <= LONGEST:
        raise Problem(422, "ttl_out_of_range", "A hold lasts from 1 second to 7 days.")
    try:
        hold = actions.hold(
            call.code,
            coupon_code=call.coupon_code or "",
            customer_key=call.customer_key or "",
            lasting=lasting,
            source=source_of(key),
            name=call.name or idempotency.name_of(request) or str(uuid.uuid4()),
            bucket=bucket_of(request),
            by=key,
            at=at,
        )
    except Refused as refusal:
        raise problem_of(request, refusal) from refusal
    except HoldSpent:
        raise Problem(
            409, "hold_spent", "This name has held another code, or its hold was redeemed."
        ) from None
    return JsonResponse(answer_of_hold(hold), status=201 if hold.created_at == at else 200)


@router.api_operation(
    ["DELETE"],
    "/coupons/holds/{uuid:pk}",
    summary="Let a use go",
    auth=CouponAuth("coupons:redeem"),
)
def release_hold(request: HttpRequest, pk: uuid.UUID) -> dict[str, Any]:
    hold = Hold.objects.filter(pk=pk, source=source_of(key_of(request))).first()
    if hold is None:
        raise Problem(404, "hold_unknown", "There is no hold with this id.")
    if not actions.release(hold, at=now()):
        raise Problem(409, "hold_ended", "This hold has ended already.")
    hold.refresh_from_db()
    return answer_of_hold(hold)


def answer_of_hold(hold: Hold) -> dict[str, Any]:
    return {
        "id": str(hold.pk),
        "name": hold.name,
        "expires_at": hold.expires_at,
        "ended_at": hold.ended_at,
        "end": hold.end or None,
    }


# --- what calls have in common ---


def source_of(key: ApiKey) -> str:
    return f"key:{key.public_id}"


def bucket_of(request: HttpRequest) -> str:
    """Who is counted together: a program, or one visitor of the pages that show its key."""
    key = key_of(request)
    return f"{key.pk}:{address_of(request)}" if key.is_publishable else str(key.pk)


def name_of(request: HttpRequest, redemption_id: str | None) -> str:
    name = redemption_id or idempotency.name_of(request)
    if not name:
        raise Problem(
            422,
            "idempotency_key_required",
            "Send a redemption_id or the header Idempotency-Key, so that nothing is used twice.",
        )
    return name


def name_reused() -> Problem:
    return Problem(422, "idempotency_key_reused", "The same name came with another body before.")


def problem_of(request: HttpRequest, refusal: Refused) -> Problem:
    """In the language that is asked for: these calls come straight to their views."""
    language = translation.get_language_from_request(request)
    with translation.override(language):
        sentence = refusal.sentence
    headers = {"Content-Language": language, "Vary": "Accept-Language"}
    if refusal.reason == Reason.RATE_LIMITED:
        headers["Retry-After"] = "900"
    statuses = {Reason.CODE_UNKNOWN: 404, Reason.RATE_LIMITED: 429}
    return Problem(
        statuses.get(refusal.reason, 409), refusal.reason.value, sentence, headers=headers
    )
