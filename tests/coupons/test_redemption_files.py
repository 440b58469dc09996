"""Files of redemptions: AS-31, and what they may tell."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.dateparse import parse_datetime
from django.utils.timezone import now

from contacts.actions.contacts import erase_contact
from coupons.checking import check
from coupons.models import Code, Options, Redemption
from coupons.stock import stock_of
from offers_site.tasks import import_file as import_task
from tests.build import bearer, make_contact, make_coupon, make_key
from tests.coupons.conftest import issue, make_soc
from transfers.models import Transfer

pytestmark = pytest.mark.django_db(transaction=True)
PARIS = ("--timezone", "Europe/Paris")
SALES = (
    "ticket;code;utilise_le\nT1;Trynow;2026-01-27\nT1;Trynow;2026-01-27\nT2;Trynow;2026-01-26\n"
    "T3;2for1;2026-02-02\nT4;Nope;2026-01-27\nT5;Teamfav;2026-01-27\n"
)
HEAD = "redemption_id;code;redeemed_on\n"


@pytest.fixture
def soc(db):
    coupon = make_soc()
    issue("Trynow", "2for1", at=parse_datetime("2026-01-25T12:00:00+01:00"))
    return coupon


def told(done):
    return [(r.line, r.severity, r.code) for r in done.rejects]


def test_the_file_of_the_tills(soc, import_redemptions):
    done = import_redemptions(SALES, *PARIS)

    assert done.counters == (6, 3, 0, 1, 0, 2, 0)
    assert told(done) == [
        (4, "error", "already_redeemed"),
        (5, "warning", "after_end"),
        (6, "error", "code_unknown"),
        (7, "warning", "not_assigned"),
    ]
    trynow = Code.objects.select_related("standing").get(code="Trynow").standing
    assert trynow.redeemed_on == parse_datetime("2026-01-27T00:00:00+01:00")
    assert (trynow.status, trynow.redemption_count) == ("redeemed", 1)
    flags = dict(Redemption.objects.values_list("external_id", "flags"))
    assert flags == {"T1": [], "T3": ["after_end"], "T5": ["not_assigned"]}
    assert check() == []


def test_the_same_file_again_changes_nothing(soc, import_redemptions):
    import_redemptions(SALES, *PARIS)
    before = list(Redemption.objects.order_by("pk").values())

    done = import_redemptions(SALES, *PARIS)

    assert done.counters == (6, 0, 0, 4, 0, 2, 0)
    assert list(Redemption.objects.order_by("pk").values()) == before


def test_what_a_till_would_refuse_is_refused_where_that_is_wanted(soc, import_redemptions):
    done = import_redemptions(SALES, *PARIS, "--refuse-suspicious")

    assert done.counters == (6, 1, 0, 1, 0, 4, 0)
    assert told(done) == [
        (4, "error", "already_redeemed"),
        (5, "error", "after_end"),
        (6, "error", "code_unknown"),
        (7, "error", "not_assigned"),
    ]
    assert stock_of(soc) == {
        "total": 8,
        "available": 6,
        "reserved": 0,
        "issued": 1,
        "redeemed": 1,
        "void": 0,
    }


def test_without_a_ticket_the_same_moment_and_order_are_the_same(import_redemptions):
    make_coupon("SUMMER", max_redemptions_total=10)
    body = (
        "code;redeemed_on;order_id\nSUMMER;2026-01-27T10:00Z;O1\nsummer;2026-01-27T10:00Z;O1\n"
        "SUMMER;2026-01-27T10:00Z;O2\nSUMMER;2026-01-27T10:01Z;O1\n"
    )

    done = import_redemptions(body)
    again = import_redemptions(body)

    assert done.counters == (4, 3, 0, 1, 0, 0, 0)
    assert again.counters == (4, 0, 0, 4, 0, 0, 0)


def test_the_earliest_of_several_uses_is_the_date_of_a_code(import_redemptions):
    make_soc(max_redemptions_per_code=3)
    issue("Trynow", at=parse_datetime("2026-01-25T12:00:00+01:00"))

    import_redemptions(f"{HEAD}T1;Trynow;2026-01-28T10:00Z\nT2;Trynow;2026-01-26T10:00Z\n")

    standing = Code.objects.select_related("standing").get(code="Trynow").standing
    assert standing.redeemed_on == parse_datetime("2026-01-26T10:00:00Z")
    assert standing.last_redeemed_on == parse_datetime("2026-01-28T10:00:00Z")
    assert (standing.status, standing.redemption_count) == ("issued", 2)


def test_all_columns(soc, import_redemptions):
    body = (
        "redemption_id;code;coupon_code;redeemed_on;customer_key;order_id;store;channel;amount;"
        "currency;discount;comment\n"
        "T1;trynow;cpn23;2026-01-26T10:00Z;C-1;O-7;LYON-2;shop;59.90;eur;5;with thanks\n"
    )

    assert import_redemptions(body, "--source", "pos-fr").counters == (1, 1, 0, 0, 0, 0, 0)

    use = Redemption.objects.get()
    assert (use.source, use.external_id, use.customer_key, use.order_id, use.store) == (
        "pos-fr",
        "T1",
        "C-1",
        "O-7",
        "LYON-2",
    )
    assert (use.amount, use.discount, use.currency) == (Decimal("59.90"), Decimal(5), "EUR")
    assert (use.channel, use.comment) == ("shop", "with thanks")


def test_what_is_wrong_with_values(soc, import_redemptions):
    future = (now() + timedelta(days=1)).isoformat()
    body = (
        "redemption_id;code;redeemed_on;amount;currency;action;coupon_code\n"
        "T1;Trynow;27/01/2026;;;;\n"
        "T2;Trynow;;;;;\n"
        "T3;;2026-01-27;;;;\n"
        "T4;Trynow;2026-01-27;1,5;;;\n"
        "T5;Trynow;2026-01-27;1.555;;;\n"
        "T6;Trynow;2026-01-27;1;euro;;\n"
        "T7;Trynow;2026-01-27;;;return;\n"
        "T8;Trynow;2026-01-27;;;;NONE\n"
        f"T9;Trynow;{future};;;;\n"
    )

    done = import_redemptions(body)

    assert [(r.line, r.column, r.code) for r in done.rejects] == [
        (2, "redeemed_on", "date_format"),
        (3, "redeemed_on", "required_missing"),
        (4, "code", "required_missing"),
        (5, "amount", "number_invalid"),
        (6, "amount", "number_invalid"),
        (7, "currency", "enum_invalid"),
        (8, "action", "enum_invalid"),
        (9, "coupon_code", "pool_not_found"),
        (10, "code", "redeemed_in_future"),
        (10, "code", "after_end"),
    ]
    assert done["inserted"] == 1


def test_a_column_of_codes_and_one_of_dates_are_needed(soc, import_redemptions):
    assert import_redemptions("redemption_id;redeemed_on\nT1;2026-01-27\n").codes == [
        (1, "header_missing_column")
    ]
    assert import_redemptions("redemption_id;code\nT1;Trynow\n").codes == [
        (1, "header_missing_column")
    ]


def test_other_refusals(import_redemptions):
    make_soc()
    issue("Trynow", "2for1", at=parse_datetime("2026-01-25T12:00:00+01:00"), target_key="C-1")
    make_coupon("EACH", max_redemptions_per_customer=1)
    make_coupon("ONCE", max_redemptions_total=1)
    make_coupon("PAUSE", status="suspended")
    from_db = import_redemptions(
        "redemption_id;code;redeemed_on;customer_key\n"
        "T1;EACH;2026-01-26;C-1\nT2;EACH;2026-01-26;C-1\nT3;EACH;2026-01-26;\n"
        "T4;ONCE;2026-01-26;\nT5;ONCE;2026-01-26;\nT6;PAUSE;2026-01-26;\n"
        "T7;TEST-CPN23;2026-01-26;\nT8;Trynow;2026-01-24;C-1\n"
    )

    assert told(from_db) == [
        (3, "error", "limit_customer"),
        (4, "error", "customer_required"),
        (6, "error", "limit_total"),
        (7, "error", "coupon_suspended"),
        (8, "warning", "specimen_code"),
        (9, "warning", "before_start"),
        (9, "warning", "before_assignment"),
    ]
    assert check() == []


def test_equal_codes_of_two_coupons_want_the_coupon(import_redemptions):
    make_coupon("A", type="individual")
    Options.objects.update_or_create(pk=1, defaults={"codes_unique_globally": False})
    make_coupon("SAME")
    make_coupon("SAME2", specimen_code="SAME")

    done = import_redemptions(f"{HEAD}T1;SAME;2026-01-26\n")

    assert done["inserted"] == 1


# --- reversals ---


def test_uses_are_taken_back(soc, import_redemptions):
    import_redemptions(f"{HEAD}T1;Trynow;2026-01-26\n", "--source", "pos-fr")
    body = (
        "redemption_id;code;redeemed_on;action;of;comment\n"
        "R1;;2026-01-27;rollback;T1;refund\nR2;;2026-01-27;rollback;T1;\n"
        "R3;;2026-01-27;rollback;T9;\n;;2026-01-27;rollback;;\n"
    )

    done = import_redemptions(body, "--source", "pos-fr")
    again = import_redemptions(body, "--source", "pos-fr")
    elsewhere = import_redemptions(body, "--source", "pos-be")

    assert done.counters == (4, 1, 0, 0, 0, 3, 0)
    assert done.codes == [
        (3, "already_rolled_back"),
        (4, "redemption_unknown"),
        (5, "required_missing"),
    ]
    assert again.counters == (4, 0, 0, 1, 0, 3, 0)
    assert elsewhere["inserted"] == 0
    assert stock_of(soc)["issued"] == 2
    back = Redemption.objects.get(kind="rollback")
    assert (back.external_id, back.comment) == ("R1", "refund")
    assert check() == []


def test_a_reversal_may_name_the_ticket_itself(soc, import_redemptions):
    body = (
        "ticket;code;redeemed_on;action\nT1;Trynow;2026-01-26;redeem\n"
        "T1;2for1;2026-01-26;rollback\nT1;Trynow;2026-01-26;rollback\n"
    )

    done = import_redemptions(body)

    assert done.counters == (3, 2, 0, 0, 0, 1, 0)
    assert done.codes == [(3, "redemption_unknown")]


def test_the_same_ticket_of_another_code_is_a_mistake(soc, import_redemptions):
    import_redemptions(f"{HEAD}T1;Trynow;2026-01-26\n")

    done = import_redemptions(f"{HEAD}T1;2for1;2026-01-26\nT1;trynow;2026-01-26\n")

    assert done.counters == (2, 0, 0, 1, 0, 1, 0)
    assert [(r.column, r.code, r.value) for r in done.rejects] == [
        ("redemption_id", "duplicate_in_db", "T1")
    ]


def test_who_was_erased_after_the_file_was_sent_does_not_come_back(
    soc, client, settings, tmp_path, monkeypatch
):
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)
    person = make_contact("C-1")
    _key, secret = make_key("imports")
    body = b"ticket;code;redeemed_on;customer_key\nT1;Trynow;2026-01-26;C-1\n"
    data = {"subject": "redemptions", "file": SimpleUploadedFile("a.csv", body)}
    sent = client.post("/api/v1/imports", data, headers=bearer(secret)).json()
    erase_contact(person, by=None, at=now())

    import_task(str(Transfer.objects.get(pk=sent["job"]).job_id))

    use = Redemption.objects.get()
    assert (use.external_id, use.customer_key.startswith("erased-")) == ("T1", True)


def test_a_try_out_leaves_nothing(soc, import_redemptions):
    done = import_redemptions(SALES, *PARIS, "--dry-run")

    assert done["inserted"] == 3
    assert Redemption.objects.count() == 0
    assert stock_of(soc)["issued"] == 2


def test_many_of_them(import_redemptions):
    """Over many small chunks the counters stay exact."""
    make_coupon("SUMMER", max_redemptions_total=110)
    rows = "".join(f"T{n};SUMMER;2026-01-26\n" for n in range(130))

    done = import_redemptions(HEAD + rows, "--max-rejects", "100%")

    assert done.counters == (130, 110, 0, 0, 0, 20, 0)
    assert check() == []
