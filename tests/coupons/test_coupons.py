"""Creating, changing, duplicating, archiving and deleting coupons."""

import threading

import pytest
from django.db import connection

from accounts.actions.granting import MayNotGrant, Stale
from accounts.models import JournalEntry
from coupons.actions.coupons import (
    create_coupon,
    delete_coupon,
    duplicate_coupon,
    edit_coupon,
    propose_code,
    set_status,
    take_code,
)
from coupons.actions.refusing import FieldRefused, NotInState, StillUsed
from coupons.models import Coupon, Reservation
from tests.build import NOON, make_codes, make_coupon, make_label, make_user
from tests.coupons.conftest import make_soc
from tests.coupons.test_redeeming import use

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice():
    return make_user(role="administrator")


def create(alice=None, label="Winter", **fields):
    names = {"code", "labels", "status"}
    options = {name: fields.pop(name) for name in list(fields) if name in names}
    return create_coupon({"label": label, **fields}, by=alice, at=NOON, **options)


def refusal(call):
    with pytest.raises(FieldRefused) as refused:
        call()
    return refused.value.name, refused.value.code


def test_a_coupon_gets_a_code_of_its_own_unless_one_is_typed(alice):
    first, second = create(alice), create(alice, code="Spring-10")

    assert first.code.startswith("CPN")
    assert (second.code, second.code_norm) == ("Spring-10", "SPRING-10")
    assert (second.type, second.status, second.owner) == ("anonymous", "active", alice)
    assert second.specimen_code == "TEST-Spring-10"
    assert [entry.verb for entry in JournalEntry.objects.all()] == ["coupon.created"] * 2


def test_a_pools_codes_are_used_once_unless_said_otherwise():
    assert create(type="individual").max_redemptions_per_code == 1
    assert create(type="individual", max_redemptions_per_code=None).max_redemptions_per_code is None
    assert create().max_redemptions_per_code is None


def test_a_proposed_code_that_is_taken_is_replaced_and_a_typed_one_refused():
    """AS-01."""
    for number in range(15, 24):
        make_coupon(f"CPN{number}")
    proposed = propose_code()
    answers, gate = [], threading.Barrier(2)

    def save():
        try:
            gate.wait()
            answers.append(create().code)
        finally:
            connection.close()

    threads = [threading.Thread(target=save) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(answers)) == 2
    assert proposed in answers
    assert all(code.startswith("CPN") and code[3:].isdigit() for code in answers)
    assert refusal(lambda: create(code="cpn23")) == ("code", "coupon_code_taken")


def test_proposals_pass_over_codes_that_are_taken():
    number = int(propose_code()[3:])
    for taken in range(number, number + 6):
        make_coupon(f"CPN{taken}")

    assert propose_code() == f"CPN{number + 6}"
    assert propose_code() == f"CPN{number + 6}"  # asking takes none
    assert take_code() == f"CPN{number + 6}"
    assert propose_code() == f"CPN{number + 7}"


def test_an_anonymous_coupon_does_not_take_the_code_of_a_pools_code():
    make_codes(make_coupon(type="individual"), "SPRING10")

    assert refusal(lambda: create(code="spring10")) == ("code", "coupon_code_taken")
    assert create(code="SPRING10", type="individual")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"label": ""}, "label"),
        ({"label": "x" * 201}, "label"),
        ({"type": "other"}, "type"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"start_at": NOON, "end_at": NOON}, "end_at"),
        ({"max_redemptions_per_code": 0}, "max_redemptions_per_code"),
        ({"max_redemptions_total": 2**31}, "max_redemptions_total"),
        ({"code": "a b"}, "code"),
        ({"code": "validate"}, "code"),
    ],
)
def test_what_no_coupon_can_be(fields, name):
    assert refusal(lambda: create(**fields))[0] == name
    assert Coupon.objects.count() == 0


def test_an_external_id_is_one_coupons():
    create(external_id="E-1")

    assert refusal(lambda: create(external_id="E-1")) == ("external_id", "duplicate_in_db")


