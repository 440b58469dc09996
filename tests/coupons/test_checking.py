"""A count that drifts is found, whichever it is."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from coupons.checking import check
from coupons.models import Coupon
from tests.build import make_coupon
from tests.coupons.conftest import CLOCK, issue, make_soc
from tests.coupons.test_redeeming import hold, use

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def lived(module_db):
    """A pool and an anonymous coupon to which much has happened."""
    coupon = make_soc(max_redemptions_total=50)
    issue("Trynow", "2for1", "Kickit")
    use("Trynow", customer_key="C-1")
    hold("2for1", customer_key="C-1")
    use("Globall", offline=True)
    use("TEST-CPN23", offline=True)
    make_coupon("SPRING10", max_redemptions_total=20)
    use("SPRING10", customer_key="C-2", at=CLOCK)
    return coupon


def test_what_went_its_way_has_not_drifted(lived):
    assert check() == []


@pytest.mark.parametrize(
    ("statement", "kinds"),
    [
        ("UPDATE coupons_shelf SET free = free - 1", {"shelf"}),
        ("UPDATE coupons_shelf SET total = total + 1", {"shelf"}),
        ("UPDATE coupons_stockcount SET issued = issued + 1 WHERE shard = 3", {"shelf", "stock"}),
        ("UPDATE coupons_tally SET uses = uses + 1 WHERE uses > 0", {"figures"}),
        ("DELETE FROM coupons_tally WHERE assigned > 0", {"figures"}),
        ("UPDATE coupons_couponuse SET used = used + 1 WHERE slot = 3", {"uses of a coupon"}),
        ("UPDATE coupons_couponuse SET room = room + 1 WHERE slot = 3", {"room"}),
        ("UPDATE coupons_customeruse SET used = used + 1", {"uses by a customer"}),
        (
            "UPDATE coupons_standing SET last_redeemed_on = now() WHERE redemption_count > 0",
            {"uses of a code"},
        ),
        (
            "ALTER TABLE coupons_standing DISABLE TRIGGER USER;"
            "UPDATE coupons_standing SET status = 'void', voided_at = now()"
            " WHERE status = 'issued'",
            {"standing", "stock"},
        ),
        (
            "ALTER TABLE coupons_codeevent DISABLE TRIGGER USER;"
            "DELETE FROM coupons_codeevent WHERE after = 'reserved'",
            {"ledger"},
        ),
    ],
)
def test_whatever_is_changed_behind_our_back_is_found(lived, statement, kinds):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)

    assert {drift.kind for drift in check()} == kinds
    assert check(Coupon.objects.create(**other())) == []


def other():
    return {
        "label": "Other",
        "code": "OTHER",
        "code_norm": "OTHER",
        "specimen_norm": "TEST-OTHER",
        "timezone": "UTC",
        "created_at": CLOCK,
        "changed_at": CLOCK,
    }


def test_the_command_says_what_differs(lived):
    out, err = io.StringIO(), io.StringIO()
    call_command("coupons", "check", "--json", stdout=out, stderr=err)
    assert json.loads(out.getvalue().splitlines()[-1]) == {"drifts": []}

    with connection.cursor() as cursor:
        cursor.execute("UPDATE coupons_shelf SET total = total + 1")
    with pytest.raises(SystemExit) as end:
        call_command("coupons", "check", "--coupon", "cpn23", stdout=out, stderr=err)

    assert end.value.code == 1
    assert "is 9/4, expected 8/4" in err.getvalue()
    with pytest.raises(CommandError):
        call_command("coupons", "check", "--coupon", "none", stdout=out, stderr=err)
