"""Writing a file out of the database: one snapshot, streamed, in constant memory."""

import zoneinfo
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext_noop
from psycopg import sql
from psycopg.errors import QueryCanceled

from jobs.models import Job
from jobs.running import NAME_SESSION, Failed, Step
from transfers import storing
from transfers.models import Transfer
from transfers.reading.columns import Column, Kind
from transfers.subjects import BadFilter, Subject
from transfers.writing.forms import Profile, machine_header, spreadsheet_lines, xml_documents
from transfers.writing.texts import harmless, labelled

ROWS_A_STEP = 20_000
NOT_THERE = gettext_noop(
    "What narrows this export is not there any more, or means nothing any more."
)
PATIENCE = "3s"  # how long a page waits for what it shows before a file is asked for


class UnknownColumn(ValueError):
    """The subject has no such column."""


class PersonalColumn(ValueError):
    """A column that does not leave without the right to see personal data."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to leave, and in which form. Without columns, all of them leave."""

    profile: Profile = "machine"
    format: str = "csv"
    delimiter: str = ";"
    columns: Sequence[str] = ()
    shows_personal: bool = False
    labels: bool = False  # what people call the values, instead of the values
    limit: int | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """How many rows have left, how many there are, and up to when no change is missing."""

    rows: int = 0
    total: int | None = None
    complete_until: str = ""


def blocks(subject: Subject, wanted: Wanted, tally: Tally) -> Generator[bytes, None, None]:
    """The file, piece by piece, as it was at one moment; raises BadFilter."""
    columns = chosen(subject, wanted)
    query = select(subject, columns, wanted)
    names = [column.name for column in columns]
    with snapshot() as cursor:
        tally.complete_until = complete_until(cursor, subject)
        if tally.total is not None:
            tally.total = counted(cursor, query)
        if wanted.format == "xml":
            zone = str(zoneinfo.ZoneInfo(settings.TIME_ZONE))
            found = rows(cursor, query, tally)
            yield from xml_documents(subject.xml, columns, found, zone=zone)
        elif wanted.profile == "spreadsheet":
            yield from spreadsheet_lines(names, rows(cursor, query, tally), wanted.delimiter)
        else:
            yield machine_header(names, wanted.delimiter)
            yield from copied(cursor, query, tally, wanted.delimiter)


@contextmanager
def snapshot() -> Iterator[CursorWrapper]:
    """One moment of the database, on a connection of its own: this one goes on writing.

    It bears the name of this one: whoever replaces a lost worker ends both.
    """
    own = connection.copy()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW application_name")
            name = cursor.fetchone()[0]
        own.set_autocommit(False)
        with own.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute(NAME_SESSION, [name])
            yield cursor
    finally:
        own.close()


def complete_until(cursor: CursorWrapper, subject: Subject) -> str:
    """A moment before which every change is in the snapshot, for the export that goes on from it.

    Rows bear the moment at which their change was begun: what is under way now may be older than
    this export, and comes to light after it.
    """
    cursor.execute(
        "SELECT least(now(), (SELECT min(xact_start) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()),"
        " (SELECT min(j.started_at) FROM transfers_transfer t JOIN jobs_job j ON j.id = t.job_id"
        " WHERE t.direction = 'import' AND t.subject = %s AND j.ended_at IS NULL))"
        " - interval '1 minute'",
        [subject.name],
    )
    moment: datetime = cursor.fetchone()[0]
    return moment.isoformat()


def counted(cursor: CursorWrapper, query: sql.Composable) -> int:
    cursor.execute(sql.SQL("SELECT count(*) FROM ({}) counted").format(query))
    number: int = cursor.fetchone()[0]
    return number


def chosen(subject: Subject, wanted: Wanted) -> list[Column]:
    """The columns that leave, in their order; raises UnknownColumn or PersonalColumn."""
    columns = subject.columns()
    unknown = [name for name in wanted.columns if name not in columns]
    if unknown:
        raise UnknownColumn(", ".join(unknown))
    hidden = [n for n, column in columns.items() if column.personal and not wanted.shows_personal]
    refused = [name for name in wanted.columns if name in hidden]
    if refused:
        raise PersonalColumn(", ".join(refused))
    names = wanted.columns or [name for name in columns if name not in hidden]
    return [columns[name] for name in names]


