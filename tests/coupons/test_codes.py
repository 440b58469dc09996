"""Adding codes by hand, voiding, putting back and deleting them, few or many."""

import pytest

from coupons.actions.codes import (
    add_code,
    delete_codes,
    put_back_codes,
    start_bulk_change,
    void_codes,
)
from coupons.actions.refusing import CodeTaken, FieldRefused, NotInState
from coupons.checking import check
from coupons.models import BulkChange, Code, CodeEvent, Movement, Standing
from coupons.stock import free_of, stock_of
from coupons.tasks import change_codes
from jobs.models import Job
from tests.build import NOON, make_codes, make_coupon
from tests.coupons.conftest import issue, make_soc
from tests.coupons.test_redeeming import use

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def soc():
    return make_soc()


def pks(*codes):
    return list(Code.objects.filter(code__in=codes).order_by("pk").values_list("pk", flat=True))


def test_a_code_is_added_by_hand(soc):
    code = add_code(soc, " New-1 ", label="New", segment="soccer", by=None, at=NOON)

    assert (code.code, code.code_norm, code.shelf.segment) == ("New-1", "NEW-1", "soccer")
    assert (code.batch.origin, code.batch.made) == ("manual", 9)  # with those of the fixture
    assert add_code(soc, "New-2", by=None, at=NOON).batch == code.batch
    assert stock_of(soc)["available"] == 10


def test_a_code_that_is_there_is_named_with_its_status(soc):
    issue("Trynow")
    other = make_coupon("OTHER", type="individual")
    make_coupon("SPRING10", label="Spring")

    for coupon, code, words in (
        (soc, "TRYNOW", "The coupon has the code Trynow already: Assigned."),
        (other, "kickit", "The coupon “Soccer coupons” has the code Kickit: Available."),
        (soc, "spring10", "This is the code of the coupon “Spring”."),
    ):
        with pytest.raises(CodeTaken) as refusal:
            add_code(coupon, code, by=None, at=NOON)
        assert str(refusal.value) == words


def test_only_pools_that_are_not_archived_take_codes(soc):
    for coupon in (
        make_coupon("SPRING10"),
        make_coupon("OLD", type="individual", status="archived"),
    ):
        with pytest.raises(NotInState):
            add_code(coupon, "A", by=None, at=NOON)
    with pytest.raises(FieldRefused):
        add_code(soc, "=1", by=None, at=NOON)


def test_what_is_void_says_whose_message_lost_it(soc):
    issue("Trynow", delivery="DLV1")
    use("Trynow")
    issue("2for1", delivery="DLV1")
    (reserved,) = Code.objects.filter(code="Kickit")
    issue("Kickit", delivery="DLV2")
    chosen = pks("Trynow", "2for1", "Kickit", "Teamfav")

    done = void_codes(soc, chosen, reason="misprint", by=None, at=NOON)

    assert (done.count, done.refused) == (3, {"already_redeemed": 1})
    assert stock_of(soc)["void"] == 3
    assert Movement.objects.filter(kind="void", reason="misprint").count() == 1
    again = void_codes(soc, [reserved.pk], reason="", by=None, at=NOON)
    assert (again.count, again.refused) == (0, {"code_void": 1})
    back = put_back_codes(soc, chosen, by=None, at=NOON)
    assert (back.count, back.refused) == (1, {"code_issued": 2, "not_void": 1})
    assert free_of(soc) == 5
    assert check() == []


def test_only_codes_in_stock_are_deleted(soc):
    issue("Trynow")

    done = delete_codes(soc, pks("Trynow", "2for1", "Kickit"), by=None, at=NOON)

    assert (done.count, done.refused) == (2, {"code_issued": 1})
    assert stock_of(soc)["total"] == 6
    assert CodeEvent.objects.filter(after="deleted").count() == 2
    assert check() == []


def test_nobody_reaches_codes_of_another_pool(soc):
    other = make_coupon("OTHER", type="individual")

    assert void_codes(other, pks("Trynow"), reason="", by=None, at=NOON).count == 0
    assert delete_codes(other, pks("Trynow"), by=None, at=NOON).count == 0
    assert Standing.objects.count() == 0


@pytest.mark.parametrize("kind", ["void", "delete"])
def test_many_are_a_job_that_reports_what_it_refused(soc, kind, monkeypatch):
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)
    monkeypatch.setattr("coupons.changing.CHUNK", 3)
    make_codes(soc, *(f"N{number}" for number in range(10)))
    issue("Trynow", "2for1")
    use("2for1")

    job = start_bulk_change(soc, BulkChange.Kind(kind), reason="clear", by=None, at=NOON)
    assert change_codes(str(job.pk)) == "finished"

    change = BulkChange.objects.get()
    expected = {
        "void": (17, {"already_redeemed": 1}, 1),
        "delete": (16, {"code_issued": 1, "code_redeemed": 1}, 2),
    }
    assert (change.count, change.refused) == expected[kind][:2]
    assert Code.objects.exclude(standing__status="void").count() == expected[kind][2]
    assert Job.objects.get().done == 18
    assert check() == []


def test_a_job_takes_only_what_was_chosen(soc, monkeypatch):
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)
    add_code(soc, "S1", segment="soccer", by=None, at=NOON)
    issue("Trynow")

    job = start_bulk_change(
        soc, BulkChange.Kind.VOID, statuses=["available"], segment="", by=None, at=NOON
    )
    change_codes(str(job.pk))

    assert stock_of(soc) == {
        "total": 9,
        "available": 1,
        "reserved": 0,
        "issued": 1,
        "redeemed": 0,
        "void": 7,
    }
