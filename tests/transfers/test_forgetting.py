"""Somebody who was erased is in no stored file either."""

import codecs
import gzip
import io
import os
import zipfile
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils.timezone import now

from accounts.models import JournalEntry
from contacts.actions.contacts import erase_contact, merge_contacts
from contacts.models import Contact
from jobs.models import Job
from offers_site.subjects import SUBJECTS
from offers_site.tasks import import_file as import_task
from tests.build import make_contact, make_user
from transfers import actions, forgetting, purging, storing
from transfers.models import FileSearch, Reject, Transfer
from transfers.options import Options
from transfers.tasks import search_files

pytestmark = pytest.mark.django_db(transaction=True)

OTHERS = "".join(f"K-{n:05d};k{n}@example.org;+336{n:08d}\n" for n in range(60_000))  # 2 MB
HEADER = "key;email;phone\n"


@pytest.fixture(autouse=True)
def _room(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)


def start(body, name="people.csv", **options):
    received = actions.receive(name, [body if isinstance(body, bytes) else body.encode()])
    return actions.start_import(
        SUBJECTS["contacts"], received, Options(**options), by=None, at=now()
    )


def done(body, name="people.csv", **options):
    transfer = start(body, name, **options)
    Job.objects.filter(pk=transfer.job_id).update(state="finished", ended_at=now())
    return transfer


def zipped(body):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("people.csv", body)
    return buffer.getvalue()


def erase():
    contact = make_contact("C-47", email="Anne.O@example.org", phone="+33698765432")
    erase_contact(contact, by=None, at=now())


def search():
    return search_files(str(FileSearch.objects.get().job_id))


def has_file(transfer):
    return storing.file_of(transfer.pk).exists()


NAMING = [
    f"{HEADER}{OTHERS}C-47;;\n",
    f"{HEADER}C-47;;\n{OTHERS}",
    f'{HEADER}x;"anne.o@EXAMPLE.org";\n',
    "key;city\nx;ask +33698765432 first\n",
    "email;key\nx;  c-47\n",
    gzip.compress(f"{HEADER}{OTHERS}C-47;;\n".encode()),
    zipped(f"{HEADER}{OTHERS}C-47;;\n"),
    codecs.BOM_UTF16_LE + f"{HEADER}{OTHERS}C-47;;\n".encode("utf-16-le"),
    f"{HEADER}C-47;;\n".encode("utf-16-le"),
    b"<x><contact key='C-47'/></x>",
    b"<x><contact><key>C-47</key></contact></x>",
    b"<x><contact email='anne.o&#x40;example.org'/></x>",
    b"PK\x03\x04 not to be unpacked",
]


@pytest.mark.parametrize("body", NAMING)
def test_a_file_that_names_the_person_is_deleted(body):
    transfer, other = done(body), done(f"{HEADER}{OTHERS}")
    erase()
    assert has_file(transfer)
    assert search() == "finished"

    transfer.refresh_from_db()
    assert (has_file(transfer), transfer.file_erased, has_file(other)) == (False, True, True)
    assert transfer.file_deleted_at is not None
    assert JournalEntry.objects.filter(verb="transfer.file_erased").count() == 1
    assert not FileSearch.objects.exists()


NOT_NAMING = [
    f"{HEADER}C-471;;\n",
    f"{HEADER}AC-47;joanne.o@example.org;\n",
    "key;city\nx;47 rue C-47 bis\n",
    f"{HEADER}x;;+336987654321\n",
]


@pytest.mark.parametrize("body", NOT_NAMING)
def test_a_file_that_only_looks_alike_stays(body):
    transfer = done(body)
    erase()

    search()

    assert has_file(transfer)
    assert not FileSearch.objects.exists()


def test_everything_stored_is_searched(settings):
    draft = actions.draft_import(
        SUBJECTS["contacts"],
        actions.receive("a.csv", [b"key\nC-47\n"]),
        Options(),
        by=make_user(),
        at=now(),
    )
    exported = Transfer.objects.create(
        direction="export", subject="contacts", file_name="a", format="csv", created_at=now()
    )
    storing.store(exported.pk, [b"key\nC-47\n"])
    transfer = done("key\nx\n")
    storing.errors_of(transfer.pk).write_text("line;value\n2;C-47\n")
    nobodys = storing.folder() / "left-behind"
    nobodys.write_text("key\nC-47\n")
    erase()

    search()

    left = sorted(path.name for path in storing.folder().iterdir())
    assert left == [str(transfer.pk)]
    for each in (draft, exported):
        each.refresh_from_db()
        assert each.file_erased


