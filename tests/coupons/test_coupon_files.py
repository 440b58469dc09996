"""Files of coupons."""

import io
import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils.dateparse import parse_datetime

from accounts.models import JournalEntry
from coupons.actions.coupons import set_status
from coupons.models import Coupon, Folder
from offers_site.tasks import import_file as import_task
from tests.build import bearer, make_coupon, make_key
from tests.coupons.conftest import CLOCK, make_soc
from transfers.models import Transfer
from transfers.wording import sentence

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = "coupon_code;label;type\n"


def test_coupons_come_from_a_file(import_coupons):
    body = (
        "code_coupon;libelle;type;date_debut;date_fin;timezone;folder;max_redemptions_per_code;"
        "max_redemptions_total;external_id;attributes;status;reuse_policy;validity_after_issue;tags\n"
        "SUM;Summer;anonyme;2026-06-01;2026-08-31;Europe/Paris;Spring/Shops;;100;E-1;"
        '"{""n"": 1}";draft;never;3d;a|b\n'
        ";Pool;INDIVIDUEL;;;;;;;;;;;;\n"
    )

    done = import_coupons(body, "--create-folders", "--timezone", "Europe/Paris")

    assert done.counters == (2, 2, 0, 0, 0, 0, 0)
    summer = Coupon.objects.get(code="SUM")
    assert (summer.label, summer.type, summer.status) == ("Summer", "anonymous", "draft")
    assert summer.start_at == parse_datetime("2026-06-01T00:00:00+02:00")
    assert summer.end_at == parse_datetime("2026-09-01T00:00:00+02:00")
    assert (str(summer.folder), summer.external_id) == ("Spring/Shops", "E-1")
    assert (summer.max_redemptions_total, summer.attributes, summer.tags) == (
        100,
        {"n": 1},
        ["a", "b"],
    )
    assert (summer.reuse_policy, summer.validity_after_issue) == ("never", timedelta(days=3))
    pool = Coupon.objects.get(label="Pool")
    assert pool.code.startswith("CPN")
    assert (pool.type, pool.max_redemptions_per_code) == ("individual", 1)
    assert (pool.status, pool.timezone) == ("active", "Europe/Paris")
    assert JournalEntry.objects.filter(verb="coupon.created").count() == 2


def test_days_begin_and_end_in_the_zone_that_their_row_names(import_coupons):
    body = (
        "coupon_code;label;type;timezone;start_date;end_date\n"
        "PAR;P;anonymous;Europe/Paris;2026-01-25;2026-01-28\n"
        "TYO;T;anonymous;Asia/Tokyo;2026-01-25;2026-01-28 18:00\n"
        "JOB;J;anonymous;;2026-01-25;2026-01-28\n"
        "GAP;G;anonymous;Europe/Paris;2026-03-29 02:30;\n"
        "BAD;B;anonymous;Mars/Base;2026-01-25;\n"
        "LONG;L;anonymous;Europe/Paris;2026-10-25;2026-10-25\n"
    )

    done = import_coupons(body, "--timezone", "America/New_York")

    assert done.codes == [(5, "date_nonexistent"), (6, "timezone_unknown")]
    kept = {coupon.code: (coupon.start_at, coupon.end_at) for coupon in Coupon.objects.all()}
    assert kept == {
        "PAR": moments("2026-01-25T00:00:00+01:00", "2026-01-29T00:00:00+01:00"),
        "TYO": moments("2026-01-25T00:00:00+09:00", "2026-01-28T18:00:00+09:00"),
        "JOB": moments("2026-01-25T00:00:00-05:00", "2026-01-29T00:00:00-05:00"),
        "LONG": moments("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"),
    }


def moments(*texts):
    return tuple(map(parse_datetime, texts))


def test_what_is_wrong_with_values(import_coupons):
    make_coupon("TAKEN", external_id="E-1")
    make_soc(code="SOC")
    Folder.objects.create(path="Spring")
    body = (
        "coupon_code;label;type;start_date;end_date;timezone;folder;external_id;status;"
        "max_redemptions_per_code;code_pattern\n"
        "A1;;anonymous;;;;;;;;\n"
        "A2;L;sometimes;;;;;;;;\n"
        "A3;L;anonymous;2026-02-01;2026-01-01;;;;;;\n"
        "A4;L;anonymous;;;Mars/Olympus;;;;;\n"
        "A5;L;anonymous;;;;Winter;;;;\n"
        "A6;L;anonymous;;;;;E-1;;;\n"
        "A7;L;anonymous;;;;;;lost;;\n"
        "A8;L;anonymous;;;;;;;0;\n"
        "A9;L;individual;;;;;;;;GOAL\n"
        "TAKEN;L;anonymous;;;;;;;;\n"
        "taken;L;anonymous;;;;;;;;\n"
        "Trynow;L;anonymous;;;;;;;;\n"
        "redemptions;L;anonymous;;;;;;;;\n"
        "A 1;L;anonymous;;;;;;;;\n"
    )

    done = import_coupons(body, "--max-rejects", "100%")

    assert [(r.line, r.column, r.code) for r in done.rejects] == [
        (2, "label", "required_missing"),
        (3, "type", "enum_invalid"),
        (4, "end_date", "date_range"),
        (5, "timezone", "timezone_unknown"),
        (6, "folder", "enum_invalid"),
        (7, "external_id", "duplicate_in_db"),
        (8, "status", "enum_invalid"),
        (9, "max_redemptions_per_code", "number_invalid"),
        (10, "code_pattern", "enum_invalid"),
        (11, "coupon_code", "duplicate_in_db"),
        (12, "", "duplicate_in_file"),
        (13, "coupon_code", "coupon_code_taken"),
        (14, "coupon_code", "coupon_code_taken"),
        (15, "coupon_code", "code_invalid_chars"),
    ]
    ends = done.rejects[2]
    assert sentence(ends.code, ends.detail) == "It would end before it starts."
    assert done["inserted"] == 0
    assert Coupon.objects.count() == 2


