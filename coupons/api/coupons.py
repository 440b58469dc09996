"""Coupons and their codes for programs."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.timezone import now
from ninja import Router
from pydantic import BaseModel, StringConstraints

from accounts.actions.granting import Stale
from accounts.api import key_of
from coupons.actions import codes as code_actions
from coupons.actions import coupons as actions
from coupons.actions.refusing import FieldRefused, NotInState, StillUsed
from coupons.api.letting import CouponAuth
from coupons.api.values import CouponPatch, values_of
from coupons.models import Code, Coupon, Standing
from coupons.normalising import lookups
from coupons.stock import Stock, stock_of, stocks_of
from coupons.windows import lasting_in_words
from offers_site.paging import DEFAULT_LIMIT, page_of
from offers_site.problems import Problem

router = Router(tags=["coupons"])
READING = CouponAuth(
    "coupons:validate", "coupons:redeem", "coupons:rollback", "imports", "deliveries", "catalog"
)
# Whoever may import codes may see and void them.
KEEPING = CouponAuth("imports")


class CodePatch(BaseModel):
    status: Standing.Status
    reason: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")] = ""


@router.get("/coupons", summary="Coupons, newest first", auth=READING)
def list_coupons(
    request: HttpRequest, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> dict[str, Any]:
    coupons = Coupon.objects.open_to(key_of(request)).select_related("folder")
    page = page_of(coupons, lambda coupon: {"row": coupon}, limit=limit, cursor=cursor)
    rows = [each["row"] for each in page["results"]]
    stocks = stocks_of([coupon.pk for coupon in rows])
    return {
        "results": [described(coupon, stocks[coupon.pk]) for coupon in rows],
        "next": page["next"],
    }


@router.get("/coupons/{code}", summary="One coupon and its stock", auth=READING)
def read_coupon(request: HttpRequest, code: str) -> dict[str, Any]:
    coupon = find_coupon(request, code)
    return described(coupon, stock_of(coupon))


@router.patch(
    "/coupons/{code}",
    summary="Change what the body names",
    url_name="read_coupon",
    auth=KEEPING,
)
def patch_coupon(request: HttpRequest, code: str, call: CouponPatch) -> dict[str, Any]:
    coupon, by, at = find_coupon(request, code), key_of(request), now()
    try:
        values = values_of(coupon, call)
        if values:
            actions.edit_coupon(coupon, values, version=call.version, by=by, at=at)
        if call.status:
            version = None if values else call.version
            actions.set_status(coupon, call.status.value, version=version, by=by, at=at)
    except FieldRefused as refusal:
        raise field_problem(refusal) from refusal
    except Stale as refusal:
        raise Problem(409, "changed_meanwhile", str(refusal)) from refusal
    except NotInState as refusal:
        raise Problem(409, "not_in_state", str(refusal)) from refusal
    except StillUsed as refusal:
        raise Problem(409, "still_used", str(refusal)) from refusal
    coupon = Coupon.objects.get(pk=coupon.pk)
    return described(coupon, stock_of(coupon))


@router.get("/coupons/{code}/codes", summary="The codes of a pool", auth=KEEPING)
def list_codes(
    request: HttpRequest,
    code: str,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    status: Standing.Status | None = None,
) -> dict[str, Any]:
    codes = Code.objects.filter(coupon=find_coupon(request, code)).select_related(
        "coupon", "shelf", "standing", "batch"
    )
    if status == Standing.Status.AVAILABLE:
        codes = codes.filter(Q(standing=None) | Q(standing__status=status))
    elif status:
        codes = codes.filter(standing__status=status)
    return page_of(codes, described_code, limit=limit, cursor=cursor, newest_first=False)


@router.get("/coupons/{code}/codes/{value}", summary="One code of a pool", auth=KEEPING)
def read_code(request: HttpRequest, code: str, value: str) -> dict[str, Any]:
    return described_code(find_code(find_coupon(request, code), value))


@router.patch(
    "/coupons/{code}/codes/{value}",
    summary="Void a code, or put a voided one back",
    url_name="read_code",
    auth=KEEPING,
)
def patch_code(request: HttpRequest, code: str, value: str, call: CodePatch) -> dict[str, Any]:
    coupon, by = find_coupon(request, code), key_of(request)
    found = find_code(coupon, value)
    if call.status == Standing.Status.VOID:
        act = code_actions.void_codes
    elif call.status == Standing.Status.AVAILABLE:
        act = code_actions.put_back_codes
    else:
        raise Problem(422, "enum_invalid", "A code can be made void, or available again.")
    done = act(coupon, [found.pk], reason=call.reason, by=by, at=now())
    found = find_code(coupon, value)
    if done.refused and found.status != call.status:
        reason = next(iter(done.refused))
        raise Problem(409, reason, f"This code is {found.status}, and that does not change.")
    return {**described_code(found), "deliveries": sorted(done.deliveries)}


# --- what they have in common ---


def find_coupon(request: HttpRequest, code: str) -> Coupon:
    """The coupon with this code, if the key may know of it."""
    forms = lookups(code)
    coupons = Coupon.objects.open_to(key_of(request)).select_related("folder")
    coupon = coupons.with_code(forms[-1]).first() if forms else None
    if coupon is None:
        raise Problem(404, "coupon_unknown", "There is no coupon with this code.")
    return coupon


def find_code(coupon: Coupon, value: str) -> Code:
    forms = lookups(value)
    codes = Code.objects.filter(
        coupon=coupon, code_norm__in=forms[:1] if coupon.case_sensitive else forms[-1:]
    )
    code = codes.select_related("coupon", "shelf", "standing", "batch").first()
    if code is None:
        raise Problem(404, "code_unknown", "The coupon has no such code.")
    return code


def field_problem(refusal: FieldRefused) -> Problem:
    return Problem(
        422,
        refusal.code if refusal.code == "coupon_code_taken" else "invalid",
        "Some fields are not as they should be.",
        errors=[{"pointer": f"/{refusal.name}", "code": refusal.code, "detail": str(refusal)}],
    )


PLAIN = (
    "label",
    "type",
    "status",
    "start_at",
    "end_at",
    "timezone",
    "description",
    "tags",
    "assignment_mode",
    "max_redemptions_per_code",
    "max_redemptions_total",
    "max_redemptions_per_customer",
    "holder_only",
    "accept_unissued",
    "case_sensitive",
    "wide_characters",
    "code_pattern",
    "specimen_code",
    "low_stock_threshold",
    "low_stock_unit",
    "reuse_policy",
    "external_id",
    "attributes",
    "created_at",
    "version",
)


def described(coupon: Coupon, stock: Stock) -> dict[str, Any]:
    return {
        "code": coupon.code,
        "coupon_code": coupon.code,
        **{name: getattr(coupon, name) for name in PLAIN},
        "validity_after_issue": lasting_in_words(coupon.validity_after_issue),
        "folder": coupon.folder.path if coupon.folder else None,
        "modified_at": coupon.changed_at,
        "stock": stock,
        # the columns of an export that have other names here
        "start_date": coupon.start_at,
        "end_date": coupon.end_at,
        "codes_assigned": stock["issued"],
        **{f"codes_{name}": number for name, number in stock.items() if name != "issued"},
    }


def described_code(code: Code) -> dict[str, Any]:
    standing: Standing | None = getattr(code, "standing", None)
    return {
        "coupon_code": code.coupon.code,
        "code": code.code,
        "label": code.label or None,
        "segment": code.shelf.segment or None,
        "start_date": code.shelf.start_at,
        "end_date": code.shelf.end_at,
        "max_redemptions": code.max_redemptions,
        "recipient_key": code.restricted_to or None,
        "external_id": code.external_id or None,
        "attributes": code.attributes or {},
        "status": code.status,
        "redeemed_on": standing.redeemed_on if standing else None,
        "last_redeemed_on": standing.last_redeemed_on if standing else None,
        "redemption_count": standing.redemption_count if standing else 0,
        "channel": (standing.channel or None) if standing else None,
        "address": (standing.address or None) if standing else None,
        "delivery_code": (standing.delivery or None) if standing else None,
        "message_ref": standing.message if standing else None,
        "assigned_on": standing.issued_at if standing else None,
        "batch": str(code.batch),
    }
