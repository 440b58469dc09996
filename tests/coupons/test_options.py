"""Whether codes are unique across coupons, and what else is decided for all."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.actions.granting import Stale
from accounts.models import JournalEntry
from coupons.actions.codes import add_code, delete_codes
from coupons.actions.options import current, edit_options, start_making_codes_unique
from coupons.actions.refusing import CodeTaken
from coupons.models import Code
from coupons.tasks import let_codes_free, make_codes_unique
from tests.build import NOON, make_coupon

pytestmark = pytest.mark.django_db(transaction=True)


def switch(*, wanted):
    job = start_making_codes_unique(wanted=wanted, by=None, at=NOON)
    return (make_codes_unique if wanted else let_codes_free)(str(job.pk))


def test_codes_may_be_equal_and_then_not_again(monkeypatch):
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)
    one, two = make_coupon("ONE", type="individual"), make_coupon("TWO", type="individual")
    add_code(one, "A", by=None, at=NOON)
    try:
        assert switch(wanted=False) == "finished"
        twin = add_code(two, "A", by=None, at=NOON)
        with pytest.raises(IntegrityError), transaction.atomic():
            Code.objects.bulk_create([Code(**row(twin))])
        make_coupon("A")

        assert switch(wanted=True) == "failed"
        assert current().codes_unique_globally is False
        delete_codes(two, [twin.pk], by=None, at=NOON)
        assert switch(wanted=True) == "failed"  # the anonymous coupon has it still
    finally:
        delete_codes(one, [Code.objects.get(coupon=one).pk], by=None, at=NOON)
        assert switch(wanted=True) == "finished"

    assert current().codes_unique_globally is True
    with pytest.raises(CodeTaken, match="code of the coupon"):
        add_code(two, "A", by=None, at=NOON)


def row(code):
    names = ("coupon_id", "shelf_id", "batch_id", "code", "code_norm")
    return {name: getattr(code, name) for name in names}


def test_options_change_only_as_they_were_read():
    edit_options(version=1, is_on=False, days_kept_ready=Decimal(3), by=None, at=NOON)

    with pytest.raises(Stale):
        edit_options(version=1, is_on=True, days_kept_ready=Decimal(3), by=None, at=NOON)

    assert (current().is_on, current().version) == (False, 2)
    entry = JournalEntry.objects.get()
    assert entry.after == {"is_on": False, "days_kept_ready": "3"}
