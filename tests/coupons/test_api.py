"""Coupons for programs: tills, and whoever keeps the pools."""

import pytest
from django.core.cache import cache

from accounts.models import JournalEntry
from coupons.models import Coupon, Options, Redemption, Standing
from offers_site.subjects import SUBJECTS
from tests.build import bearer, make_codes, make_coupon, make_key
from tests.coupons.conftest import CLOCK, issue, make_soc

pytestmark = pytest.mark.django_db(transaction=True)

SCOPES = ("coupons:validate", "coupons:redeem", "coupons:rollback", "imports")


@pytest.fixture
def program(client, broker):
    _key, secret = make_key(*SCOPES)
    return caller(client, secret)


def caller(client, secret):
    def call(method, path, body=None, **headers):
        options = {} if body is None else {"data": body, "content_type": "application/json"}
        return getattr(client, method)(
            f"/api/v1/coupons{path}", headers={**bearer(secret), **headers}, **options
        )

    return call


@pytest.fixture
def pool():
    return make_open_pool()


def make_open_pool(**columns):
    coupon = make_coupon(type="individual", **columns)
    make_codes(coupon, "Trynow", "2for1", "Teamfav")
    return coupon


def test_a_code_is_checked_used_and_given_back(program, pool):
    issue("Trynow")
    body = {"code": "trynow", "customer_key": "C-1", "order": {"id": "O-7", "amount": "59.9"}}

    checked = program("post", "/validate", body)
    used = program("post", "/redemptions", {**body, "redemption_id": "T-1"})
    again = program("post", "/redemptions", {**body, "redemption_id": "T-1"})
    other = program("post", "/redemptions", {"code": "trynow", "redemption_id": "T-1"})
    late = program("post", "/redemptions", body, **{"Idempotency-Key": "T-2"})

    assert (checked.status_code, checked.json()) == (
        200,
        {
            "valid": True,
            "reasons": [],
            "remaining": 1,
            "start_at": None,
            "end_at": None,
            "label": "Soccer coupons",
        },
    )
    assert used.status_code == 201
    redemption = Redemption.objects.get()
    assert used.json() == again.json()
    assert {**used.json(), "redeemed_on": ""} == {
        "id": str(redemption.pk),
        "code": "Trynow",
        "coupon_code": "CPN23",
        "redeemed_on": "",
    }
    assert (redemption.order_id, str(redemption.amount)) == ("O-7", "59.90")
    assert again.status_code == 200
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (late.status_code, late.json()["code"]) == (409, "already_redeemed")

    way = f"/redemptions/{redemption.pk}/rollback"
    back = [program("post", way, {"reason": "refund"}) for _ in range(2)]
    assert [each.status_code for each in back] == [200, 409]
    assert back[0].json()["of"] == str(redemption.pk)
    assert back[1].json()["code"] == "already_rolled_back"
    assert program("post", "/redemptions", body, **{"Idempotency-Key": "T-2"}).status_code == 201


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("Nope", 404, "code_unknown"),
        ("2for1", 409, "not_assigned"),
        ("TEST-CPN23", 409, "specimen_code"),
    ],
)
def test_refusals_carry_their_reason(program, pool, code, status, reason):
    answer = program("post", "/redemptions", {"code": code, "redemption_id": "T-1"})
    checked = program("post", "/validate", {"code": code})

    assert (answer.status_code, answer.json()["code"]) == (status, reason)
    assert answer["Content-Type"] == "application/problem+json"
    assert (checked.status_code, checked.json()["reasons"]) == (200, [reason])
    assert checked.json()["valid"] is False


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/redemptions", {"code": "Trynow"}, "idempotency_key_required"),
        ("/redemptions", {"redemption_id": "T-1"}, "invalid"),
        ("/redemptions", {"code": ["x"], "redemption_id": "T-1"}, "invalid"),
        ("/redemptions", {"code": "x", "redemption_id": "T\0"}, "invalid"),
        ("/redemptions", {"code": "x", "redemption_id": "T", "at": "yesterday"}, "invalid"),
        ("/redemptions", {"code": "x", "redemption_id": "T", "order": {"amount": "x"}}, "invalid"),
        (
            "/redemptions",
            {"code": "x", "redemption_id": "T", "order": {"currency": "euro"}},
            "invalid",
        ),
        ("/validate", {"code": "x" * 300}, "invalid"),
        ("/validate", {}, "invalid"),
        ("/holds", {"code": "Trynow", "ttl": 0}, "ttl_out_of_range"),
        ("/holds", {"code": "Trynow", "ttl": 604_801}, "ttl_out_of_range"),
        ("/holds", {"code": "Trynow", "ttl": -(10**30)}, "ttl_out_of_range"),
    ],
)
def test_bad_calls_are_told_what_is_wrong(program, pool, path, body, code):
    answer = program("post", path, body)

    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_what_is_wrong_in_an_order_is_named_by_its_place(program, pool):
    body = {"code": "Trynow", "redemption_id": "T", "order": {"amount": "x", "currency": "EUR"}}

    errors = program("post", "/redemptions", body).json()["errors"]

    assert [each["pointer"] for each in errors] == ["/order/amount"]


