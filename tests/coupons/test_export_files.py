"""What leaves of coupons and codes: two profiles, filters, and who sees what."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils.timezone import now

from coupons.models import Coupon
from offers_site.tasks import export_file as export_task
from tests.build import make_coupon, make_label, make_role, make_user
from tests.coupons.conftest import issue, make_soc
from transfers import storing
from transfers.models import Transfer

pytestmark = pytest.mark.django_db(transaction=True)


def lines(text):
    return text.splitlines()


# --- AS-30 ---

DANGEROUS = ['=HYPERLINK("http://x","y")', "@SUM(1)", "\t-1", "＝1+1"]


def test_nothing_acts_as_a_formula_in_a_spreadsheet(import_codes, export_file, tmp_path):
    soc = make_soc(code="SOC", label=DANGEROUS[0])
    issue("Trynow", address="+33612345678", channel="sms")
    import_codes(
        'code;label\nA1;@SUM(1)\nA2;"\t-1"\nA3;＝1+1\n', "--coupon", "SOC", name="labels.csv"
    )

    path = tmp_path / "sheet"
    words = ("--profile", "spreadsheet", "--output", str(path))
    call_command("export", "codes", *words, stderr=io.StringIO())
    body = path.read_bytes()
    call_command("export", "coupons", *words, stderr=io.StringIO())
    coupons = path.read_bytes()

    assert body.startswith(b"\xef\xbb\xbf") and body.count(b"\r\n") == 12  # noqa: PT018 (one mark)
    text = body.decode("utf-8-sig")
    for shown in ('"\'@SUM(1)"', '"\'\t-1"', '"\'＝1+1"', '"\'+33612345678"'):
        assert shown in text
    assert b'"\'=HYPERLINK(""http://x"",""y"")"' in coupons
    assert all(line.startswith('"') and line.endswith('"') for line in text.split("\r\n")[:-1])
    assert soc.label == DANGEROUS[0]


def test_what_a_program_takes_comes_back_the_same(import_codes, export_file):
    make_coupon("SOC", type="individual")
    body = (
        "coupon_code;code;label;segment;start_date;end_date;max_redemptions;recipient_key;"
        "external_id;attributes\n"
        'SOC;A1;"=HYPERLINK(""http://x"",""y"")";;;;;;;\n'
        'SOC;A2;\t-1;s;2026-01-25T00:00:00Z;2026-01-28T00:00:00Z;3;;E;"{""a"": [1]}"\n'
        "SOC;A3;＝1+1;;;;;;;\n"
    )
    columns = body.partition("\n")[0].replace(";", ",")
    import_codes(body)

    written = export_file("codes", "--columns", columns)
    again = import_codes(written, "--operation", "upsert")

    assert written == body
    assert again.counters == (3, 0, 0, 3, 0, 0, 0)


def test_columns_that_only_leave_are_passed_over_when_they_come(export_file, import_codes):
    make_soc(code="SOC")
    issue("Trynow")

    done = import_codes(export_file("codes"), "--on-duplicate", "ignore")

    assert done.counters == (8, 0, 0, 0, 8, 0, 0)


# --- narrowing ---


def test_an_export_is_narrowed(import_codes, export_file):
    make_soc(code="SOC")
    make_coupon("WIN", type="individual")
    import_codes("code;segment\nW1;a\nW2;b\n", "--coupon", "WIN")
    issue("Trynow")
    only = ("--columns", "code")

    assert lines(export_file("codes", "--coupon", "win", *only)) == ["code", "W1", "W2"]
    assert lines(export_file("codes", "--status", "issued", *only)) == ["code", "Trynow"]
    assert lines(export_file("codes", "--segment", "b", *only)) == ["code", "W2"]
    assert lines(export_file("codes", "--q", "special", *only)) == [
        "code",
        "Goaliespecial",
        "Nitespecial",
    ]
    assert lines(export_file("codes", "--coupon", "SOC", "--limit", "1", *only)) == [
        "code",
        "Trynow",
    ]


def test_only_what_has_changed_since(import_codes, export_file):
    make_coupon("SOC", type="individual")
    import_codes("code\nA\nB\n", "--coupon", "SOC")
    moment = now().isoformat()
    import_codes("code\nC\n", "--coupon", "SOC")
    issue("A", at=now())

    changed = lines(export_file("codes", "--changed-since", moment, "--columns", "code"))

    assert changed == ["code", "A", "C"]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (("codes", "--coupon", "NONE"), 1),
        (("codes", "--status", "lost"), 1),
        (("codes", "--batch", "first"), 1),
        (("coupons", "--segment", "s"), 2),
        (("codes", "--changed-since", "soon"), 1),  # argparse, which exits with 2 from a shell
    ],
)
def test_what_cannot_be_asked_for(options, status):
    with pytest.raises((CommandError, SystemExit)) as refusal:
        call_command("export", *options, stdout=io.StringIO(), stderr=io.StringIO())
    assert getattr(refusal.value, "returncode", 2) == status


def test_coupons_leave_with_their_stock(export_file):
    make_soc(code="SOC")
    issue("Trynow", "2for1")
    columns = "coupon_code,type,codes_total,codes_available,codes_assigned,status"

    assert lines(export_file("coupons", "--columns", columns)) == [
        "coupon_code;type;codes_total;codes_available;codes_assigned;status",
        "SOC;individual;8;6;2;active",
    ]


# --- who may ---

CHOICES = {"which": "all", "changed": "any", "profile": "machine", "format": "csv"}


@pytest.fixture
def exported(client, settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)

    def run(subject, query="", **given):
        address = f"{reverse('transfers:export-create')}?subject={subject}{query}"
        answer = client.post(address, {**CHOICES, "delimiter": ";", **given})
        assert answer.status_code == 302, answer.content
        transfer = Transfer.objects.latest("created_at")
        export_task(str(transfer.job_id))
        return storing.file_of(transfer.pk).read_text()

    return run


def sign_in(client, *rights, **columns):
    role = make_role("Clerk", "transfers.export_data", *rights)
    person = make_user("kim@example.org", language="en", **columns)
    person.roles.add(role)
    client.force_login(person)
    return person


def test_without_the_right_to_see_codes_they_leave_unreadable(client, exported):
    make_soc(code="SOC")
    issue("Trynow", address="a@example.org")
    sign_in(client, "coupons.export_codes")

    body = exported("codes")

    assert "Goa…al" in body
    assert "Goaliespecial" not in body
    assert "a@example.org" not in body
    assert "address" not in lines(body)[0]


def test_with_it_they_leave_as_they_are(client, exported):
    make_soc(code="SOC")
    issue("Trynow", address="a@example.org")
    rights = ("coupons.export_codes", "coupons.view_codes", "contacts.view_personal_data")
    sign_in(client, *rights)

    body = exported("codes", "&coupon=SOC")

    assert "Goaliespecial" in body
    assert "a@example.org" in body


def test_without_the_right_to_export_codes_nothing_is_offered(client):
    sign_in(client, "coupons.view_coupon")

    answer = client.get(reverse("transfers:export-create") + "?subject=codes")

    assert b'value="codes"' not in answer.content
    assert b'value="coupons"' in answer.content


def test_coupons_with_labels_are_left_out(client, exported):
    make_soc(code="SOC")
    secret = make_soc_of_brand()
    sign_in(client, "coupons.export_codes", "coupons.view_codes", "coupons.view_coupon")

    assert "HIDDEN" not in exported("codes")
    assert lines(exported("coupons", which="chosen", columns=["coupon_code"])) == [
        "coupon_code",
        "SOC",
    ]
    answer = client.get(reverse("transfers:export-create") + f"?subject=codes&coupon={secret.code}")
    assert answer.status_code == 302  # there is no such coupon for her


def make_soc_of_brand():
    coupon = make_coupon("HIDDEN", type="individual")
    coupon.access_labels.add(make_label("brand-b"))
    return Coupon.objects.get(pk=coupon.pk)