def select(subject: Subject, columns: Sequence[Column], wanted: Wanted) -> sql.Composable:
    """The subject's SELECT, with labels and with formulas disarmed as wanted."""
    inner = subject.export(columns, wanted.filters)
    outer = []
    for number, column in enumerate(columns):
        text: sql.Composable = sql.SQL("e.{}").format(sql.Identifier(f"c{number}"))
        says_labels = wanted.labels and bool(column.labels)
        if says_labels:
            text = labelled(column, text)
        if wanted.profile == "spreadsheet" and wanted.format == "csv":
            text = harmless(text) if is_text(column) or says_labels else text
        outer.append(text)
    names = sql.SQL(", ").join(sql.Identifier(f"c{number}") for number in range(len(columns)))
    whole = sql.SQL("SELECT {} FROM ({}) e ({})").format(sql.SQL(", ").join(outer), inner, names)
    if wanted.limit is None:
        return whole
    return sql.SQL("{} LIMIT {}").format(whole, sql.Literal(wanted.limit))


def is_text(column: Column) -> bool:
    return column.kind in {Kind.KEY, Kind.TEXT, Kind.TEXTS}


def copied(
    cursor: CursorWrapper, query: sql.Composable, tally: Tally, delimiter: str
) -> Iterator[bytes]:
    """CSV as PostgreSQL writes it, a row at a time; it quotes what it must."""
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, DELIMITER {}, ENCODING 'UTF8')").format(
        query, sql.Literal(delimiter)
    )
    with cursor.copy(statement) as copy:
        waiting: list[bytes] = []
        size = 0
        for row in copy:
            waiting.append(bytes(row))
            size += len(row)
            if size > 1 << 18:
                tally.rows += len(waiting)
                yield b"".join(waiting)
                waiting, size = [], 0
        tally.rows += len(waiting)
        yield b"".join(waiting)


def rows(
    cursor: CursorWrapper, query: sql.Composable, tally: Tally
) -> Iterator[Sequence[str | None]]:
    with cursor.copy(sql.SQL("COPY ({}) TO STDOUT").format(query)) as copy:
        for row in copy.rows():
            tally.rows += 1
            yield row


# --- the job ---


def work(job: Job, subjects: Mapping[str, Subject]) -> Generator[Step, None, None]:
    """The steps of an export: the file is there once it is whole; after a crash it begins anew."""
    transfer = Transfer.objects.get(job=job)
    wanted = Wanted(**transfer.options)
    target = storing.file_of(transfer.pk)
    passing = target.with_suffix(".part")
    digest, size, tally = sha256(), 0, Tally(total=0)
    found = blocks(subjects[transfer.subject], wanted, tally)
    try:
        with closing(found), storing.open_private(passing) as file:
            for block in found:
                file.write(block)
                digest.update(block)
                size += len(block)
                if tally.rows - job.done >= ROWS_A_STEP:
                    yield step(tally, job)
        passing.replace(target)
    except BadFilter as refusal:
        raise Failed(NOT_THERE) from refusal
    finally:
        storing.forget(passing)
    transfer.sha256, transfer.size = digest.hexdigest(), size
    transfer.codes = {"rows": tally.rows, "downloads": 0}
    transfer.save(update_fields=["sha256", "size", "codes"])
    yield step(tally, job)


def step(tally: Tally, job: Job) -> Step:
    """How far it is, whatever a worker that was lost has noted before."""
    checkpoint = {"complete_until": tally.complete_until}
    return Step(done=tally.rows - job.done, total=tally.total, checkpoint=checkpoint)


# --- before it is asked for ---


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows as they would leave, and how many there are where that is quickly told."""

    columns: list[Column]
    rows: list[Sequence[str | None]]
    number: int | None


def look(subject: Subject, wanted: Wanted, *, size: int = 5) -> Preview:
    """What would leave; raises UnknownColumn, PersonalColumn or BadFilter."""
    columns = chosen(subject, wanted)
    query = select(subject, columns, wanted)
    first: list[Sequence[str | None]] = []
    number = None
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE}'")
            first_ones = sql.SQL("SELECT * FROM ({}) previewed LIMIT {}")
            cursor.execute(first_ones.format(query, sql.Literal(size)))
            first = cursor.fetchall()
            number = counted(cursor, query)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
    return Preview(columns, first, number)
