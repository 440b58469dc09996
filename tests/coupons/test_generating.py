"""Codes by a pattern: what is refused, what is made, and how exactly."""

import io
import json
import re
import threading
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils.timezone import now

from coupons import generating
from coupons.actions.coupons import edit_coupon, set_status
from coupons.actions.generating import start_generating
from coupons.actions.refusing import FieldRefused, NotInState
from coupons.checking import check
from coupons.models import Batch, Code
from coupons.patterns import BadPattern, read_pattern
from coupons.stock import stock_by_segment, stock_of
from coupons.tasks import generate_codes
from jobs.models import Job
from tests.build import bearer, make_coupon, make_key

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pool(db):
    return make_coupon("SOC", type="individual")


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)


def generate(*options):
    out = io.StringIO()
    try:
        call_command("generate", "codes", *options, "--json", stdout=out, stderr=io.StringIO())
    except CommandError as error:
        return error.returncode, str(error)
    return 0, json.loads(out.getvalue().splitlines()[-1])


# --- patterns ---


@pytest.mark.parametrize(
    ("given", "form"),
    [
        ("SOCCER-####-####", r"SOCCER-[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}"),
        ({"pattern": "A#", "charset": "digits"}, r"A[0-9]"),
        ({"prefix": "X", "length": 6, "suffix": "-9", "charset": "letters"}, r"X[A-Z]{6}-9"),
        ({"pattern": "######", "charset": "alnum"}, r"[0-9A-Z]{6}"),
        ({"pattern": "#.#", "charset": "abc"}, r"[abc]\.[abc]"),
        ({"pattern": "##", "charset": "digits", "check": True}, r"[0-9]{3}"),
    ],
)
def test_codes_look_like_their_pattern(given, form):
    codes = read_pattern(given).make(50)

    assert len(set(codes)) == len(codes) > 0
    assert [code for code in codes if not re.fullmatch(form, code)] == []


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("SOCCER", "pattern"),
        ("", "pattern"),
        ("-###", "pattern"),
        ("A B#", "pattern"),
        ("é####", "pattern"),
        ("#" * 65, "pattern"),
        ({"pattern": "#" * 64, "check": True}, "pattern"),
        ({"pattern": "##", "charset": "a"}, "charset"),
        ({"pattern": "##", "charset": "aA"}, "charset"),
        ({"pattern": "##", "charset": "ab#"}, "charset"),
        ({"pattern": "##", "charset": "é1"}, "charset"),
        ({"length": 70}, "length"),
    ],
)
def test_what_is_no_pattern(given, name):
    with pytest.raises(BadPattern) as refusal:
        read_pattern(given)
    assert refusal.value.name == name


def test_capitals_may_matter():
    assert read_pattern({"pattern": "##", "charset": "aA"}, case_sensitive=True).room == 4


def test_every_character_is_as_likely_as_any_other():
    """With 31 characters a byte has a rest; whoever forgets it prefers the first eight."""
    text = "".join(read_pattern("#" * 20).make(10_000))
    counts = [text.count(c) for c in "23456789ABCDEFGHJKMNPQRSTUVWXYZ"]

    assert sum(counts) == 200_000
    assert max(counts) < 6_452 * 1.06
    assert min(counts) > 6_452 * 0.94


def test_a_check_character_tells_of_one_wrong_character():
    pattern = read_pattern({"pattern": "######", "charset": "digits", "check": True})

    for code in pattern.make(20):
        assert luhn(code)
        wrong = str((int(code[2]) + 1) % 10)
        assert not luhn(code[:2] + wrong + code[3:])


def luhn(code):
    """The sum that credit cards have: of ten digits it is the same as ours."""
    digits = [int(c) for c in reversed(code)]
    return sum(d if n % 2 == 0 else sum(divmod(d * 2, 10)) for n, d in enumerate(digits)) % 10 == 0


# --- what is refused ---


def test_a_pattern_with_too_little_room(pool):
    status, said = generate(
        "--coupon", "SOC", "--count", "11", "--pattern", "A##", "--charset", "digits"
    )
    taken, _result = generate(
        "--coupon", "SOC", "--count", "10", "--pattern", "A##", "--charset", "digits"
    )
    full, now_said = generate(
        "--coupon", "SOC", "--count", "10", "--pattern", "a##", "--charset", "digits"
    )

    assert (status, taken, full) == (1, 0, 1)
    assert said == (
        "--count: This pattern has room for 100 codes, of which 0 are taken. So that nobody finds "
        "one by trying, at most one in ten is made: 10. Ask for fewer, or write more #."
    )
    assert "of which 10 are taken" in now_said
    assert "is made: 9." in now_said
    assert stock_of(pool)["total"] == 10