def test_an_import_under_way_is_done_first():
    transfer = start("key\nC-47\nC-48\n")
    erase()
    assert search() == "finished"
    assert has_file(transfer)
    assert FileSearch.objects.exists()

    assert import_task(str(transfer.job_id)) == "finished"
    assert list(Contact.objects.values_list("key", flat=True)) == ["C-48"]
    (reject,) = Reject.objects.filter(transfer=transfer)
    assert (reject.line, reject.code, reject.value) == (2, "contact_erased", "")

    purging.purge(at=now())
    assert search() == "finished"

    assert not has_file(transfer)
    assert not FileSearch.objects.exists()


def test_a_later_file_brings_somebody_new_of_the_same_key():
    under_way = start("key\nC-47\n")
    erase()
    later = start("key\nC-47\n")

    assert import_task(str(under_way.job_id)) == "finished"
    assert not Contact.objects.exists()
    assert import_task(str(later.job_id)) == "finished"
    assert Contact.objects.get().key == "C-47"


def test_a_search_that_was_cancelled_is_taken_up_again():
    transfer = done("key\nC-47\n")
    erase()
    Job.objects.filter(pk=str(FileSearch.objects.get().job_id)).update(
        state="cancelled", ended_at=now()
    )

    purging.purge(at=now())

    assert search() == "finished"
    assert not has_file(transfer)


def test_a_search_that_was_killed_goes_on_and_loses_no_mark():
    transfers = [done("key\nC-47\n") for _ in range(3)]
    erase()
    job = Job.objects.get(pk=str(FileSearch.objects.get().job_id))
    steps = forgetting.work(job)
    with transaction.atomic():
        next(steps)  # the first file is marked, and the worker dies before it is deleted
    Job.objects.filter(pk=job.pk).update(done=1, checkpoint={"after": str(transfers[0].pk)})

    assert search() == "finished"

    assert [has_file(transfer) for transfer in transfers] == [False] * 3
    assert list(Transfer.objects.values_list("file_erased", flat=True)) == [True] * 3


def test_a_file_that_came_afterwards_tells_of_somebody_new():
    done("key\nC-48\n")
    erase()
    later = done("key\nC-47\n")
    path = storing.file_of(later.pk)
    moment = (now() + timedelta(minutes=1)).timestamp()
    os.utime(path, (moment, moment))

    search()

    assert has_file(later)


def test_former_keys_are_searched_for_and_reports_are_blanked_wherever_they_quote():
    kept, other = make_contact("C-47", email="anne.o@example.org"), make_contact("OLD-KEY-1")
    merge_contacts(kept, other, versions=(1, 1), take=(), by=None, at=now())
    transfer = done("key\nOLD-KEY-1\n")
    for value in ("OLD-KEY-1;x", '"anne.o@example.org;never closed', "C-4711", "C-47"):
        Reject.objects.create(
            transfer=transfer, line=1, row=1, severity="error", code="x", value=value
        )

    erase_contact(Contact.objects.get(), by=None, at=now())
    search()

    assert not has_file(transfer)
    assert list(Reject.objects.order_by("id").values_list("value", flat=True)) == [
        "",
        "",
        "C-4711",
        "",
    ]


def test_the_page_says_why_there_is_no_file_and_where_to_send_it_again(client):
    erased, old = done("key\nC-47\n"), done("key\nC-48\n")
    erase()
    search()
    purging.purge(at=now() + timedelta(days=31))
    client.force_login(make_user(role="administrator"))

    for transfer, why in ((erased, "who has been erased since"), (old, "kept for some time only")):
        page = client.get(reverse("transfers:transfer-detail", args=[transfer.pk])).content.decode()
        assert why in page
        assert reverse("transfers:import-create") in page
