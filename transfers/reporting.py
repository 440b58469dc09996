"""What was refused, for people and programs to read, to mend and to send again."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import chain
from typing import IO, Any
from xml.sax.saxutils import quoteattr

from django.conf import settings
from django.db.models import Q

from accounts.models import User
from offers_site import spreadsheets
from transfers import storing
from transfers.files import open_file
from transfers.models import Reject, Transfer
from transfers.options import Options
from transfers.reading.batches import Place
from transfers.reading.columns import camel
from transfers.reading.separated import CsvReader
from transfers.reading.sources import Source
from transfers.reading.xml import BLOCK, XmlReader
from transfers.subjects import Subject
from transfers.wording import sentence
from transfers.writing.forms import NO_XML

COLUMNS = (
    "line",
    "row",
    "column",
    "severity",
    "error_code",
    "message",
    "value",
    "first_seen_line",
)


def described(reject: Reject) -> dict[str, Any]:
    return {
        "line": reject.line,
        "row": reject.row,
        "column": reject.column or None,
        "severity": reject.severity,
        "error_code": reject.code,
        "message": message(reject),
        "value": reject.value,
        "first_seen_line": reject.first_seen_line,
    }


def message(reject: Reject) -> str:
    return sentence(reject.code, {"value": reject.value, "column": reject.column} | reject.detail)


def why(transfer: Transfer) -> str:
    """Why it stopped, in the reader's language."""
    fatal = transfer.rejects.filter(severity=Reject.Severity.FATAL).first()
    if fatal:
        return message(fatal)
    return transfer.job.failure_sentence if transfer.job else ""


def csv_lines(rejects: Iterable[Reject]) -> Iterator[str]:
    """The report, in the reader's language, safe to open in a spreadsheet."""
    yield from spreadsheets.lines(chain([COLUMNS], map(cells, rejects)), delimiter=";", end="\n")


def cells(reject: Reject) -> list[str]:
    return ["" if cell is None else str(cell) for cell in described(reject).values()]


def xml_lines(rejects: Iterable[Reject]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<importErrors>\n'
    names = ("line", "row", "column", "severity", "errorCode", "message", "value", "firstSeenLine")
    for reject in rejects:
        values = described(reject).values()
        given = [
            f"{name}={quoteattr(NO_XML.sub('?', str(value)))}"
            for name, value in zip(names, values, strict=True)
            if value not in (None, "")
        ]
        yield f"  <error {' '.join(given)}/>\n"
    yield "</importErrors>\n"


def of(transfer: Transfer) -> Iterator[Reject]:
    return transfer.rejects.order_by("line", "id").iterator(chunk_size=2000)


def seen_by(rejects: Iterable[Reject], subject: Subject | None, person: User) -> Iterator[Reject]:
    """The same, with keys hidden from whoever may not see them."""
    hides = subject is not None and not may_see_keys(subject, person)
    for reject in rejects:
        if hides and subject and is_of_key(reject, subject):
            reject.value = subject.hidden(reject.value)
        yield reject


def may_see_keys(subject: Subject, person: User) -> bool:
    return not subject.key_right or person.has_perm(subject.key_right)


def is_of_key(reject: Reject, subject: Subject) -> bool:
    """Is it about a key, or about a row of which nobody knows what is in it?"""
    last = reject.column.rpartition("/")[2]
    return bool(reject.value) and (
        not last or "[" in last or last in {subject.key, camel(subject.key)}
    )


def write_report(transfer: Transfer) -> str:
    """Leave the report beside the file; returns where."""
    path = storing.errors_of(transfer.pk)
    with storing.open_private(path) as file:
        for line in csv_lines(of(transfer)):
            file.write(line.encode())
    return str(path)


# --- the rejected rows themselves ---


def rejected_rows(transfer: Transfer, subject: Subject) -> Iterator[bytes]:
    """The refused records as they were sent, below the same header."""
    source = Source.of(storing.file_of(transfer.pk))
    columns = subject.columns(Options(**transfer.options).extra)
    with ExitStack() as stack:
        file = stack.enter_context(
            open_file(
                source, subject, columns, Options(**transfer.options), transfer.format, Place()
            )
        )
        wanted = iter(rejected_numbers(transfer))
        if isinstance(file.reader, CsvReader):
            yield from csv_records(source, file.reader, wanted)
        else:
            yield from xml_without(source, file.reader, wanted)


def size_at(row: int) -> int:
    return settings.IMPORT_CHUNK_ROWS


def rejected_numbers(transfer: Transfer) -> Iterator[int]:
    errors = transfer.rejects.filter(
        Q(severity=Reject.Severity.ERROR) | Q(code="csv_unbalanced_quote")
    )
    rows = errors.order_by("row").values_list("row", flat=True).distinct()
    return rows.iterator(chunk_size=5000)


def xml_without(source: Source, reader: XmlReader, wanted: Iterator[int]) -> Iterator[bytes]:
    """The document as it was sent, without the records that are not wanted.

    So whatever stands around them, and whatever was not understood in them, is there to be mended.
    Where the document is broken, all the rest of it is there, too.
    """
    reader.spans = []
    following = next(wanted, None)
    with source.opened() as file:
        cutter = Cutter(file)
        fatal, block = None, b"-"
        while block and not fatal:
            block = reader.file.read(BLOCK)
            fatal = reader.feed(block)
            reader.done.clear()
            for number, start, end in reader.spans:
                while following is not None and following < number:
                    following = next(wanted, None)
                if number != following:
                    yield from cutter.cut(start, end)
            reader.spans.clear()
        yield from cutter.rest()


class Cutter:
    """Copies a document but for what is cut out of it, and the blanks between two cuts."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.position = 0
        self.has_cut = False
        start = file.read(4)
        file.seek(0)
        self.wide = start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in start

    def cut(self, start: int, end: int) -> Iterator[bytes]:
        """Leave out an element; `end` is where its end tag begins, or where it is over."""
        before = self.take(start - self.position)
        if not self.has_cut or before.strip(b" \t\r\n\0"):
            yield before
        self.has_cut = True
        self.take(end - start)
        tag = self.file.read(4)
        self.file.seek(end)
        if tag.replace(b"\0", b"").startswith(b"</"):
            while self.take(2 if self.wide else 1).replace(b"\0", b"") not in {b">", b""}:
                pass

    def take(self, size: int) -> bytes:
        body = self.file.read(size)
        self.position += len(body)
        return body

    def rest(self) -> Iterator[bytes]:
        while body := self.take(BLOCK):
            yield body


def csv_records(source: Source, reader: CsvReader, wanted: Iterator[int]) -> Iterator[bytes]:
    """The header and the wanted records, byte for byte as they stand in the file."""
    with source.opened() as file:
        yield file.read(reader.stream.place(reader.place.offset))
    reader.keeps = True
    following = next(wanted, None)
    for batch in reader.careful_batches(size_at(0)):
        for number, body in batch.bodies:
            while following is not None and following < number:
                following = next(wanted, None)
            if number == following:
                yield recoded(reader, body)
        if following is None:
            return


def recoded(reader: CsvReader, body: bytes) -> bytes:
    if not reader.stream.wide:
        return body
    return body.decode("utf-8", "surrogatepass").encode(reader.stream.wide, "surrogatepass")
