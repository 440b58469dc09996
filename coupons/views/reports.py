"""What became of a coupon, in figures that lead to the rows behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
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


@dataclass(frozen=True, slots=True)
class Table:
    """The figures by one thing. Where codes are only used, nothing is assigned."""

    heading: str
    name: str
    nothing: str
    rows: list[Part]
    of_uses: bool = False


def parts_of(coupon: Coupon) -> list[Table]:
    """What can be told apart: not what has no name at all."""
    places = [part for part in reporting.by_store(coupon) if part.uses or part.reversals]
    tables = [
        Table(_("By channel"), _("Channel"), _("none"), reporting.by_channel(coupon)),
        Table(_("By segment"), _("Segment"), _("none"), reporting.by_segment(coupon)),
        Table(
            _("By delivery"),
            _("Delivery"),
            pgettext("delivery", "none"),
            reporting.by_delivery(coupon),
        ),
        Table(_("By store"), _("Store"), _("none"), places, of_uses=True),
    ]
    return [
        replace(table, rows=table.rows[:MOST_PARTS])
        for table in tables
        if any(row.name for row in table.rows)
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
