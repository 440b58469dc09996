"""Coupons as the scenarios have them."""

import io
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from coupons.models import Code, Standing
from coupons.moving import moving
from coupons.windows import end_of, start_of
from tests.build import make_codes, make_coupon
from tests.transfers.conftest import import_file  # noqa: F401 (a fixture)

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


@pytest.fixture
def import_codes(import_file):  # noqa: F811 (the fixture)
    return partial(import_file, subject="codes", name="codes.csv")


@pytest.fixture
def import_coupons(import_file):  # noqa: F811 (the fixture)
    return partial(import_file, subject="coupons", name="coupons.csv")


@pytest.fixture
def import_redemptions(import_file):  # noqa: F811 (the fixture)
    return partial(import_file, subject="redemptions", name="redemptions.csv")


@pytest.fixture
def export_file(tmp_path):
    """What `export SUBJECT` writes, as text."""

    def run(subject, *options):
        path = tmp_path / "out"
        call_command("export", subject, *options, "--output", str(path), stderr=io.StringIO())
        return path.read_bytes().decode("utf-8-sig")

    return run


def stored(coupon, *columns):
    """These columns of all codes of a coupon, by code."""
    rows = Code.objects.filter(coupon=coupon).order_by("code_norm").values_list(*columns)
    return [row[0] if len(columns) == 1 else row for row in rows]


def count_of(client, address):
    """How many queries a page costs."""
    client.get(address)  # what is kept from one request to the next is there now
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)