def test_codes_of_other_coupons_take_room_too(pool):
    make_coupon("WIN", type="individual")
    generate("--coupon", "WIN", "--count", "10", "--pattern", "A##", "--charset", "digits")

    status, said = generate(
        "--coupon", "SOC", "--count", "10", "--pattern", "A##", "--charset", "digits"
    )

    assert status == 1
    assert "of which 10 are taken" in said


@pytest.mark.parametrize("count", ["0", "-1", "5000001"])
def test_how_many_can_be_asked_for(pool, count):
    status, said = generate("--coupon", "SOC", "--count", count)

    assert (status, "Between 1 and 5,000,000" in said) == (2, True)


def test_codes_that_anybody_may_try_are_hard_to_guess(pool):
    weak = ("--coupon", "SOC", "--count", "1", "--pattern", "#######")
    assert generate(*weak)[1]["warnings"] == ["easy_to_guess"]
    make_key("coupons:validate", origins=["https://shop.example"])

    status, said = generate(*weak)

    assert (status, "34 bits" in said) == (1, True)
    assert generate("--coupon", "SOC", "--count", "1", "--pattern", "#########")[0] == 0


def test_only_pools_that_are_open(pool):
    make_coupon("ANON")
    set_status(make_coupon("OLD", type="individual"), "archived", by=None, at=now())

    assert generate("--coupon", "ANON", "--count", "1")[0] == 1
    assert generate("--coupon", "OLD", "--count", "1")[0] == 1
    assert generate("--coupon", "NONE", "--count", "1") == (
        1,
        "There is no coupon with the code NONE.",
    )


# --- what is made ---


def test_exactly_as_many_as_were_asked_for(pool):
    status, said = generate("--coupon", "SOC", "--count", "25000", "--segment", "goal")

    assert status == 0
    assert said.pop("seconds") > 0
    assert Job.objects.filter(pk=said.pop("job")).exists()
    batch = Batch.objects.get()
    assert said == {
        "state": "finished",
        "batch": batch.pk,
        "read": 25_000,
        "inserted": 25_000,
        "updated": 0,
        "unchanged": 0,
        "ignored": 0,
        "rejected": 0,
        "blank": 0,
        "errors_file": None,
        "warnings": [],
    }
    assert (batch.origin, batch.wanted, batch.made) == ("generation", 25_000, 25_000)
    assert stock_by_segment(pool)["goal"]["available"] == 25_000
    assert check() == []


def test_what_is_taken_is_made_up_for(pool, settings):
    """A tenth of a small room is soon met twice."""
    settings.IMPORT_CHUNK_ROWS = 7
    said = [
        generate("--coupon", "SOC", "--count", "90", "--pattern", "##", "--charset", "alnum")[1],
        generate("--coupon", "SOC", "--count", "90", "--pattern", "###", "--charset", "alnum")[1],
    ]

    assert [each["inserted"] for each in said] == [90, 90]
    assert Code.objects.count() == 180


def test_the_pattern_of_the_coupon(pool):
    pattern = {"pattern": "GOAL-######", "charset": "digits"}
    edit_coupon(pool, {"code_pattern": pattern}, version=None, by=None, at=now())

    generate("--coupon", "SOC", "--count", "3")

    assert all(
        re.fullmatch(r"GOAL-\d{6}", code) for code in Code.objects.values_list("code", flat=True)
    )


def test_a_coupon_refuses_what_is_no_pattern(pool):
    for wrong in ({"pattern": "GOAL"}, {"patern": "##"}):
        with pytest.raises(FieldRefused) as refusal:
            edit_coupon(pool, {"code_pattern": wrong}, version=None, by=None, at=now())
        assert refusal.value.name == "code_pattern"


def test_a_job_that_is_lost_and_goes_on(pool, settings, monkeypatch):
    settings.IMPORT_CHUNK_ROWS = 25
    started = start_generating(pool, 1_000, by=None, at=now())
    run = generating.work

    def dies(job):
        for number, step in enumerate(run(job)):
            if number == 3:
                raise SystemExit
            yield step

    monkeypatch.setattr(generating, "work", dies)
    with pytest.raises(SystemExit):
        generate_codes(str(started.job.pk))
    assert Batch.objects.get().made == 300

    monkeypatch.setattr(generating, "work", run)
    Job.objects.update(state="queued", claim=None)
    assert generate_codes(str(started.job.pk)) == "finished"

    job = Job.objects.get()
    assert (Batch.objects.get().made, job.done, job.total) == (1_000, 1_000, 1_000)
    assert stock_of(pool)["total"] == 1_000


