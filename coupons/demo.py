"""Coupons to try the product with: a pool of eight codes, and one code for everybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from coupons.actions.codes import add_code
from coupons.actions.coupons import create_coupon
from coupons.models import Coupon
from coupons.windows import end_of, start_of

ZONE = "Europe/Paris"
# (code, label, segment)
CODES = (
    ("Trynow", "Try it now", "soccer"),
    ("2for1", "Two for one", "soccer"),
    ("Teamfav", "", "soccer"),
    ("Kickit", "", "soccer"),
    ("Goaliespecial", "For goalkeepers", "soccer"),
    ("Forwardrush", "", "running"),
    ("Globall", "", "running"),
    ("Nitespecial", "For the night", "running"),
)


def load_coupons(*, at: datetime) -> int:
    """Add the coupons of the demo, and say how many; none where there are coupons."""
    if Coupon.objects.exists():
        return 0
    today = at.astimezone(ZoneInfo(ZONE)).date()
    pool = create_coupon(
        {
            "label": "Soccer, winter season",
            "type": Coupon.Type.INDIVIDUAL,
            "start_at": start_of(today, ZONE),
            "end_at": end_of(today + timedelta(days=90), ZONE),
            "timezone": ZONE,
            "description": "One code for each fan, good once.",
            "folder_path": "Sports/Soccer",
            "tags": ["winter"],
            "low_stock_threshold": 5,
            "code_pattern": {"pattern": "SOC-####-####", "charset": "safe"},
            "accept_unissued": True,
        },
        code="SOC26",
        by=None,
        at=at,
    )
    for code, label, segment in CODES:
        add_code(pool, code, label=label, segment=segment, by=None, at=at)
    create_coupon(
        {
            "label": "Ten percent in spring",
            "type": Coupon.Type.ANONYMOUS,
            "timezone": ZONE,
            "max_redemptions_total": 1000,
            "max_redemptions_per_customer": 1,
        },
        code="SPRING10",
        by=None,
        at=at,
    )
    return 2
