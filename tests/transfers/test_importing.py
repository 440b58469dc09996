"""Chunks, interruptions, early stops, try-outs: counters always add up."""

import gzip
import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils.timezone import now

from accounts.models import JournalEntry
from contacts.models import Contact, OptOutChange
from jobs import actions as jobs
from jobs import running
from jobs.models import Job
from offers_site.subjects import SUBJECTS
from offers_site.tasks import import_file as import_task
from tests.transfers.conftest import contacts
from transfers import actions, importing, purging, reporting, storing
from transfers.models import Reject, Transfer
from transfers.options import options_from

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def started(settings, tmp_path, monkeypatch):
    """An import that waits for a worker."""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)

    def start(body, **options):
        received = actions.receive("contacts.csv", [body.encode()])
        return actions.start_import(
            SUBJECTS["contacts"], received, options_from(options), by=None, at=now()
        )

    return start


def test_what_another_program_writes_is_imported_from_standard_input(settings, tmp_path, capsys):
    settings.MEDIA_ROOT = tmp_path / "media"
    reader, writer = os.pipe()
    os.write(writer, b"key,city\nA-1,Lyon\n")
    os.close(writer)
    kept = os.dup(0)
    os.dup2(reader, 0)
    try:
        call_command("import", "contacts", "-")
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(reader)

    assert Contact.objects.get().city == "Lyon"
    assert "inserted 1, " in capsys.readouterr().out


def rows(number, bad=()):
    lines = [f"K{n:06d};{'x/y' if n in bad else '1990-01-01'}" for n in range(1, number + 1)]
    return "key;birth_date\n" + "\n".join(lines) + "\n"


def test_a_worker_killed_three_times_loses_and_doubles_nothing(started, settings):
    transfer = started(rows(10_000, bad={2_000, 5_000, 9_000}))
    chance = random.Random(5)  # noqa: S311 (no secret)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "offers_site.settings",
        "DATABASE_URL": address(),
        "OVERTURE_DATA_DIR": str(settings.MEDIA_ROOT.parent),
        "IMPORT_CHUNK_ROWS": "250",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    (settings.MEDIA_ROOT.parent / "files").symlink_to(settings.MEDIA_ROOT)

    command = [sys.executable, str(Path(__file__).with_name("_killed.py")), str(transfer.job_id)]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as workers:
        for _kill in range(3):
            before = read(transfer)
            workers.stdin.write("another\n")
            workers.stdin.flush()
            worker = int(workers.stdout.readline())
            deadline = time.monotonic() + 60
            wanted = before + chance.randrange(300, 1500)
            while read(transfer) < wanted and time.monotonic() < deadline:
                time.sleep(0.01)
            os.kill(worker, signal.SIGKILL)
            assert workers.stdout.readline() == "ended\n"
            running.wake(now() + timedelta(minutes=1))
    middle = Transfer.objects.select_related("job").get(pk=transfer.pk)
    assert (middle.state, 0 < middle.read < 10_000) == ("interrupted", True)
    assert import_task(str(transfer.job_id)) == "finished"

    transfer.refresh_from_db()
    assert list(transfer.counters.values()) == [10_000, 9_997, 0, 0, 0, 3, 0]
    lines = transfer.rejects.order_by("line").values_list("line", flat=True)
    assert list(lines) == [2_001, 5_001, 9_001]
    assert len(contacts("key")) == len(set(contacts("key"))) == 9_997


def address():
    given = connection.settings_dict
    host = quote(str(given["HOST"]), safe="")
    return f"postgres://{given['USER']}@/{given['NAME']}?host={host}"


def read(transfer):
    return Transfer.objects.values_list("read", flat=True).get(pk=transfer.pk)


def test_doubles_are_known_although_their_keys_were_lost(started, settings):
    settings.IMPORT_CHUNK_ROWS = 100
    transfer = started(rows(300) + "K000002;1990-01-01\n")

    def stop_early(job):
        for number, step in enumerate(importing.work(job, SUBJECTS)):
            yield step
            if number == 0:  # as from another process
                Job.objects.filter(pk=job.pk).update(state=Job.State.PAUSING)

    assert running.run(transfer.job_id, stop_early) == "paused"
    with connection.cursor() as cursor:  # what a crash of PostgreSQL does to an unlogged table
        cursor.execute(f"TRUNCATE transfers_keys_{transfer.pk.hex}")
    jobs.resume_job(Job.objects.get(pk=transfer.job_id), by=None, at=now())
    assert import_task(str(transfer.job_id)) == "finished"

    transfer.refresh_from_db()
    assert list(transfer.counters.values()) == [301, 300, 0, 0, 0, 1, 0]
    assert transfer.rejects.get().first_seen_line == 3


