"""Many at the same moment: nothing is used twice, and no limit is passed by one."""

import threading

import pytest
from django.db import connection
from django.test import Client

from coupons.checking import check
from coupons.models import CouponUse, CustomerUse, Redemption, Standing
from tests.build import bearer, make_coupon, make_key
from tests.coupons.conftest import issue, make_soc

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 12


@pytest.fixture
def headers(broker):
    _key, secret = make_key("coupons:redeem", "coupons:rollback")
    return bearer(secret)


def at_once(calls):
    """The answers of calls (path, body), made by as many threads as there are."""
    answers, gate = [], threading.Barrier(len(calls))

    def call(path, body, headers):
        try:
            gate.wait()
            answers.append(
                Client().post(
                    f"/api/v1/coupons{path}", body, content_type="application/json", headers=headers
                )
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=each) for each in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def told(answers):
    """How many of each status, or reason."""
    found = [
        str(answer.status_code) if answer.status_code < 400 else answer.json()["code"]
        for answer in answers
    ]
    return {each: found.count(each) for each in sorted(set(found))}


def test_one_code_is_used_once_and_given_back_once(headers):
    """AS-18."""
    soc = make_soc(start_at=None, end_at=None)
    issue("Trynow")

    bodies = [{"code": "Trynow", "redemption_id": f"T-{n}"} for n in range(THREADS)]
    answers = at_once([("/redemptions", body, headers) for body in bodies])

    assert told(answers) == {"201": 1, "already_redeemed": THREADS - 1}
    assert Standing.objects.get().redemption_count == 1
    (won,) = (answer.json() for answer in answers if answer.status_code == 201)
    name = Redemption.objects.get().external_id
    again = {"code": "Trynow", "redemption_id": name}
    replays = at_once([("/redemptions", again, headers)] * 10)
    assert told(replays) == {"200": 10}
    assert {answer.json()["id"] for answer in replays} == {won["id"]}

    way = f"/redemptions/{won['id']}/rollback"
    reversals = at_once([(way, {"reason": "refund"}, headers)] * 10)
    assert told(reversals) == {"200": 1, "already_rolled_back": 9}
    once_more = at_once(
        [("/redemptions", {"code": "Trynow", "redemption_id": f"U-{n}"}, headers) for n in range(5)]
    )
    assert told(once_more) == {"201": 1, "already_redeemed": 4}
    assert check(soc) == []


def test_one_name_is_one_use_however_often_it_comes(headers):
    coupon = make_coupon("SPRING10")
    body = {"code": "SPRING10", "redemption_id": "T-1", "customer_key": "C-1"}

    answers = at_once([("/redemptions", body, headers)] * THREADS)

    assert told(answers) == {"200": THREADS - 1, "201": 1}
    assert Redemption.objects.count() == 1
    assert check(coupon) == []


@pytest.mark.parametrize("total", [1, 5])
def test_the_total_is_taken_exactly(headers, total):
    coupon = make_coupon("SPRING10", max_redemptions_total=total)
    bodies = [{"code": "SPRING10", "redemption_id": f"T-{n}"} for n in range(THREADS)]

    answers = at_once([("/redemptions", body, headers) for body in bodies])

    assert told(answers) == {"201": total, "limit_total": THREADS - total}
    assert sum(CouponUse.objects.values_list("used", flat=True)) == total
    assert check(coupon) == []


def test_each_customer_takes_theirs_exactly(headers):
    coupon = make_coupon("SPRING10", max_redemptions_per_customer=2)
    bodies = [
        {"code": "SPRING10", "redemption_id": f"T-{n}", "customer_key": f"C-{n % 2}"}
        for n in range(THREADS)
    ]

    answers = at_once([("/redemptions", body, headers) for body in bodies])

    assert told(answers) == {"201": 4, "limit_customer": THREADS - 4}
    assert set(CustomerUse.objects.values_list("used", flat=True)) == {2}
    assert check(coupon) == []


def test_a_code_from_stock_is_used_once_and_leaves_the_stock_once(headers):
    soc = make_soc(start_at=None, end_at=None, accept_unissued=True)
    bodies = [{"code": "Trynow", "redemption_id": f"T-{n}"} for n in range(THREADS)]

    answers = at_once([("/redemptions", body, headers) for body in bodies])

    assert told(answers) == {"201": 1, "already_redeemed": THREADS - 1}
    assert soc.shelves.get().free == 7
    assert check(soc) == []
