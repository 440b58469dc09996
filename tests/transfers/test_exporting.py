"""Files that leave: what is in them, in which form, and that nobody waits for a million rows."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import translation
from django.utils.timezone import now

from accounts.models import JournalEntry
from contacts.models import Contact
from contacts.storing import update
from jobs import running
from jobs.models import Job
from offers_site.subjects import SUBJECTS
from offers_site.tasks import export_file as export_task
from offers_site.tasks import import_file as import_task
from tests.build import make_attribute, make_audience, make_contact, make_user
from transfers import actions, exporting, purging, storing
from transfers.exporting import PersonalColumn, Tally, UnknownColumn, Wanted, blocks
from transfers.models import Transfer
from transfers.options import options_from
from transfers.subjects import BadFilter

pytestmark = pytest.mark.django_db(transaction=True)
CONTACTS = SUBJECTS["contacts"]


def exported(**wanted):
    """The lines of an export of contacts."""
    wanted.setdefault("shows_personal", True)
    return b"".join(blocks(CONTACTS, Wanted(**wanted), Tally())).decode().splitlines()


def keys(**wanted):
    return exported(columns=["key"], **wanted)[1:]


@pytest.fixture
def started(settings, tmp_path, monkeypatch):
    """An export that waits for a worker."""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)
    by = make_user("ada@example.org", role="administrator")

    def start(**wanted):
        return actions.start_export(CONTACTS, Wanted(**wanted), by=by, at=now())

    return start


def finished(transfer):
    assert export_task(str(transfer.job_id)) == "finished"
    return Transfer.objects.select_related("job").get(pk=transfer.pk)


def test_the_moment_it_shows_ends_with_the_session_of_its_worker():
    with running.named_session("overture of a worker"), exporting.snapshot() as cursor:
        cursor.execute("SHOW application_name")
        assert cursor.fetchone() == ("overture of a worker",)
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("repeatable read",)


# --- which rows ---


def test_the_search_of_the_list_narrows_and_its_order_is_kept():
    for key, name in (("B-1", "Zoé"), ("B-2", "Anne"), ("C-1", "Bea")):
        make_contact(key, first_name=name, email=f"{key.lower()}@example.org")
    make_contact("B-9", kind="visitor")

    assert keys(filters={"q": "b-", "sort": "-key"}) == ["B-2", "B-1"]
    assert keys(filters={"q": "anne", "finds_personal": True}) == ["B-2"]
    assert keys(filters={"q": "anne", "finds_personal": False}) == []
    assert keys(filters={"sort": "-created_at"}) == ["C-1", "B-2", "B-1"]


def test_a_search_exports_all_whom_it_finds_and_not_only_the_first(monkeypatch):
    monkeypatch.setattr("contacts.searching.MOST", 2)
    for number in range(5):
        make_contact(f"B-{number}")

    assert len(keys(filters={"q": "b"})) == 5


def test_an_odd_search_is_a_text_like_any_other():
    make_contact("100%{'x'}")

    assert keys(filters={"q": "100%{'x'}"}) == ["100%{'x'}"]


def test_an_audience_leaves_as_it_was_when_it_was_asked_for():
    make_attribute("points")
    make_contact("A-1", points=5)
    make_contact("A-2", points=50)
    make_audience("rich", "contact.points > 9")
    filters = {"audience": "rich", "at": now().isoformat(), "zone": "Europe/Paris"}

    assert keys(filters=filters) == ["A-2"]
    with pytest.raises(BadFilter):
        keys(filters={**filters, "audience": "gone"})


def test_only_so_many_rows_leave():
    for number in range(3):
        make_contact(f"A-{number}")

    assert keys(limit=2) == ["A-0", "A-1"]


# --- which columns ---


def test_personal_columns_stay_unless_somebody_may_see_them():
    make_attribute("nickname", "string", is_personal=True)
    make_contact("A-1", email="a@example.org", nickname="Al", country="FR")

    header, row = exported(shows_personal=False)
    assert header.split(";") == [
        "key", "language", "timezone", "country",
        "email_opt_out", "sms_opt_out", "phone_opt_out", "post_opt_out", "created_at",
    ]  # fmt: skip
    assert "example.org" not in row
    with pytest.raises(PersonalColumn, match="nickname"):
        exported(shows_personal=False, columns=["key", "nickname"])
    with pytest.raises(UnknownColumn, match="shoe_size"):
        exported(columns=["shoe_size"])


def test_columns_leave_in_the_order_that_was_chosen():
    make_contact("A-1", country="FR", city="Lyon")

    assert exported(columns=["city", "key"]) == ["city;key", "Lyon;A-1"]


def test_labels_leave_instead_of_values_for_people():
    make_attribute("income", "string", choices=[["low", "=Low income"]])
    make_attribute("tags", "list<string>", choices=[["a", "Alpha"], ["b", "Beta"]])
    make_contact("A-1", income="low", tags=["b", "a"])
    make_contact("A-2")
    columns = ["key", "income", "tags"]

    assert exported(columns=columns)[1:] == ["A-1;low;b|a", "A-2;;"]
    told = exported(columns=columns, labels=True, profile="spreadsheet")[1:]
    assert told == ['"A-1";"\'=Low income";"Beta|Alpha"', '"A-2";"";""']


# --- the two forms ---

ODD = {
    "T-1": '=HYPERLINK("http://x","y")',
    "T-2": "@SUM(1)",
    "T-3": "\t-1",
    "T-4": "＝1+1",
    "T-5": '  "+3',
    "T-6": "plain; with\nlines",
}


def test_a_spreadsheet_meets_no_formula():
    for key, name in ODD.items():
        make_contact(key, last_name=name, phone="+33612345678")
    columns = ["key", "last_name", "phone"]

    wanted = Wanted(profile="spreadsheet", columns=columns, shows_personal=True)
    body = b"".join(blocks(CONTACTS, wanted, Tally()))
    assert body.startswith(b"\xef\xbb\xbf")
    assert body.count(b"\r\n") == 7
    text = body.decode("utf-8-sig")
    for key in ("T-1", "T-2", "T-3", "T-4", "T-5"):
        assert f'"{key}";"\'' in text
    assert text.count('"\'+33612345678"') == 6
    assert '"T-6";"plain; with\nlines"' in text


def machine_bytes(columns):
    wanted = Wanted(columns=columns, shows_personal=True)
    return b"".join(blocks(CONTACTS, wanted, Tally()))


def test_a_program_reads_back_the_same_bytes(settings, tmp_path):
    """Export, import into an empty house, export: the two files are one."""
    settings.MEDIA_ROOT = tmp_path / "media"
    make_attribute("tags", "list<string>")
    make_attribute("score", "double")
    make_contact("A-1", first_name='Zoé "Z"', score=0.1, tags=["x", "y"], birth_date="1990-02-28")
    make_contact("A-2", city="\n", email_opt_out=True)
    for key, name in ODD.items():
        make_contact(key, last_name=name)
    columns = [name for name in CONTACTS.columns() if name != "created_at"]

    first = machine_bytes(columns)
    Contact.objects.all().delete()
    received = actions.receive("contacts.csv", [first])
    transfer = actions.start_import(
        CONTACTS, received, options_from({}), by=None, at=now(), here=True
    )
    assert import_task(str(transfer.job_id)) == "finished"

    assert machine_bytes(columns) == first


# --- the job ---


def test_an_export_says_how_far_it_is_and_leaves_its_count_and_hash(started, monkeypatch):
    monkeypatch.setattr(exporting, "ROWS_A_STEP", 1)
    monkeypatch.setattr("transfers.writing.forms.LINES_AT_ONCE", 2)
    for number in range(5):
        make_contact(f"A-{number}")
    seen = []
    transfer = started(profile="spreadsheet", columns=["key"])

    def watching(job):
        for step in exporting.work(job, SUBJECTS):
            yield step
            seen.append(tuple(Job.objects.values_list("done", "total").get(pk=job.pk)))

    assert running.run(transfer.job_id, watching) == "finished"
    transfer.refresh_from_db()
    assert seen == [(2, 5), (4, 5), (5, 5), (5, 5)]
    assert transfer.codes == {"rows": 5, "downloads": 0}
    body = storing.file_of(transfer.pk).read_bytes()
    assert body.decode("utf-8-sig").split() == ['"key"', *(f'"A-{n}"' for n in range(5))]
    assert (len(transfer.sha256), transfer.size) == (64, len(body))


def test_one_that_is_cancelled_leaves_no_file(started, monkeypatch):
    monkeypatch.setattr(exporting, "ROWS_A_STEP", 1)
    monkeypatch.setattr("transfers.writing.forms.LINES_AT_ONCE", 1)
    for number in range(5):
        make_contact(f"A-{number}")
    transfer = started(profile="spreadsheet")

    def cancelled(job):
        for step in exporting.work(job, SUBJECTS):
            Job.objects.filter(pk=job.pk).update(state=Job.State.CANCELLING)
            yield step

    assert running.run(transfer.job_id, cancelled) == "cancelled"
    assert list(storing.folder().iterdir()) == []


def test_one_whose_worker_was_lost_begins_anew(started, monkeypatch):
    monkeypatch.setattr(exporting, "ROWS_A_STEP", 1)
    make_contact("A-1")
    transfer = started(columns=["key"])
    Job.objects.filter(pk=transfer.job_id).update(done=70_000, total=90_000)

    transfer = finished(transfer)

    assert (transfer.job.done, transfer.job.total) == (1, 1)
    assert storing.file_of(transfer.pk).read_bytes() == b"key\nA-1\n"


def test_it_shows_one_moment_whatever_happens_meanwhile():
    for number in range(6):
        make_contact(f"A-{number}")
    found = blocks(CONTACTS, Wanted(columns=["key"]), Tally())

    assert next(found) == b"key\n"
    Contact.objects.filter(key="A-3").delete()
    make_contact("A-9")

    assert b"".join(found).split() == [b"A-0", b"A-1", b"A-2", b"A-3", b"A-4", b"A-5"]


def test_an_audience_that_went_away_fails_the_export_instead_of_widening_it(started):
    make_contact("A-1")
    make_audience("rich", 'contact.country == "FR"').delete()
    filters = {"audience": "rich", "at": now().isoformat(), "zone": "UTC"}
    transfer = started(filters=filters)

    with translation.override("fr"):  # as a worker where that is the installation's language
        assert export_task(str(transfer.job_id)) == "failed"
    job = Job.objects.get(pk=transfer.job_id)
    assert job.failure_sentence == (
        "What narrows this export is not there any more, or means nothing any more."
    )
    with translation.override("fr"):
        assert job.failure_sentence == (
            "Ce qui restreint cet export n’existe plus, ou ne veut plus rien dire."
        )


# --- only what has changed ---


def test_the_next_export_has_what_has_changed_since_the_last(started):
    old = now() - timedelta(days=3)
    for key in ("A-1", "A-2"):
        make_contact(key)
    Contact.objects.update(changed_at=old)

    transfer = finished(started())
    until = transfer.complete_until
    assert now() - timedelta(minutes=2) < until < now()
    changed = Contact.objects.get(key="A-2")
    update(changed.pk, {}, {}, at=now(), version=None)

    assert keys(filters={"changed_since": until.isoformat()}) == ["A-2"]


def test_what_is_under_way_while_an_export_runs_is_not_missed_by_the_next(started):
    """Rows bear the moment at which their import began, and are seen when their chunk is done."""
    began = datetime(2026, 1, 28, 10, tzinfo=UTC)
    job = Job.objects.create(
        titles={"en": "x"}, task="x", created_at=began, queued_at=began, started_at=began
    )
    Transfer.objects.create(
        direction="import", subject="contacts", job=job, file_name="x.csv", created_at=began
    )

    assert finished(started()).complete_until == began - timedelta(minutes=1)


def test_an_open_transaction_is_waited_for_too(started):
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT now() - interval '1 minute'")
            before = cursor.fetchone()[0]
            assert finished(started()).complete_until == before
    finally:
        other.close()


# --- how long it is kept ---


def test_exports_are_deleted_after_a_day_with_what_was_searched_for(started):
    transfer = finished(started(filters={"q": "anne@example.org", "finds_personal": True}))

    purging.purge(at=now() + timedelta(hours=23))
    assert storing.file_of(transfer.pk).exists()
    purging.purge(at=now() + timedelta(hours=25))

    transfer.refresh_from_db()
    assert not storing.file_of(transfer.pk).exists()
    assert transfer.file_deleted_at is not None
    assert transfer.options["filters"] == {"q": None, "finds_personal": True}


def test_what_a_command_writes_out_stands_in_the_journal(export):
    make_contact("C-1")
    export("--columns", "key")

    entry = JournalEntry.objects.get()
    assert (entry.verb, entry.via, entry.subject_label) == (
        "transfer.written",
        "command",
        "out",
    )
    assert entry.after == {
        "subject": "contacts",
        "profile": "machine",
        "columns": ["key"],
        "personal_data": True,
        "narrowed_by": [],
        "rows": 1,
    }