def test_coupons_are_changed(import_coupons):
    make_soc(code="SOC", description="old")
    set_status(make_coupon("OLD"), "archived", by=None, at=CLOCK)
    body = (
        "coupon_code;label;type;status;description\n"
        "soc;Goals;individual;suspended;\nOLD;Soccer coupons;anonymous;archived;\n"
        "OLD2;New;anonymous;;\n"
    )

    done = import_coupons(body, "--operation", "upsert")
    again = import_coupons(body, "--operation", "upsert")

    assert done.counters == (3, 1, 1, 1, 0, 0, 0)
    assert again.counters == (3, 0, 0, 3, 0, 0, 0)
    soc = Coupon.objects.get(code="SOC")
    assert (soc.label, soc.status, soc.description) == ("Goals", "suspended", "")
    assert soc.end_at is not None  # the file had no such column


def test_what_does_not_change(import_coupons):
    make_soc(code="SOC")
    set_status(make_coupon("OLD"), "archived", by=None, at=CLOCK)
    body = (
        "coupon_code;label;type;status\nSOC;L;anonymous;\nOLD;Other;anonymous;\n"
        "OLD;Soccer coupons;anonymous;active\nNONE;L;anonymous;\nSOC2;L;individual;draft\n"
    )
    import_coupons(f"{HEAD}SOC2;L;individual\n")

    done = import_coupons(body, "--operation", "update", "--max-rejects", "100%")

    assert [(r.line, r.column, r.code) for r in done.rejects] == [
        (2, "type", "not_updatable"),
        (3, "status", "not_updatable"),
        (4, "", "duplicate_in_file"),
        (5, "coupon_code", "pool_not_found"),
        (6, "status", "not_updatable"),
    ]
    assert Coupon.objects.get(code="SOC").label == "Soccer coupons"


def test_a_row_that_is_refused_leaves_nothing_of_itself(import_coupons):
    """The label would have changed before the status was refused."""
    make_coupon("SOC", status="active")

    import_coupons(
        "coupon_code;label;type;status\nSOC;Other;anonymous;draft\n", "--operation", "update"
    )

    assert Coupon.objects.get().label == "Soccer coupons"


def test_what_leaves_comes_back_the_same(import_coupons, export_file):
    make_soc(code="SOC", label="One; two", attributes={"a": 1}, tags=["x"])
    make_coupon("SUM", code_pattern={"pattern": "##########"})
    written = export_file("coupons")

    done = import_coupons(written, "--operation", "upsert")
    Coupon.objects.filter(code="SUM").delete()
    fresh = import_coupons(written, "--on-duplicate", "ignore")

    assert done.counters == (2, 0, 0, 2, 0, 0, 0)
    assert fresh.counters == (2, 1, 0, 0, 1, 0, 0)

    def steady(text):
        return [line.rpartition(";")[0].rpartition(";")[0] for line in text.splitlines()]

    assert steady(export_file("coupons")) == steady(written)


def test_a_try_out_leaves_nothing(import_coupons):
    done = import_coupons(f"{HEAD}A;L;anonymous\n", "--dry-run")

    assert (done["inserted"], Coupon.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    ("subject", "body", "given"),
    [
        ("coupons", f"{HEAD}A;L;anonymous\n", {"create_folders": "true"}),
        ("codes", "code\nA\n", {"coupon": "SOC", "on_duplicate": "ignore"}),
        ("redemptions", "ticket;code;redeemed_on\nT;Kickit;2026-01-27\n", {"source": "pos-fr"}),
    ],
)
def test_the_same_over_http(client, settings, tmp_path, monkeypatch, subject, body, given):
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)
    make_soc(code="SOC")
    _key, secret = make_key("imports")
    data = {"subject": subject, "file": SimpleUploadedFile("a.csv", body.encode()), **given}

    answer = client.post("/api/v1/imports", data, headers=bearer(secret))

    assert answer.status_code == 202, answer.content
    transfer = Transfer.objects.get(pk=answer.json()["job"])
    assert import_task(str(transfer.job_id)) == "finished"
    said = client.get(f"/api/v1/imports/{transfer.pk}", headers=bearer(secret)).json()
    assert (said["subject"], said["read"], said["inserted"], said["rejected"]) == (subject, 1, 1, 0)


def test_an_option_of_another_kind_of_file_is_refused(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    _key, secret = make_key("imports")
    file = SimpleUploadedFile("a.csv", b"code\nA\n")

    answer = client.post(
        "/api/v1/imports",
        {"subject": "codes", "file": file, "create_folders": "true"},
        headers=bearer(secret),
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/create_folders"


def test_the_command_answers_in_one_object(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    path = tmp_path / "coupons.csv"
    path.write_text(f"{HEAD}A;L;anonymous\n\n")
    out = io.StringIO()

    call_command("import", "coupons", str(path), "--json", stdout=out, stderr=io.StringIO())

    said = json.loads(out.getvalue().splitlines()[-1])
    assert said.pop("seconds") >= 0
    assert Transfer.objects.filter(pk=said.pop("job")).exists()
    assert said == {
        "state": "finished",
        "read": 1,
        "inserted": 1,
        "updated": 0,
        "unchanged": 0,
        "ignored": 0,
        "rejected": 0,
        "blank": 1,
        "errors_file": None,
    }