def test_a_till_may_tell_when_it_happened(program):
    """AS-38."""
    make_soc(accept_unissued=True)

    def told(code, at):
        return program("post", "/redemptions", {"code": code, "redemption_id": code, "at": at})

    late = told("Trynow", "2026-01-29T00:00:00+01:00")
    last = told("2for1", "2026-01-28T23:59:59+01:00")
    future = told("Kickit", "2999-01-01T00:00:00Z")

    assert (late.status_code, late.json()["code"]) == (409, "after_end")
    assert last.status_code == 201
    assert last.json()["redeemed_on"] == "2026-01-28T22:59:59Z"
    assert future.json()["code"] == "redeemed_in_future"


def test_a_hold_is_kept_lengthened_and_let_go(program, pool):
    issue("Trynow")
    first = program("post", "/holds", {"code": "Trynow", "name": "basket", "ttl": 60})
    longer = program("post", "/holds", {"code": "Trynow", "name": "basket", "ttl": 600})
    blocked = program("post", "/redemptions", {"code": "Trynow", "redemption_id": "T-1"})
    gone = program("delete", f"/holds/{first.json()['id']}")

    assert (first.status_code, longer.status_code) == (201, 200)
    assert longer.json()["id"] == first.json()["id"]
    assert longer.json()["expires_at"] > first.json()["expires_at"]
    assert (blocked.status_code, blocked.json()["code"]) == (409, "on_hold")
    assert (gone.status_code, gone.json()["end"]) == (200, "released")
    assert program("delete", f"/holds/{first.json()['id']}").status_code == 409
    program("post", "/holds", {"code": "Trynow", "name": "other"})
    assert (
        program(
            "post", "/redemptions", {"code": "Trynow", "redemption_id": "T-2", "hold": "other"}
        ).status_code
        == 201
    )


def test_whoever_tries_unknown_codes_waits(program, pool):
    issue("Trynow")
    for number in range(20):
        program("post", "/validate", {"code": f"GUESS{number}"})

    answer = program("post", "/redemptions", {"code": "Trynow", "redemption_id": "T-1"})
    checked = program("post", "/validate", {"code": "Trynow"})

    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert answer["Retry-After"] == "900"
    assert checked.json()["reasons"] == ["rate_limited"]
    assert JournalEntry.objects.get().verb == "key.guessed_codes"


def test_a_key_in_a_page_learns_nothing_of_codes_that_it_cannot_use(client, broker):
    make_open_pool()
    issue("Trynow")
    Coupon.objects.update(holder_only=True)
    _key, secret = make_key("coupons:validate", origins=["https://shop.example"])
    ask = caller(client, secret)
    origin = {"Origin": "https://shop.example"}

    answers = [
        ask("post", "/validate", {"code": code}, **origin).json()
        for code in ("Nope", "2for1", "TEST-CPN23")
    ]

    nothing = {
        "valid": False,
        "reasons": ["invalid"],
        "remaining": None,
        "start_at": None,
        "end_at": None,
        "label": None,
    }
    assert answers == [nothing] * 3
    assert ask("post", "/validate", {"code": "Trynow"}, **origin).json()["valid"] is True


def test_nothing_is_counted_without_redis(program, pool, monkeypatch):
    import redis  # noqa: PLC0415 (only here)

    def away(*args, **kwargs):
        raise redis.ConnectionError

    monkeypatch.setattr(cache, "get", away)
    monkeypatch.setattr(cache, "add", away)

    assert program("post", "/validate", {"code": "Nope"}).json()["reasons"] == ["code_unknown"]


# --- pools ---


def test_a_coupon_is_read_with_its_stock(program, pool):
    issue("Trynow", "2for1")

    told = program("get", "/cpn23").json()

    assert told["stock"] == {
        "total": 3,
        "available": 1,
        "reserved": 0,
        "issued": 2,
        "redeemed": 0,
        "void": 0,
    }
    assert set(SUBJECTS["coupons"].columns()) <= set(told)
    assert (told["codes_total"], told["codes_assigned"], told["start_date"]) == (
        3,
        2,
        told["start_at"],
    )
    assert (told["code"], told["type"], told["max_redemptions_per_code"]) == (
        "CPN23",
        "individual",
        1,
    )
    assert program("get", "/OTHER").json()["code"] == "coupon_unknown"
    assert [each["code"] for each in program("get", "").json()["results"]] == ["CPN23"]


