"""Files of codes: AS-19 to AS-26, and what becomes of codes that are there."""

import codecs
import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from coupons import redeeming
from coupons.actions.coupons import set_status
from coupons.checking import check
from coupons.models import Batch, Code, Movement, Options
from coupons.redeeming import Use
from coupons.stock import stock_by_segment, stock_of
from tests.build import make_codes, make_contact, make_coupon
from tests.coupons.conftest import CLOCK, issue, make_soc, stored
from transfers.models import Transfer

pytestmark = pytest.mark.django_db(transaction=True)
TO_SOC = ("--coupon", "SOC")


@pytest.fixture
def pool(db):
    return make_coupon("SOC", type="individual")


# --- AS-19 to AS-26 ---


@pytest.mark.parametrize(
    "body",
    [
        codecs.BOM_UTF8 + 'code;label\r\n"A-1";"été"\r\n'.encode(),
        'code;label\r\n"A-1";"été"\r\n'.encode(),
        codecs.BOM_UTF16_LE + 'code;label\r\n"A-1";"été"\r\n'.encode("utf-16-le"),
    ],
)
def test_a_byte_order_mark_is_no_part_of_a_code(pool, import_codes, body):
    done = import_codes(body, *TO_SOC)

    assert (done.status, done["state"], done.counters) == (0, "finished", (1, 1, 0, 0, 0, 0, 0))
    assert stored(pool, "code", "code_norm", "label") == [("A-1", "A-1", "été")]


def test_utf_16_without_its_mark_is_not_guessed(pool, import_codes):
    done = import_codes('code;label\r\n"A-1";"été"\r\n'.encode("utf-16-le"), *TO_SOC)

    assert (done.status, done["state"], done["read"]) == (1, "failed", 0)
    assert done.codes == [(1, "enc_unknown")]


def test_a_wrong_delimiter_is_suspected(pool, import_codes):
    body = "code,label,segment\nA,L,s\n"
    done = import_codes(body, *TO_SOC, "--delimiter", ";")
    found = import_codes(body, *TO_SOC, "--delimiter", "auto")

    assert (done.status, done["state"], done["read"], done["inserted"]) == (1, "failed", 0, 0)
    assert done.codes == [(1, "delimiter_suspect")]
    assert done.rejects[0].detail["delimiter"] == ","
    assert (found.status, found["inserted"]) == (0, 1)


TWICE = "code\nN1\nn1\nKickit\nN2\n N2 \n"


def test_doubles_and_duplicates_are_refused(pool, import_codes):
    make_codes(pool, "KICKIT")

    done = import_codes(TWICE, *TO_SOC, "--on-duplicate", "reject")

    assert done.counters == (5, 2, 0, 0, 0, 3, 0)
    assert [(r.line, r.code, r.first_seen_line) for r in done.rejects] == [
        (3, "duplicate_in_file", 2),
        (4, "duplicate_in_db", None),
        (6, "duplicate_in_file", 5),
    ]
    assert stored(pool, "code") == ["KICKIT", "N1", "N2"]


def test_doubles_and_duplicates_are_passed_over(pool, import_codes):
    make_codes(pool, "KICKIT")

    done = import_codes(TWICE, *TO_SOC, "--on-duplicate", "ignore")

    assert (done.counters, done.codes) == ((5, 2, 0, 0, 3, 0, 0), [])


@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--operation", "upsert")])
def test_doubles_are_found_over_chunks(pool, import_codes, settings, options):
    settings.IMPORT_CHUNK_ROWS = 30
    rows = [f"N{n}" for n in range(400)]
    rows[120], rows[390], rows[399] = "n3", "N120X", "n120x"

    done = import_codes("code\n" + "\n".join(rows) + "\n", *TO_SOC, *options)

    assert done.counters == (400, 398, 0, 0, 0, 2, 0)
    assert [(r.line, r.code, r.first_seen_line) for r in done.rejects] == [
        (122, "duplicate_in_file", 5),
        (401, "duplicate_in_file", 392),
    ]