def test_a_paused_import_goes_on_and_a_cancelled_one_stays_as_far(started, settings):
    transfer = started(rows(250))
    jobs.pause_job(transfer.job, by=None, at=now())
    assert import_task(str(transfer.job_id)) == "not claimed"
    jobs.resume_job(transfer.job, by=None, at=now())
    jobs.cancel_job(transfer.job, by=None, at=now())

    transfer = Transfer.objects.select_related("job").get(pk=transfer.pk)
    assert (transfer.state, transfer.read, contacts("key")) == ("cancelled", 0, [])
    verbs = JournalEntry.objects.filter(subject_type="jobs.job").order_by("id")
    assert [entry.verb for entry in verbs] == ["job.paused", "job.resumed", "job.cancelled"]


def test_a_file_that_is_wrong_from_the_start_is_given_up_after_100_rows(import_file):
    done = import_file(rows(3000, bad=set(range(1, 3001))))

    assert (done.status, done["state"]) == (1, "failed")
    assert done.counters == (100, 0, 0, 0, 0, 100, 0)
    assert done.codes[-1] == (102, "too_many_rejects")


def test_a_replay_is_never_given_up(import_file):
    import_file(rows(300))

    done = import_file(rows(300))

    assert (done.status, done.counters) == (0, (300, 0, 0, 0, 0, 300, 0))


@pytest.mark.parametrize(("limit", "status"), [("5", 1), ("6", 0), ("100%", 0)])
def test_more_rejects_than_allowed_stop_the_import(import_file, limit, status):
    done = import_file(rows(50, bad=set(range(1, 7))), "--max-rejects", limit)

    assert (done.status, done["rejected"], done["inserted"]) == (status, 6, 44)


def test_a_share_counts_from_a_thousand_rows_on(import_file):
    few = import_file(rows(900, bad=set(range(101, 301))))
    many = import_file(rows(1200, bad=set(range(101, 301))).replace("K", "L"))

    assert (few.status, many.status) == (0, 1)


def test_a_try_out_says_what_would_happen_and_changes_nothing(import_file):
    Contact.objects.create(key="K000001")

    done = import_file(rows(5, bad={5}) + "K000002;1990-01-01\n", "--dry-run")

    assert done.counters == (6, 3, 0, 0, 0, 3, 0)
    assert contacts("key") == ["K000001"]


def test_all_or_nothing_takes_nothing_when_one_row_is_wrong(import_file):
    wrong = import_file(rows(300, bad={250}), "--all-or-nothing")
    assert (wrong.status, wrong.counters) == (1, (300, 0, 0, 0, 299, 1, 0))
    assert contacts("key") == []

    right = import_file(rows(300), "--all-or-nothing")
    assert (right.status, right.counters) == (0, (300, 300, 0, 0, 0, 0, 0))
    assert len(contacts("key")) == 300


def test_upserts_change_only_what_differs_and_only_columns_of_the_file(import_file):
    Contact.objects.create(key="A", first_name="Anne", city="Lyon", email_opt_out=True)
    Contact.objects.create(key="B", first_name="Bob", city="Metz")

    done = import_file(
        "key;first_name;email_opt_out\nA;Anne;\nB;Bill;oui\nC;Carl;no\n", "--operation", "upsert"
    )

    assert done.counters == (3, 1, 1, 1, 0, 0, 0)
    assert contacts("key", "first_name", "city", "email_opt_out") == [
        ("A", "Anne", "Lyon", True),
        ("B", "Bill", "Metz", True),
        ("C", "Carl", None, False),
    ]
    assert list(OptOutChange.objects.values_list("contact__key", "channel", "is_opted_out")) == [
        ("B", "email", True)
    ]


def test_updates_refuse_whom_nobody_knows(import_file):
    Contact.objects.create(key="A")

    done = import_file("key;city\nA;Lyon\nB;Metz\n", "--operation", "update")

    assert done.counters == (2, 0, 1, 0, 0, 1, 0)
    assert done.codes == [(3, "recipient_unknown")]


def test_a_list_of_keys_needs_no_header(import_file):
    done = import_file("A\nB\nA\n", "--list")

    assert done.counters == (3, 2, 0, 0, 0, 1, 0)


def test_rejected_rows_leave_as_they_came_and_can_be_sent_again(started):
    transfer = started(
        'key;birth_date;city\nA;1990-01-01;Lyon\n"B";x;"Saint-\nÉtienne"\nC;y;Metz\n'
    )
    import_task(str(transfer.job_id))
    transfer.refresh_from_db()

    mended = b"".join(reporting.rejected_rows(transfer, SUBJECTS["contacts"]))

    assert mended.decode() == 'key;birth_date;city\n"B";x;"Saint-\nÉtienne"\nC;y;Metz\n'


def test_files_and_reports_are_kept_for_their_time(started):
    transfer = started(rows(3, bad={2}))
    import_task(str(transfer.job_id))
    assert storing.file_of(transfer.pk).stat().st_mode & 0o777 == 0o600

    purging.purge(at=now() + timedelta(days=31))
    assert not storing.file_of(transfer.pk).exists()
    assert Reject.objects.count() == 1

    purging.purge(at=now() + timedelta(days=91))
    assert Reject.objects.count() == 0


