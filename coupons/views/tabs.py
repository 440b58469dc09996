"""The tabs of a coupon's page, and what stands above each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from coupons.disclosing import eyes_of, in_use
from coupons.models import Coupon
from coupons.reporting import is_low
from coupons.stock import stock_of
from offers_site.http import StaffRequest


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    is_current: bool
    count: int | None = None


def frame_of(
    request: StaffRequest, coupon: Coupon, current: str, *, at: datetime
) -> dict[str, Any]:
    """What every page of a coupon shows: `current` is the name of its address."""
    stock = stock_of(coupon) if coupon.is_individual else None
    return {
        "coupon": coupon,
        "eyes": eyes_of(request.user),
        "stock": stock,
        "is_low": stock is not None and is_low(coupon, stock),
        "states": in_use(coupon, at=at),
        "tabs": tabs_of(request, coupon, current, stock),
    }


def tabs_of(
    request: StaffRequest, coupon: Coupon, current: str, stock: dict[str, int] | None
) -> list[Tab]:
    pages: list[tuple[str, str, int | None]] = [
        ("coupon-detail", _("General"), None),
        ("coupon-others", _("Others"), None),
    ]
    if stock is not None:
        pages.append(("code-list", _("Codes"), stock["total"]))
    pages += [
        ("coupon-deliveries", _("Deliveries"), None),
        ("redemption-list", _("Redemptions"), None),
    ]
    if stock is not None:
        pages.append(("coupon-imports", _("Imports"), None))
    pages.append(("coupon-reports", _("Reports"), None))
    if request.user.has_perm("accounts.view_journal"):
        pages.append(("coupon-journal", _("Journal"), None))
    return [
        Tab(label, reverse(f"coupons:{name}", args=[coupon.code]), name == current, count)
        for name, label, count in pages
    ]
