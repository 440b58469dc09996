"""What uses a coupon, and where its codes come from."""

from __future__ import annotations

from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from accounts.rights import Right
from coupons import reporting, wording
from coupons.browsing import Wanted
from coupons.models import Batch, BulkChange, Reservation
from coupons.views.codes import export_url, import_url
from coupons.views.letting import allowed, find_coupon, find_pool
from coupons.views.tabs import frame_of
from offers_site.http import StaffRequest

MOST_BATCHES = 200
MOST_DELIVERIES = 200
MOST_CHANGES = 20


@require_GET
@allowed()
def coupon_deliveries(request: StaffRequest, code: str) -> HttpResponse:
    """The deliveries that have codes of it, or are about to."""
    coupon = find_coupon(request, code)
    context = frame_of(request, coupon, "coupon-deliveries", at=now())
    reservations = Reservation.objects.filter(coupon=coupon).annotate(
        left=Sum("promises__remaining")
    )
    context["reservations"] = reservations.order_by("-created_at")[:MOST_DELIVERIES]
    context["parts"] = [part for part in reporting.by_delivery(coupon) if part.name]
    return render(request, "coupons/coupon_deliveries.html", context)


@require_GET
@allowed()
def coupon_imports(request: StaffRequest, code: str) -> HttpResponse:
    """Where codes came from, and what was done to many of them at once."""
    coupon = find_pool(request, code)
    batches = Batch.objects.filter(coupon=coupon).select_related("by", "key", "transfer", "job")
    changes = BulkChange.objects.filter(coupon=coupon).select_related("job", "job__by", "batch")
    context = frame_of(request, coupon, "coupon-imports", at=now())
    context |= {
        "batches": batches.order_by("-pk")[:MOST_BATCHES],
        "changes": [
            (change, wording.refusals_in_words(change.refused))
            for change in changes.order_by("-pk")[:MOST_CHANGES]
        ],
        "import_url": import_url(request, coupon),
        "export_url": export_url(request, coupon, Wanted()),
        "may_void": request.user.has_perm(Right.VOID_CODES),
    }
    return render(request, "coupons/coupon_imports.html", context)
