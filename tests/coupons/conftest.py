"""Coupons as the scenarios have them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from coupons.models import Code, Standing
from coupons.moving import moving
from coupons.windows import end_of, start_of
from tests.build import make_codes, make_coupon

PARIS = ZoneInfo("Europe/Paris")
CLOCK = datetime(2026, 1, 26, 10, tzinfo=PARIS)
SOCCER = (
    "Trynow",
    "2for1",
    "Teamfav",
    "Kickit",
    "Goaliespecial",
    "Forwardrush",
    "Globall",
    "Nitespecial",
)


def make_soc(**columns):
    """A pool of eight available codes, from 25 to 28 January 2026."""
    columns.setdefault("start_at", start_of(date(2026, 1, 25), "Europe/Paris"))
    columns.setdefault("end_at", end_of(date(2026, 1, 28), "Europe/Paris"))
    coupon = make_coupon(type="individual", **columns)
    make_codes(coupon, *SOCCER)
    return coupon


def issue(*codes, at=CLOCK, **columns):
    """Give codes out, as a sent message does."""
    for code in Code.objects.filter(code__in=codes).order_by("pk"):
        with transaction.atomic(), moving("reserve", code.coupon_id, by=None, at=at):
            standing = Standing.objects.create(
                code=code,
                coupon_id=code.coupon_id,
                shelf_id=code.shelf_id,
                status="reserved",
                reserved_at=at,
                changed_at=at,
                **columns,
            )
            standing.status, standing.issued_at = "issued", at
            standing.save()


@pytest.fixture
def soc(db):
    return make_soc()


def count_of(client, address):
    """How many queries a page costs."""
    client.get(address)  # what is kept from one request to the next is there now
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)
