"""Codes come in through the browser: into which coupon, and who sees what was refused."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from coupons.models import Options
from offers_site.tasks import import_file as import_task
from tests.build import bearer, make_coupon, make_key, make_label, make_role, make_user
from tests.coupons.conftest import make_soc, stored
from transfers.models import Transfer

pytestmark = pytest.mark.django_db(transaction=True)
CREATE = reverse("transfers:import-create")
CHOICES = {"operation": "insert", "on_duplicate": "reject", "max_rejects": "10%"}


@pytest.fixture(autouse=True)
def files(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)


def sign_in(client, *rights):
    person = make_user("kim@example.org", language="en")
    person.roles.add(make_role("Clerk", "transfers.import_data", *rights))
    client.force_login(person)
    return person


def page(answer):
    return " ".join(answer.content.decode().split())


def upload(client, body="code\nA1\nB B\n", address=CREATE):
    file = SimpleUploadedFile("codes.csv", body.encode())
    answer = client.post(address, {"subject": "codes", "file": file})
    assert answer.status_code == 302, page(answer)
    return Transfer.objects.latest("created_at")


def settings_of(transfer):
    return reverse("transfers:import-settings", args=[transfer.pk])


def send(client, transfer, verb="start", **given):
    return client.post(settings_of(transfer), {**CHOICES, "verb": verb, **given})


def test_the_coupon_is_asked_for(client, ada):
    pool = make_coupon("SOC", type="individual")
    transfer = upload(client)

    first = page(client.get(settings_of(transfer)))
    looked = page(send(client, transfer, "look", coupon="soc"))
    answer = send(client, transfer, coupon="soc", batch="June", column_0="code")

    assert "The file lacks a column: coupon_code." in first
    assert "Into which coupon" in first
    assert "The file cannot be read like this" not in looked
    assert answer.status_code == 302
    transfer.refresh_from_db()
    assert import_task(str(transfer.job_id)) == "finished"
    assert stored(pool, "code", "batch__label") == [("A1", "June")]


def test_the_page_of_a_coupon_leads_there(client, ada):
    make_coupon("SOC", type="individual")
    codes = page(client.get(reverse("coupons:code-list", args=["SOC"])))
    assert f'href="{CREATE}?subject=codes&amp;coupon=SOC"' in codes
    assert f'href="{reverse("transfers:export-create")}?subject=codes&amp;coupon=SOC"' in codes

    transfer = upload(client, address=f"{CREATE}?subject=codes&coupon=SOC")

    assert transfer.options["extra"] == {"coupon": "SOC"}
    html = page(client.get(settings_of(transfer)))
    assert 'name="coupon" value="SOC"' in html
    assert "The file cannot be read like this" not in html


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("NONE", "There is no such coupon."),
        ("ANON", "This coupon takes no codes of its own."),
    ],
)
def test_a_coupon_that_takes_no_codes_is_refused_in_its_field(client, ada, code, sentence):
    make_coupon("ANON")
    transfer = upload(client)

    answer = send(client, transfer, coupon=code, column_0="code")

    assert answer.status_code == 422
    assert sentence in page(answer)
    transfer.refresh_from_db()
    assert transfer.job_id is None


def test_a_coupon_that_one_may_not_see_is_none(client):
    coupon = make_coupon("SOC", type="individual")
    coupon.access_labels.add(make_label("brand-b"))
    sign_in(client, "coupons.add_codes")
    chosen = send(client, upload(client), coupon="SOC", column_0="code")
    transfer = upload(client, "code;coupon_code\nA1;SOC\n")
    send(client, transfer, column_0="code", column_1="coupon_code")
    transfer.refresh_from_db()
    import_task(str(transfer.job_id))

    assert chosen.status_code == 422
    assert [r.code for r in transfer.rejects.all()] == ["pool_not_found"]
    assert stored(coupon, "code") == []


def test_without_the_right_to_add_codes_they_are_not_offered(client):
    sign_in(client, "coupons.view_coupon", "coupons.add_coupon")

    answer = client.get(CREATE)
    file = SimpleUploadedFile("codes.csv", b"code\nA\n")
    refused = client.post(CREATE, {"subject": "codes", "file": file})

    assert b'value="codes"' not in answer.content
    assert refused.status_code == 422


def ended(client, **given):
    make_soc(code="SOC")
    transfer = upload(client, "code\nGoaliespecial\nLong code that is wrong\n")
    assert send(client, transfer, coupon="SOC", column_0="code").status_code == 302
    transfer.refresh_from_db()
    import_task(str(transfer.job_id))
    return Transfer.objects.get(pk=transfer.pk)


def test_refused_codes_are_hidden_from_who_may_not_see_codes(client):
    sign_in(client, "coupons.add_codes")
    transfer = ended(client)

    html = page(client.get(transfer.get_absolute_url()))
    report = client.get(reverse("transfers:transfer-errors-csv", args=[transfer.pk]))
    rows = client.get(reverse("transfers:transfer-rejected", args=[transfer.pk]))
    body = b"".join(report.streaming_content).decode()

    for text in (html, body):
        assert "Goa…al" in text
        assert "Lon…ng" in text
        assert "Goaliespecial" not in text
        assert "Long code" not in text
    assert rows.status_code == 403


def test_whoever_may_see_codes_sees_what_was_refused(client):
    sign_in(client, "coupons.add_codes", "coupons.view_codes")
    transfer = ended(client)

    rows = client.get(reverse("transfers:transfer-rejected", args=[transfer.pk]))

    assert "Goaliespecial" in page(client.get(transfer.get_absolute_url()))
    assert b"".join(rows.streaming_content) == b"code\nGoaliespecial\nLong code that is wrong\n"


def test_while_coupons_are_off_there_are_no_such_files(client, ada, import_codes):
    Options.objects.update_or_create(pk=1, defaults={"is_on": False})
    _key, secret = make_key("imports")
    data = {"subject": "codes", "file": SimpleUploadedFile("a.csv", b"code\nA\n"), "coupon": "SOC"}

    for page_of in ("import", "export"):
        answer = client.get(reverse(f"transfers:{page_of}-create"))
        assert b'"codes"' not in answer.content
    refused = client.post("/api/v1/imports", data, headers=bearer(secret))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/subject")
    assert import_codes("code\nA\n", "--coupon", "SOC").status == 2
    with pytest.raises(CommandError):
        call_command("export", "codes", stdout=io.StringIO(), stderr=io.StringIO())
