"""What is done to all codes that came together."""

import json

import pytest
from django.utils.dateparse import parse_datetime
from django.utils.timezone import now

from accounts.models import JournalEntry
from coupons import altering
from coupons.actions.batches import (
    start_changing_batch,
    start_deleting_batch,
    start_voiding_batch,
)
from coupons.actions.refusing import FieldRefused
from coupons.checking import check
from coupons.models import Batch
from coupons.stock import stock_by_segment, stock_of
from coupons.tasks import change_batch, change_codes
from tests.build import bearer, make_codes, make_coupon, make_key
from tests.coupons.conftest import issue, make_soc, stored

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)


@pytest.fixture
def soc(db):
    """Eight codes of one batch, of which one is assigned, and one of another."""
    coupon = make_soc(code="SOC")
    issue("Trynow")
    make_codes(coupon, "Other")
    return coupon


def test_segment_dates_and_limits_of_a_batch(soc, monkeypatch):
    monkeypatch.setattr(altering, "CHUNK", 3)
    batch = Batch.objects.earliest("pk")
    end = parse_datetime("2026-02-01T00:00:00+01:00")
    values = {"segment": "goal", "end_at": end, "max_redemptions": 2}

    job = start_changing_batch(batch, values, by=None, at=now())

    assert change_batch(str(job.pk)) == "finished"
    assert {name: each["total"] for name, each in stock_by_segment(soc).items()} == {
        "": 1,
        "goal": 8,
    }
    rows = stored(soc, "code", "shelf__segment", "shelf__end_at", "max_redemptions")
    assert ("Trynow", "goal", end, 2) in rows
    assert ("Other", "", None, None) in rows
    entry = JournalEntry.objects.get(verb="coupon.codes_changed")
    assert entry.after["codes"] == 8
    assert check() == []


def test_a_batch_that_is_changed_already_is_left(soc):
    batch = Batch.objects.earliest("pk")
    for _time in "ab":
        job = start_changing_batch(batch, {"segment": "goal"}, by=None, at=now())
        change_batch(str(job.pk))

    assert JournalEntry.objects.filter(verb="coupon.codes_changed").count() == 1
    job.refresh_from_db()
    assert (job.checkpoint["changed"], job.checkpoint["refused"]) == (0, {})


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"code": "A"},
        {"segment": "s" * 101},
        {"max_redemptions": 0},
        {
            "start_at": parse_datetime("2026-02-01T00:00:00Z"),
            "end_at": parse_datetime("2026-01-01T00:00:00Z"),
        },
    ],
)
def test_what_cannot_be_changed(soc, values):
    with pytest.raises(FieldRefused):
        start_changing_batch(Batch.objects.earliest("pk"), values, by=None, at=now())


def test_those_that_nobody_was_given_are_voided_or_deleted(soc):
    first, second = Batch.objects.order_by("pk")

    change_codes(str(start_voiding_batch(first, reason="spoilt", by=None, at=now()).pk))
    change_codes(str(start_deleting_batch(second, by=None, at=now()).pk))

    assert stock_of(soc) == {
        "total": 8,
        "available": 0,
        "reserved": 0,
        "issued": 1,
        "redeemed": 0,
        "void": 7,
    }
    assert check() == []


# --- over HTTP ---


@pytest.fixture
def call(client):
    _key, secret = make_key("imports")

    def ask(method, address, body=None):
        return client.generic(
            method,
            f"/api/v1/coupons/SOC{address}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers=bearer(secret),
        )

    return ask


def test_batches_over_http(soc, call):
    first = Batch.objects.earliest("pk")

    said = call("GET", "/batches").json()["results"]
    changed = call("PATCH", f"/batches/{first.pk}", {"segment": "s", "end_at": "2026-01-31"})
    voided = call("POST", f"/batches/{first.pk}/void", {"reason": "spoilt"})

    assert [each["batch"] for each in said] == [first.pk + 1, first.pk]
    assert (changed.status_code, voided.status_code) == (202, 202)
    assert change_batch(changed.json()["job"]) == "finished"
    assert change_codes(voided.json()["job"]) == "finished"
    assert stock_by_segment(soc)["s"]["void"] == 7
    read = call("GET", f"/batches/{first.pk}").json()
    assert (read["origin"], read["wanted"], read["state"]) == ("manual", None, None)
    begun = JournalEntry.objects.exclude(key=None).order_by("id").values_list("verb", "by_name")
    assert list(begun) == [
        ("coupon.changing_started", "Web shop"),
        ("coupon.voiding_started", "Web shop"),
    ]


def test_refusals_over_http(soc, call):
    other = make_coupon("WIN", type="individual")
    make_codes(other, "W")
    theirs = Batch.objects.get(coupon=other)
    first = Batch.objects.earliest("pk")

    assert call("GET", f"/batches/{theirs.pk}").status_code == 404
    assert call("GET", f"/batches/{10**30}").status_code == 404
    assert call("PATCH", f"/batches/{first.pk}", {}).status_code == 422
    assert call("PATCH", f"/batches/{first.pk}", {"code": "X"}).status_code == 422
    assert call("PATCH", f"/batches/{first.pk}", {"end_at": "soon"}).status_code == 422