def test_two_imports_of_the_same_codes_at_once(pool, tmp_path, settings, import_codes):
    settings.IMPORT_CHUNK_ROWS = 15
    body = "code\n" + "".join(f"N{n * 7919 % 500}\n" for n in range(500))
    done = []

    def run(name):
        try:
            done.append(import_codes(body, *TO_SOC, name=name))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(name,)) for name in ("a.csv", "b.csv")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert stock_of(pool)["total"] == 500
    assert sum(each["inserted"] for each in done) == 500
    assert sum(each["rejected"] for each in done) == 500
    assert {code for each in done for _line, code in each.codes} == {"duplicate_in_db"}
    assert [each["state"] for each in done].count("failed") == 0
    assert check() == []


def test_a_nul_never_reaches_the_database(pool, import_codes):
    done = import_codes(b"code\nOK1\nBA\x00D\nOK2\n", *TO_SOC)

    assert done.counters == (3, 2, 0, 0, 0, 1, 0)
    assert [(r.line, r.code, r.value) for r in done.rejects] == [(3, "ctrl_char", "BA\\x00D")]
    assert stored(pool, "code") == ["OK1", "OK2"]


def test_bytes_that_are_no_text(pool, import_codes):
    body = b"code;label\nA;a\nB;\xff\nC;c\n"
    done = import_codes(body, *TO_SOC)
    declared = import_codes(body.replace(b"A;", b"D;"), *TO_SOC, "--encoding", "windows-1252")

    assert done.counters == (3, 2, 0, 0, 0, 1, 0)
    assert [(r.line, r.code, r.detail["offset"]) for r in done.rejects] == [(3, "enc_invalid", 17)]
    assert declared["inserted"] == 2
    assert stored(pool, "code", "label")[1] == ("B", "ÿ")


DATES = (
    "code;end_date\nC2;2026-01-27\nC3;2026/01/27 18:00:00\nC4;2026-01-27T18:00:00+01:00\n"
    "C5;27/01/2026\nC6;01/27/2026\nC7;2026-02-30\nC8;26-01-27\nC9;46050\n"
    "C10;2026-03-29 02:30\nC11;\n"
)
PARIS = ("--timezone", "Europe/Paris")


def test_dates_are_never_guessed(pool, import_codes):
    done = import_codes(DATES, *TO_SOC, *PARIS)

    assert done.counters == (10, 4, 0, 0, 0, 6, 0)
    assert [(r.line, r.code, r.detail.get("hint")) for r in done.rejects] == [
        (5, "date_format", "declare"),
        (6, "date_format", "declare"),
        (7, "date_range", None),
        (8, "date_format", "short_year"),
        (9, "date_format", "serial"),
        (10, "date_nonexistent", None),
    ]
    assert dict(stored(pool, "code", "shelf__end_at")) == {
        "C2": datetime(2026, 1, 27, 23, tzinfo=UTC),
        "C3": datetime(2026, 1, 27, 17, tzinfo=UTC),
        "C4": datetime(2026, 1, 27, 17, tzinfo=UTC),
        "C11": None,
    }


def test_the_coupon_says_in_which_zone_its_days_end(pool, import_codes, settings):
    settings.TIME_ZONE = "Pacific/Auckland"

    import_codes("code;end_date\nA1;2026-01-27\n", *TO_SOC)
    import_codes("code;end_date\nA2;2026-01-27\n", *TO_SOC, "--timezone", "UTC")

    assert stored(pool, "shelf__end_at") == [
        datetime(2026, 1, 27, 23, tzinfo=UTC),
        datetime(2026, 1, 28, tzinfo=UTC),
    ]


def test_a_declared_form_of_dates(pool, import_codes):
    done = import_codes(DATES, *TO_SOC, *PARIS, "--date-format", "DD/MM/YYYY")

    assert "C5" in stored(pool, "code")
    assert (6, "date_format") in done.codes