def test_a_change_is_written_down_and_only_of_what_was_read(alice):
    coupon = create(alice)

    assert edit_coupon(coupon, {"label": "Spring"}, version=1, by=alice, at=NOON)
    assert not edit_coupon(coupon, {"label": "Spring"}, version=2, by=alice, at=NOON)
    with pytest.raises(Stale):
        edit_coupon(coupon, {"label": "Summer"}, version=1, by=alice, at=NOON)

    entry = JournalEntry.objects.get(verb="coupon.changed")
    assert (entry.before, entry.after) == ({"label": "Winter"}, {"label": "Spring"})


def test_the_code_stays_once_it_was_used():
    coupon = create(code="SPRING10")
    edit_coupon(coupon, {"code": "Summer"}, version=None, by=None, at=NOON)
    coupon.refresh_from_db()
    assert (coupon.code, coupon.specimen_code) == ("Summer", "TEST-Summer")
    use("SUMMER", at=NOON)

    def change(**values):
        edit_coupon(coupon, values, version=None, by=None, at=NOON)

    assert refusal(lambda: change(code="Winter")) == ("code", "frozen")
    assert refusal(lambda: change(type="individual")) == ("type", "frozen")


def test_what_codes_rely_on_stays():
    coupon = make_soc(wide_characters=True)

    def change(**values):
        edit_coupon(coupon, values, version=None, by=None, at=NOON)

    assert refusal(lambda: change(type="anonymous")) == ("type", "frozen")
    assert refusal(lambda: change(case_sensitive=True)) == ("case_sensitive", "frozen")
    assert refusal(lambda: change(wide_characters=False)) == ("wide_characters", "frozen")


def test_labels_are_given_by_whoever_holds_them(alice):
    label = make_label("brand-a")
    manager = make_user("bob@example.org", role="offer_manager")

    coupon = create(alice, labels=[label])

    assert list(Coupon.objects.visible_to(manager)) == []
    with pytest.raises(MayNotGrant):
        create(manager, labels=[label])
    with pytest.raises(MayNotGrant):
        edit_coupon(coupon, {}, labels=[], version=None, by=manager, at=NOON)


def test_a_copy_has_the_settings_and_nothing_else(alice):
    coupon = create(
        alice, type="individual", external_id="E-1", holder_only=True, labels=[make_label()]
    )
    make_codes(coupon, "A")

    copy = duplicate_coupon(coupon, by=alice, at=NOON)

    assert copy.label == "Copy of Winter"
    assert copy.code != coupon.code
    assert (copy.type, copy.holder_only, copy.external_id) == ("individual", True, None)
    assert (copy.codes.count(), copy.access_labels.count()) == (0, 1)
    assert copy.specimen_code == f"TEST-{copy.code}"


@pytest.mark.parametrize(
    ("was", "possible"),
    [
        ("draft", {"active", "archived"}),
        ("active", {"suspended", "archived"}),
        ("suspended", {"active", "archived"}),
        ("archived", set()),
    ],
)
def test_a_coupon_moves_as_it_may(was, possible):
    for status in {"draft", "active", "suspended", "archived"} - {was}:
        coupon = make_coupon(f"C-{was}-{status}", status=was)
        if status in possible:
            assert set_status(coupon, status, by=None, at=NOON)
            coupon.refresh_from_db()
            assert coupon.status == status
        else:
            with pytest.raises(NotInState):
                set_status(coupon, status, by=None, at=NOON)


def test_an_archived_coupon_is_only_read():
    coupon = make_coupon(status="archived")

    with pytest.raises(NotInState):
        edit_coupon(coupon, {"label": "x"}, version=None, by=None, at=NOON)


def test_what_a_delivery_needs_is_not_archived():
    coupon = make_soc()
    Reservation.objects.create(
        coupon=coupon,
        delivery="DLV7",
        wanted=1,
        valid_from=NOON,
        valid_until=NOON,
        created_at=NOON,
        beat_at=NOON,
    )

    with pytest.raises(StillUsed, match="DLV7"):
        set_status(coupon, "archived", by=None, at=NOON)


def test_only_what_nobody_was_given_is_deleted():
    coupon, used = make_soc(), make_coupon("SPRING10")
    use("SPRING10", at=NOON)

    delete_coupon(coupon, by=None, at=NOON)
    with pytest.raises(StillUsed):
        delete_coupon(used, by=None, at=NOON)

    assert list(Coupon.objects.all()) == [used]
    assert JournalEntry.objects.get(verb="coupon.deleted").subject_label == "Soccer coupons"
