"""Writing a file out of the database: one snapshot, streamed, in constant memory."""

import zoneinfo
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import connection
from psycopg import sql

from jobs.models import Job
from jobs.running import Step
from transfers import storing
from transfers.models import Transfer
from transfers.reading.columns import Column, Kind
from transfers.subjects import Subject
from transfers.writing.forms import Profile, machine_header, spreadsheet_lines, xml_documents
from transfers.writing.texts import harmless, masked

ROWS_A_STEP = 20_000


class UnknownColumn(ValueError):
    """The subject has no such column."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to leave, and in which form."""

    profile: Profile = "machine"
    format: str = "csv"
    delimiter: str = ";"
    columns: Sequence[str] = ()
    shows_personal: bool = True
    filters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """How many rows have left."""

    rows: int = 0


def blocks(subject: Subject, wanted: Wanted, tally: Tally) -> Iterator[bytes]:
    """The file, piece by piece. One statement reads it all, and so sees one moment."""
    columns = chosen(subject, wanted.columns)
    query = select(subject, columns, wanted)
    names = [column.name for column in columns]
    if wanted.format == "xml":
        zone = str(zoneinfo.ZoneInfo(settings.TIME_ZONE))
        yield from xml_documents(
            subject.xml, columns, rows(query, tally), key=subject.key, zone=zone
        )
    elif wanted.profile == "spreadsheet":
        yield from spreadsheet_lines(names, rows(query, tally), wanted.delimiter)
    else:
        yield machine_header(names, wanted.delimiter)
        yield from copied(query, tally, wanted.delimiter)


def chosen(subject: Subject, names: Sequence[str]) -> list[Column]:
    columns = subject.columns()
    unknown = [name for name in names if name not in columns]
    if unknown:
        raise UnknownColumn(", ".join(unknown))
    return [columns[name] for name in names or columns]


def select(subject: Subject, columns: Sequence[Column], wanted: Wanted) -> sql.Composable:
    """The subject's SELECT, with personal columns masked and formulas disarmed as wanted."""
    inner = subject.export(columns, wanted.filters)
    outer = []
    for number, column in enumerate(columns):
        text: sql.Composable = sql.SQL("e.{}").format(sql.Identifier(f"c{number}"))
        if column.personal and not wanted.shows_personal:
            text = masked(text)
        if wanted.profile == "spreadsheet" and wanted.format == "csv" and is_text(column):
            text = harmless(text)
        outer.append(text)
    names = sql.SQL(", ").join(sql.Identifier(f"c{number}") for number in range(len(columns)))
    return sql.SQL("SELECT {} FROM ({}) e ({})").format(sql.SQL(", ").join(outer), inner, names)


def is_text(column: Column) -> bool:
    return column.kind in {Kind.KEY, Kind.TEXT, Kind.TEXTS}


def copied(query: sql.Composable, tally: Tally, delimiter: str) -> Iterator[bytes]:
    """CSV as PostgreSQL writes it; it quotes what it must."""
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, DELIMITER {}, ENCODING 'UTF8')").format(
        query, sql.Literal(delimiter)
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        waiting: list[bytes] = []
        size = 0
        for block in copy:
            waiting.append(bytes(block))
            size += len(block)
            if size > 1 << 18:
                yield b"".join(waiting)
                waiting, size = [], 0
        yield b"".join(waiting)
        tally.rows = cursor.rowcount


def rows(query: sql.Composable, tally: Tally) -> Iterator[Sequence[str | None]]:
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("COPY ({}) TO STDOUT").format(query)) as copy,
    ):
        for row in copy.rows():
            tally.rows += 1
            yield row


def work(job: Job, subjects: Mapping[str, Subject]) -> Generator[Step, None, None]:
    """The steps of an export: the file is there once it is whole; after a crash it begins anew."""
    transfer = Transfer.objects.get(job=job)
    wanted = Wanted(**transfer.options)
    subject = subjects[transfer.subject]
    target = storing.file_of(transfer.pk)
    passing = target.with_suffix(".part")
    digest, size, tally = sha256(), 0, Tally()
    with storing.open_private(passing) as file:
        for block in blocks(subject, wanted, tally):
            file.write(block)
            digest.update(block)
            size += len(block)
    passing.replace(target)
    transfer.sha256, transfer.size = digest.hexdigest(), size
    transfer.codes = {"rows": tally.rows}
    transfer.save(update_fields=["sha256", "size", "codes"])
    yield Step(done=tally.rows, total=tally.rows)