def test_bad_usage_is_told_from_failure(import_file):
    done = import_file("key\nA\n", "--timezone", "Mars", subject="contacts")

    assert (done.status, done.said) == (2, {})


XML = """<?xml version="1.0" encoding="{encoding}"?>
<couponExchange xmlns="urn:couponexchange:1" version="1.0" timezone="Europe/Paris">
  <!-- from the shop -->
  <contacts>
    <contact key="A"><city>Lyon</city></contact>
    <contact key="B"><nickname>Bé &amp; Co</nickname><birthDate>x</birthDate></contact>
    <contact key="C"/>
    <contact key="D"  ><city>Metz</city></contact >
    <contact key="E" colour="red"/>
  </contacts>
</couponExchange>
"""
LEFT = """<?xml version="1.0" encoding="{encoding}"?>
<couponExchange xmlns="urn:couponexchange:1" version="1.0" timezone="Europe/Paris">
  <!-- from the shop -->
  <contacts>
    \n    <contact key="B"><nickname>Bé &amp; Co</nickname><birthDate>x</birthDate></contact>
    \n    <contact key="E" colour="red"/>
  </contacts>
</couponExchange>
"""


@pytest.mark.parametrize(
    ("name", "encoding"), [("UTF-8", "utf-8"), ("UTF-16", "utf-16"), ("UTF-16LE", "utf-16-le")]
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_rejected_xml_leaves_with_all_that_was_not_understood(import_file, name, encoding, pack):
    sent = pack(XML.format(encoding=name).encode(encoding))
    done = import_file(sent, name="contacts.xml")
    assert done.counters == (5, 3, 0, 0, 0, 2, 0)

    transfer = Transfer.objects.get(pk=done["job"])
    left = b"".join(reporting.rejected_rows(transfer, SUBJECTS["contacts"]))

    assert left.decode(encoding).replace("\r", "") == LEFT.format(encoding=name)
    again = import_file(left, name="contacts.xml")
    assert again.counters == (2, 0, 0, 0, 0, 2, 0)
    assert [r.code for r in again.rejects] == [r.code for r in done.rejects]


def test_rejected_xml_that_is_broken_leaves_with_all_that_was_not_read(import_file):
    records = "".join(f'<contact key="{n}"/>' for n in range(3))
    done = import_file(f"<x>{records}<contact key='b'><oops></contact>{records}", name="a.xml")

    transfer = Transfer.objects.get(pk=done["job"])
    left = b"".join(reporting.rejected_rows(transfer, SUBJECTS["contacts"]))

    assert left.decode() == f"<x><contact key='b'><oops></contact>{records}"


def many(number):
    """Rows of every kind: some over two lines, some blank, some that cannot be."""
    yield "key;city"
    for n in range(number):
        yield f'K{n:04d};"Saint-\n""É""{n}"' if n % 3 else f"K{n:04d};é{n}"
        if n % 50 == 7:
            yield ""
            yield f"K{n // 2:04d};double"
            yield "x;y;z"


PLAIN = "\n".join(many(220)) + "\n"
AS_XML = (
    "<x>"
    + "".join(f"<contact key='K{n:04d}'><city>é{n}</city></contact>\n" for n in range(220))
    + "<contact key='K0003'/><contact/><contact key='Z' colour='red'/></x>"
)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.csv", PLAIN.encode()),
        ("a.csv", PLAIN.replace("\n", "\r\n").encode()),
        ("a.csv", PLAIN.replace("\n", "\r").encode()),
        ("a.csv", PLAIN.encode("utf-16")),
        ("a.csv", gzip.compress(PLAIN.encode("utf-16"))),
        ("a.xml", AS_XML.encode()),
        ("a.xml", gzip.compress(AS_XML.encode("utf-16"))),
    ],
)
def test_a_file_that_is_interrupted_after_each_chunk_ends_as_if_it_were_not(
    started, import_file, settings, name, body
):
    settings.IMPORT_CHUNK_ROWS = 100
    whole = import_file(body, name=name)
    people = contacts("key", "city")
    Contact.objects.all().delete()
    received = actions.receive(name, [body])
    transfer = actions.start_import(
        SUBJECTS["contacts"], received, options_from({}), by=None, at=now()
    )

    def one_chunk(job):
        for step in importing.work(job, SUBJECTS):
            yield step
            Job.objects.filter(pk=job.pk, state="running").update(state=Job.State.PAUSING)

    job_pk = str(transfer.job_id)
    for _ in range(20):
        if running.run(job_pk, one_chunk) != "paused":
            break
        jobs.resume_job(Job.objects.get(pk=job_pk), by=None, at=now())

    transfer.refresh_from_db()
    rejects = list(transfer.rejects.order_by("line", "id"))
    assert transfer.state == "finished_with_rejects"
    assert tuple(transfer.counters.values()) == whole.counters
    assert [(r.line, r.row, r.code, r.value, r.first_seen_line) for r in rejects] == [
        (r.line, r.row, r.code, r.value, r.first_seen_line) for r in whole.rejects
    ]
    assert contacts("key", "city") == people
    assert len(people) == 220
