"""Who is let in, and to what: rights, and whether coupons are in use at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404

from accounts.rights import Right
from coupons.actions import options
from coupons.models import Code, Coupon
from coupons.normalising import lookups
from offers_site.http import StaffRequest

P = ParamSpec("P")
View = Callable[Concatenate[StaffRequest, P], HttpResponse]


def allowed(*rights: Right) -> Callable[[View[P]], View[P]]:
    """Only for people with these rights, and only while coupons are in use."""

    def decorate(view: View[P]) -> View[P]:
        guarded = permission_required((Right.VIEW_COUPON, *rights), raise_exception=True)(view)

        @wraps(view)
        def while_in_use(request: StaffRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not options.are_on():
                raise Http404
            answer: HttpResponse = guarded(request, *args, **kwargs)
            return answer

        found: View[P] = while_in_use  # type: ignore[assignment] # a name more than it needs
        return found

    return decorate


def find_coupon(request: StaffRequest, code: str) -> Coupon:
    """The coupon with this code, however it is written, if the person may see it."""
    forms = lookups(code)
    coupons = Coupon.objects.visible_to(request.user).for_coupon_list()
    return get_object_or_404(coupons, code_norm=forms[-1] if forms else "")


def find_pool(request: StaffRequest, code: str) -> Coupon:
    """A coupon that has codes of its own."""
    coupon = find_coupon(request, code)
    if not coupon.is_individual:
        raise Http404
    return coupon


def find_code(request: StaffRequest, pk: int) -> Code:
    coupons = Coupon.objects.visible_to(request.user)
    codes = Code.objects.select_related(
        "coupon", "coupon__folder", "shelf", "standing", "batch", "batch__by", "batch__transfer"
    )
    return get_object_or_404(codes, pk=pk, coupon__in=coupons)