def test_a_quote_that_is_never_closed_ends_the_file(pool, import_codes):
    rows = ["A2;x", "A3;x", "A4;x", '"A5;x', *(f"A{n};x" for n in range(6, 12))]

    done = import_codes("code;label\n" + "\n".join(rows) + "\n", *TO_SOC)

    assert (done.status, done["state"], done["inserted"]) == (1, "failed", 3)
    assert done.codes == [(5, "csv_unbalanced_quote")]
    assert stored(pool, "code", "label") == [("A2", "x"), ("A3", "x"), ("A4", "x")]


# --- which coupon ---


def test_a_column_says_which_coupon(pool, import_codes):
    winter = make_coupon("WIN", type="individual", case_sensitive=True)
    make_coupon("ANON")
    set_status(make_coupon("OLD", type="individual"), "archived", by=None, at=CLOCK)
    body = (
        "code_bon;code_coupon\nA;soc\nB;WIN\nb;win\nC;NONE\nD;ANON\nE;OLD\nF;\nA;WIN\n"
        "a;SOC\nG H;SOC\n"
    )

    done = import_codes(body)

    assert done.counters == (10, 3, 0, 0, 0, 7, 0)
    assert [(r.line, r.column, r.code, r.value) for r in done.rejects] == [
        (5, "coupon_code", "pool_not_found", "NONE"),
        (6, "coupon_code", "pool_wrong_type", "ANON"),
        (7, "coupon_code", "coupon_archived", "OLD"),
        (8, "coupon_code", "required_missing", ""),
        (9, "code", "duplicate_in_db", "A"),  # a code stands in one coupon only
        (10, "", "duplicate_in_file", "a"),
        (11, "code", "code_invalid_chars", "G H"),
    ]
    assert (stored(pool, "code"), stored(winter, "code_norm")) == (["A"], ["B", "b"])


@pytest.mark.parametrize(
    ("coupon", "code"),
    [("NONE", "pool_not_found"), ("ANON", "pool_wrong_type"), ("OLD", "coupon_archived")],
)
def test_a_coupon_that_takes_no_codes_ends_the_file(import_codes, coupon, code):
    make_coupon("ANON")
    set_status(make_coupon("OLD", type="individual"), "archived", by=None, at=CLOCK)

    done = import_codes("code\nA\n", "--coupon", coupon)

    assert (done.status, done["state"], done["read"]) == (1, "failed", 0)
    assert done.codes == [(1, code)]


def test_without_a_coupon_the_column_is_needed(pool, import_codes):
    done = import_codes("code\nA\n")

    assert (done.status, done.codes) == (1, [(1, "header_missing_column")])


def test_a_row_that_names_another_coupon_than_the_job(pool, import_codes):
    make_coupon("WIN", type="individual")

    done = import_codes("code;coupon_code\nA;SOC\nB;WIN\nC;soc\n", *TO_SOC)

    assert done["inserted"] == 2
    assert [(r.line, r.code, r.detail) for r in done.rejects] == [
        (3, "pool_not_found", {"hint": "other_coupon"})
    ]


def test_the_code_of_an_anonymous_coupon_is_taken(pool, import_codes):
    make_coupon("SUMMER")

    done = import_codes("code\nsummer\nA\n", *TO_SOC)

    assert (done.counters, done.codes) == ((2, 1, 0, 0, 0, 1, 0), [(2, "duplicate_in_db")])


def test_equal_codes_in_two_coupons_where_that_is_allowed(pool, import_codes):
    winter = make_coupon("WIN", type="individual")
    Options.objects.update_or_create(pk=1, defaults={"codes_unique_globally": False})
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX code_once_everywhere")
    try:
        done = import_codes("code;coupon_code\nA;SOC\nA;WIN\n")
    finally:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("DELETE FROM coupons_code WHERE coupon_id = %s", [winter.pk])
        with connection.cursor() as cursor:
            cursor.execute("CREATE UNIQUE INDEX code_once_everywhere ON coupons_code (code_norm)")

    assert done.counters == (2, 2, 0, 0, 0, 0, 0)