def test_a_coupon_is_changed(program, pool):
    answer = program(
        "patch",
        "/CPN23",
        {
            "label": "Winter",
            "start_at": "2026-01-25",
            "end_at": "2026-01-28",
            "max_redemptions_total": 10,
            "validity_after_issue": "1d12h",
            "reuse_policy": "never",
            "holder_only": True,
            "status": "suspended",
        },
    )

    told = answer.json()
    assert answer.status_code == 200
    assert told["start_at"] == "2026-01-24T23:00:00Z"
    assert told["end_at"] == "2026-01-28T23:00:00Z"
    assert (told["label"], told["status"], told["holder_only"]) == ("Winter", "suspended", True)
    assert (told["validity_after_issue"], told["version"]) == ("1d12h", 3)
    twice = program("patch", "/CPN23", {"end_at": "2026-10-25T02:30:00"}).json()
    assert twice["end_at"] == "2026-10-25T00:30:00Z"  # the first of two
    cleared = program("patch", "/CPN23", {"end_at": None, "validity_after_issue": None}).json()
    assert (cleared["end_at"], cleared["validity_after_issue"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"end_at": "2026-01-24", "start_at": "2026-01-25"}, "/end_at"),
        ({"end_at": "28/01/2026"}, "/end_at"),
        ({"end_at": "2026-03-29T02:30:00"}, "/end_at"),  # the clocks were put forward
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"timezone": "../../etc/passwd"}, "/timezone"),
        ({"label": ""}, "/label"),
        ({"label": None}, "/label"),
        ({"max_redemptions_per_customer": 0}, "/max_redemptions_per_customer"),
        ({"type": "anonymous"}, "/type"),
        ({"case_sensitive": True}, "/case_sensitive"),
        ({"validity_after_issue": "soon"}, "/validity_after_issue"),
        ({"code": "a b"}, "/code"),
        ({"code": "OTHER"}, "/code"),
        ({"colour": "red"}, "/colour"),
        ({"status": "lost"}, "/status"),
    ],
)
def test_a_coupon_refuses_what_cannot_be(program, pool, body, pointer):
    make_coupon("OTHER")

    answer = program("patch", "/CPN23", body)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_a_change_that_came_too_late_is_told_so(program, pool):
    assert program("patch", "/CPN23", {"version": 1, "label": "A"}).status_code == 200

    late = program("patch", "/CPN23", {"version": 1, "label": "B"})

    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")


def test_codes_are_listed_and_voided(program, pool):
    issue("Trynow", channel="email", address="ann@example.org", delivery="DLV1")

    listed = program("get", "/CPN23/codes?limit=2").json()
    rest = program("get", f"/CPN23/codes?cursor={listed['next']}").json()
    issued = program("get", "/CPN23/codes?status=issued").json()["results"]

    assert [each["code"] for each in listed["results"] + rest["results"]] == [
        "Trynow",
        "2for1",
        "Teamfav",
    ]
    assert [(each["code"], each["channel"], each["address"]) for each in issued] == [
        ("Trynow", "email", "ann@example.org")
    ]
    gone = program("patch", "/CPN23/codes/TRYNOW", {"status": "void", "reason": "misprint"})
    assert (gone.status_code, gone.json()["status"]) == (200, "void")
    back = program("patch", "/CPN23/codes/TRYNOW", {"status": "available"})
    assert (back.status_code, back.json()["code"]) == (409, "code_issued")
    program("patch", "/CPN23/codes/2for1", {"status": "void"})
    assert program("patch", "/CPN23/codes/2for1", {"status": "available"}).status_code == 200
    assert program("patch", "/CPN23/codes/2for1", {"status": "issued"}).status_code == 422
    assert program("patch", "/CPN23/codes/none", {"status": "void"}).status_code == 404
    assert program("post", "/validate", {"code": "Trynow"}).json()["reasons"][0] == "code_void"
    assert Standing.objects.get().changed_at > CLOCK


def test_nobody_is_answered_while_coupons_are_switched_off(program, pool):
    Options.objects.update_or_create(pk=1, defaults={"is_on": False})

    answers = [program("get", "/CPN23"), program("post", "/validate", {"code": "Trynow"})]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [
        (404, "coupons_off")
    ] * 2