def test_a_job_that_is_cancelled_keeps_what_it_made(pool, settings, monkeypatch):
    settings.IMPORT_CHUNK_ROWS = 25
    started = start_generating(pool, 1_000, by=None, at=now())
    run = generating.work

    def stopped(job):
        for step in run(job):
            if job.done == 300:
                Job.objects.filter(pk=job.pk).update(state="cancelling")  # as `cancel_job` does
            yield step

    monkeypatch.setattr(generating, "work", stopped)

    assert generate_codes(str(started.job.pk)) == "cancelled"
    assert Batch.objects.get().made == stock_of(pool)["total"] == 400


def test_a_coupon_that_is_archived_meanwhile(pool, monkeypatch):
    started = start_generating(pool, 10, by=None, at=now())
    set_status(pool, "archived", by=None, at=now())

    assert generate_codes(str(started.job.pk)) == "failed"
    assert Job.objects.get().failure == "The coupon takes no codes any more."


def test_two_at_once_make_what_each_was_asked_for(pool, settings):
    settings.IMPORT_CHUNK_ROWS = 50
    pattern = {"pattern": "###", "charset": "alnum"}
    jobs = [start_generating(pool, 2_000, pattern=pattern, by=None, at=now()).job for _ in "ab"]

    def run(job):
        try:
            generate_codes(str(job.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [batch.made for batch in Batch.objects.all()] == [2_000, 2_000]
    assert stock_of(pool)["total"] == 4_000
    assert check() == []


# --- over HTTP ---

URL = "/api/v1/coupons/SOC/generate"


@pytest.fixture
def post(client):
    _key, secret = make_key("imports")

    def call(body, url=URL, **headers):
        return client.post(
            url,
            json.dumps(body),
            content_type="application/json",
            headers={**bearer(secret), **headers},
        )

    return call


def test_codes_are_asked_for_over_http(pool, post):
    body = {"count": 20, "pattern": "SOCCER-####-####", "segment": "s", "end_at": "2026-12-31"}

    answer = post(body)

    assert answer.status_code == 202
    said = answer.json()
    assert (said["state"], said["wanted"], said["made"], said["warnings"]) == (
        "queued",
        20,
        0,
        ["easy_to_guess"],
    )
    assert generate_codes(said["job"]) == "finished"
    code = Code.objects.select_related("shelf").earliest("pk")
    assert re.fullmatch(r"SOCCER-[2-9A-Z]{4}-[2-9A-Z]{4}", code.code)
    assert code.shelf.end_at == datetime(2026, 12, 31, 23, tzinfo=UTC)


def test_asked_for_twice_under_one_name_they_are_made_once(pool, post):
    name = {"Idempotency-Key": "june"}
    first = post({"count": 5}, **name)
    generate_codes(first.json()["job"])
    again = post({"count": 5}, **name)
    other = post({"count": 6}, **name)
    without = post({"count": 5})

    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 422)
    assert again.json() == first.json()
    assert first.json()["batch"] != without.json()["batch"]
    assert other.json()["code"] == "idempotency_key_reused"
    assert Batch.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"count": 0}, "/count"),
        ({"count": "many"}, "/count"),
        ({}, "/count"),
        ({"count": 1, "pattern": "SOC"}, "/pattern"),
        ({"count": 1, "pattern": "####", "charset": "a"}, "/charset"),
        ({"count": 1000, "pattern": "##"}, "/count"),
        ({"count": 1, "start_at": "2026-02-01", "end_at": "2026-01-01"}, "/end_at"),
        ({"count": 1, "end_at": "soon"}, "/end_at"),
        ({"count": 1, "segment": "s" * 101}, "/segment"),
        ({"count": 1, "colour": "red"}, "/colour"),
        ({"count": 1, "label": "a\u0007"}, "/label"),
    ],
)
def test_what_cannot_be_made_is_said(pool, post, body, pointer):
    answer = post(body)

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
    assert Batch.objects.count() == 0


def test_refusals_over_http(pool, post, client):
    make_coupon("ANON")
    _key, secret = make_key("coupons:redeem", name="till")

    assert post({"count": 1}, "/api/v1/coupons/NONE/generate").status_code == 404
    assert post({"count": 1}, "/api/v1/coupons/ANON/generate").status_code == 409
    refused = client.post(
        URL, '{"count": 1}', content_type="application/json", headers=bearer(secret)
    )
    assert refused.status_code == 403


def test_an_action_refuses_too(pool):
    with pytest.raises(NotInState):
        start_generating(make_coupon("ANON"), 1, by=None, at=now())
