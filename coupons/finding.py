"""Which coupon and which code somebody means who presents a code."""

from __future__ import annotations

from dataclasses import dataclass

from coupons.models import Code, Coupon, CouponQuerySet, Standing
from coupons.normalising import lookups

MOST = 20  # equal codes of that many pools are more than enough to be ambiguous


@dataclass(frozen=True, slots=True)
class Found:
    """What a code stands for: of an anonymous coupon there is no `code`."""

    coupon: Coupon
    code: Code | None = None
    is_specimen: bool = False

    @property
    def standing(self) -> Standing | None:
        return getattr(self.code, "standing", None) if self.code else None

    @property
    def most(self) -> int | None:
        """How often this one code may be used; None is as often as one likes."""
        own = self.code.max_redemptions if self.code else None
        return own if own is not None else self.coupon.max_redemptions_per_code


class Ambiguous(Exception):
    """Several active coupons have this code."""


def find(text: str, coupon_code: str = "") -> Found | None:
    """What a code stands for, or None; raises Ambiguous."""
    forms = lookups(text)
    among = Coupon.objects.all()
    if coupon_code:
        names = lookups(coupon_code)
        among = among.filter(code_norm=names[-1]) if names else among.none()
    if not forms:
        return None
    found = of_pools(forms, among if coupon_code else None)
    found += [Found(each) for each in among.filter(code_norm=forms[-1], type="anonymous")]
    if not found:
        specimen = among.filter(specimen_norm=forms[-1]).order_by("-pk").first()
        return Found(specimen, is_specimen=True) if specimen else None
    active = [each for each in found if each.coupon.status == Coupon.Status.ACTIVE]
    if len(active) > 1:
        raise Ambiguous
    return (active or found)[0]


def of_pools(forms: tuple[str, ...], among: CouponQuerySet | None) -> list[Found]:
    codes = Code.objects.filter(code_norm__in=forms).select_related("coupon", "shelf", "standing")
    if among is not None:
        codes = codes.filter(coupon__in=among)
    return [
        Found(code.coupon, code)
        for code in codes.order_by("-pk")[:MOST]
        if code.code_norm == forms[0 if code.coupon.case_sensitive else -1]
    ]