# --- columns ---


def test_all_columns(pool, import_codes):
    make_contact("C-1042")
    body = (
        "Value;Libelle;Segment;Date debut;Date fin;Max redemptions;Cle destinataire;external_id;"
        "attributes;status\n"
        'Trynow; Try it ;soccer;2026-01-25;2026-01-28;3;C-1042;E-1;"{""season"": 1}";redeemed\n'
    )

    done = import_codes(body, *TO_SOC, *PARIS, "--batch", "First ones")

    assert done.counters == (1, 1, 0, 0, 0, 0, 0)
    code = Code.objects.select_related("shelf", "batch").get()
    assert (code.code, code.label, code.shelf.segment) == ("Trynow", " Try it ", "soccer")
    assert code.shelf.start_at == datetime(2026, 1, 24, 23, tzinfo=UTC)
    assert code.shelf.end_at == datetime(2026, 1, 28, 23, tzinfo=UTC)
    assert (code.max_redemptions, code.restricted_to, code.external_id) == (3, "C-1042", "E-1")
    assert (code.attributes, code.shelf.is_restricted) == ({"season": 1}, True)
    assert (code.status, code.batch.label, code.batch.made) == ("available", "First ones", 1)
    assert code.batch.origin == "import"
    assert check() == []


def test_what_is_wrong_with_values(pool, import_codes):
    body = (
        "code;label;segment;start_date;end_date;max_redemptions;recipient_key;attributes\n"
        f"{'x' * 65};;;;;;;\n"
        "1.23457E+15;;;;;;;\n"
        "=1;;;;;;;\n"
        ";;;;;;;\n"
        f"A5;{'x' * 201};;;;;;\n"
        f"A6;;{'x' * 101};;;;;\n"
        "A7;;;2026-01-28;2026-01-27;;;\n"
        "A8;;;;;0;;\n"
        "A9;;;;;;NOBODY;\n"
        "A10;;;;;;;[1]\n"
        "A11\n"
        "ﬀ-1;;;;;;;\n"
    )

    done = import_codes(body, *TO_SOC)

    assert [(r.line, r.column, r.code) for r in done.rejects] == [
        (2, "code", "code_too_long"),
        (3, "code", "excel_mangled"),
        (4, "code", "code_invalid_chars"),
        (5, "code", "required_missing"),
        (6, "label", "field_too_long"),
        (7, "segment", "field_too_long"),
        (8, "end_date", "date_range"),
        (9, "max_redemptions", "number_invalid"),
        (10, "recipient_key", "recipient_unknown"),
        (11, "attributes", "json_invalid"),
        (12, "", "column_count"),
    ]
    assert stored(pool, "code") == ["ff-1"]


def test_a_list_of_codes_needs_no_header(pool, import_codes):
    done = import_codes("A\nB\n\nA\n", *TO_SOC, "--list")

    assert done.counters == (3, 2, 0, 0, 0, 1, 1)


def test_blanks_around_codes_are_taken_off_and_counted(pool, import_codes):
    done = import_codes("code\n A\nB \nC\n", *TO_SOC)

    transfer = Transfer.objects.get()
    assert (done["inserted"], transfer.codes) == (3, {"blanks_trimmed": 2})
    assert stored(pool, "code") == ["A", "B", "C"]


def test_a_try_out_leaves_nothing(pool, import_codes):
    done = import_codes("code\nA\nB\n", *TO_SOC, "--dry-run")
    strict = import_codes("code\nA\nB B\n", *TO_SOC, "--all-or-nothing")

    assert (done["inserted"], strict["state"], strict["inserted"]) == (2, "failed", 0)
    assert (stored(pool, "code"), Batch.objects.count()) == ([], 0)
    assert stock_of(pool)["total"] == 0


