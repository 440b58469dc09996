"""What became of a coupon, in figures that lead to the rows behind them."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.rights import Right
from coupons import reporting
from coupons.actions import reports as actions
from coupons.forms.reports import PeriodForm
from coupons.models import Coupon
from coupons.reporting import Part
from coupons.views.letting import allowed, find_coupon
from coupons.views.tabs import frame_of
from offers_site.http import StaffRequest

MOST_ANOMALIES = 50
MOST_PARTS = 20


@require_GET
@allowed()
def coupon_reports(request: StaffRequest, code: str) -> HttpResponse:
    coupon = find_coupon(request, code)
    form = PeriodForm(request.GET or None, auto_id="period-%s")
    since, until = form.period
    context = frame_of(request, coupon, "coupon-reports", at=now())
    context |= {
        "form": form,
        "figures": reporting.figures_of(coupon, since, until),
        "days": reporting.by_day(coupon, since, until),
        "parts": parts_of(coupon),
        "anomalies": reporting.anomalies_of(coupon, most=MOST_ANOMALIES),
        "unredeemed_url": unredeemed_url(coupon),
    }
    return render(request, "coupons/coupon_reports.html", context)


def parts_of(coupon: Coupon) -> list[tuple[str, str, list[Part]]]:
    """(heading, what no name means, rows), but for what has only one row without a name."""
    tables = [
        (_("By channel"), _("no channel"), reporting.by_channel(coupon)),
        (_("By segment"), _("no segment"), reporting.by_segment(coupon)),
        (_("By delivery"), _("no delivery"), reporting.by_delivery(coupon)),
        (_("By store"), _("no store"), reporting.by_store(coupon)),
    ]
    return [
        (heading, nothing, rows[:MOST_PARTS])
        for heading, nothing, rows in tables
        if any(row.name for row in rows)
    ]


def unredeemed_url(coupon: Coupon) -> str:
    """Codes that were assigned and not used: whom to remind."""
    if not coupon.is_individual:
        return ""
    return reverse("coupons:code-list", args=[coupon.code]) + "?status=issued"


@require_POST
@allowed(Right.CHANGE_COUPON)
def coupon_recount(request: StaffRequest, code: str) -> HttpResponse:
    coupon = find_coupon(request, code)
    return redirect(actions.start_recounting(coupon, by=request.user, at=now()))