def test_all_of_it_when_all_is_right(pool, import_codes):
    done = import_codes("code\nA\nB\n", *TO_SOC, "--all-or-nothing")

    assert (done["state"], stored(pool, "code")) == ("finished", ["A", "B"])


# --- codes that are there ---


def test_available_codes_are_changed_and_others_are_not(import_codes):
    soc = make_soc(code="SOC")
    issue("Trynow")
    body = "code;label;segment\nKICKIT;Kick it;goal\nTrynow;Try;\n2for1;;\nNew;;\n"

    done = import_codes(body, *TO_SOC, "--on-duplicate", "update")
    again = import_codes(body, *TO_SOC, "--operation", "upsert")

    assert done.counters == (4, 1, 1, 1, 0, 1, 0)
    assert [(r.line, r.code, r.detail) for r in done.rejects] == [
        (3, "not_updatable", {"hint": "in_use"})
    ]
    assert again.counters == (4, 0, 0, 3, 0, 1, 0)
    kickit = Code.objects.select_related("shelf").get(code_norm="KICKIT")
    assert (kickit.code, kickit.label, kickit.shelf.segment) == ("Kickit", "Kick it", "goal")
    assert {name: each["total"] for name, each in stock_by_segment(soc).items()} == {
        "": 8,
        "goal": 1,
    }
    assert check() == []


def test_only_changes_what_is_there(import_codes):
    make_soc(code="SOC")

    done = import_codes("code;end_date\nKickit;2026-01-27\nX;\n", *TO_SOC, "--operation", "update")

    assert (done.counters, done.codes) == ((2, 0, 1, 0, 0, 1, 0), [(3, "code_unknown")])


def test_a_column_that_is_not_in_the_file_is_left_alone(import_codes, pool):
    import_codes("code;label;segment;max_redemptions\nA;L;s;2\n", *TO_SOC)

    import_codes("code;label\nA;M\n", *TO_SOC, "--operation", "upsert")

    code = Code.objects.select_related("shelf").get()
    assert (code.label, code.shelf.segment, code.max_redemptions) == ("M", "s", 2)


def test_a_change_that_would_end_a_code_before_it_starts(pool, import_codes):
    import_codes("code;start_date\nA;2026-02-01\n", *TO_SOC)

    done = import_codes("code;end_date\nA;2026-01-01\n", *TO_SOC, "--operation", "upsert")

    assert done.codes == [(2, "date_range")]


def test_codes_that_are_promised_stay_on_their_shelf(import_codes):
    soc = make_soc(code="SOC")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE coupons_shelf SET free = 1")
    try:
        done = import_codes("code;segment\nKickit;s\nGloball;s\n", *TO_SOC, "--operation", "update")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE coupons_shelf SET free = 7 WHERE segment = ''")

    assert done.counters == (2, 0, 1, 0, 0, 1, 0)
    assert [(r.code, r.detail) for r in done.rejects] == [("not_updatable", {"hint": "promised"})]
    assert stock_of(soc)["total"] == 8


def test_codes_are_voided(import_codes):
    soc = make_soc(code="SOC")
    issue("Trynow", "2for1")
    redeem("2for1")
    body = "code\nKickit\nTrynow\n2for1\nNope\n"

    done = import_codes(body, *TO_SOC, "--operation", "void")
    again = import_codes(body, *TO_SOC, "--operation", "void")

    assert done.counters == (4, 0, 2, 0, 0, 2, 0)
    assert done.codes == [(4, "already_redeemed"), (5, "code_unknown")]
    assert again.counters == (4, 0, 0, 2, 0, 2, 0)
    assert stock_of(soc)["void"] == 2
    assert Movement.objects.filter(kind="void").earliest("pk").reason == "codes.csv"
    assert check() == []


def redeem(code):
    use = Use(code=code, source="till", external_id="T1", redeemed_on=CLOCK)
    with transaction.atomic():
        redeeming.redeem(use, by=None, at=CLOCK)
