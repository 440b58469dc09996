"""The first rows of a file as they would be understood, before anything is decided."""

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

from transfers import storing
from transfers.files import OpenFile, open_file
from transfers.models import Transfer
from transfers.options import Options
from transfers.reading.batches import Place
from transfers.reading.checking import Checked
from transfers.reading.columns import Column, folded, names_of
from transfers.reading.encodings import Stream, recognise
from transfers.reading.faults import Fault, FileFault, shown
from transfers.reading.opening import DELIMITERS, START, first_record
from transfers.reading.separated import CsvReader, Dialect
from transfers.reading.sources import Source
from transfers.subjects import Subject
from transfers.wording import sentence

ROWS = 200
ROWS_SHOWN = 8
SAMPLES = 3
# What is wrong with a header that people can put right by saying which column is what.
MAPPABLE = {"header_unknown", "header_missing_column"}


@dataclass(slots=True)
class SeenRow:
    line: int
    cells: list[str]
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Seen:
    """What the first rows look like."""

    encoding: str = ""
    delimiter: str = ""
    header: list[str] = field(default_factory=list)
    # For each column of the file, the name of ours, or None.
    places: list[str | None] = field(default_factory=list)
    rows: list[SeenRow] = field(default_factory=list)
    read: int = 0
    wrong: int = 0
    fault: str = ""
    fault_code: str = ""

    @property
    def shown_delimiter(self) -> str:
        """The character, or nothing where it cannot be seen."""
        return self.delimiter.strip()

    def samples(self, number: int) -> list[str]:
        """Some values of a column of the file, each once."""
        cells = [row.cells[number] for row in self.rows if number < len(row.cells)]
        return list(dict.fromkeys(cell for cell in cells if cell.strip()))[:SAMPLES]


def look(transfer: Transfer, subject: Subject, options: Options) -> Seen:
    """Never refuses: what is wrong with the file is said in `fault`."""
    columns = subject.columns(options.extra)
    seen = Seen()
    try:
        with ExitStack() as stack:
            source = Source.of(storing.file_of(transfer.pk))
            file = stack.enter_context(
                open_file(source, subject, columns, options, transfer.format, Place())
            )
            describe(file, seen)
            read(file, seen, columns)
    except FileFault as fault:
        note_fatal(fault, seen)
        if fault.code in MAPPABLE and transfer.format == "csv":
            show_unmapped(storing.file_of(transfer.pk), columns, options, seen)
    except FileNotFoundError:
        seen.fault = _("The file is no longer there.")
    return seen


def show_unmapped(path: Path, columns: Mapping[str, Column], options: Options, seen: Seen) -> None:
    """The first rows of a file in whose header too little is known: people say what is what."""
    with Source.of(path).opened() as file:
        start = file.read(START)
        encoding = recognise(start, options.encoding)
        header, place, delimiter = likely_header(start, encoding, options.delimiter)
        file.seek(encoding[1])
        reader = CsvReader(Stream(file, *encoding), Dialect(delimiter, '"', tuple(header)), place)
        batch = next(reader.batches(lambda row: ROWS), None)
    seen.encoding, seen.delimiter, seen.header = shown_encoding(encoding[0]), delimiter, header
    known = {**names_of(columns), **{folded(w): name for w, name in options.mapping.items()}}
    seen.places = [known.get(folded(word)) or None for word in header]
    if batch is not None:
        seen.read = batch.read
        lines = zip(batch.lines[:ROWS_SHOWN], batch.rows[:ROWS_SHOWN], strict=True)
        seen.rows = [SeenRow(line, [shown(cell) for cell in row]) for line, row in lines]


def likely_header(
    start: bytes, encoding: tuple[str, int], declared: str
) -> tuple[list[str], Place, str]:
    """The words of the first line, parted by what parts it into most of them."""
    found = []
    for delimiter in (declared,) if declared else DELIMITERS:
        with suppress(FileFault):
            found.append((*first_record(start, encoding, delimiter, '"'), delimiter))
    if not found:
        raise FileFault("header_unknown", line=1)
    return max(found, key=lambda each: len(each[0]))


def describe(file: OpenFile, seen: Seen) -> None:
    if file.opening:
        seen.encoding = shown_encoding(file.opening.encoding)
        seen.delimiter = file.opening.dialect.delimiter
        seen.header = list(file.opening.dialect.header)
        seen.places = list(file.opening.columns)
    else:
        seen.encoding = "XML"


def shown_encoding(name: str) -> str:
    return name.upper().replace("CP1252", "Windows-1252").replace("ISO8859-", "ISO 8859-")


def read(file: OpenFile, seen: Seen, columns: Mapping[str, Column]) -> None:
    for batch in file.batches(lambda row: ROWS):
        checked = file.check(batch)
        if not seen.header:
            seen.header = list(file.reader.header)  # type: ignore[union-attr] # only XML has no opening
            seen.places = list(seen.header)
        faults = {refusal.line: refusal.faults for refusal in (*batch.refused, *checked.refused)}
        seen.read += batch.read
        seen.wrong += len(faults)
        rows = [
            SeenRow(line, [shown(cell) for cell in row], said(faults.get(line, ()), columns))
            for line, row in zip(batch.lines, batch.rows, strict=True)
        ]
        rows += [SeenRow(r.line, [], said(r.faults, columns)) for r in batch.refused]
        rows.sort(key=lambda row: (not row.faults, row.line))  # what is wrong comes first
        seen.rows = sorted(rows[:ROWS_SHOWN], key=lambda row: row.line)
        note_fatal(batch.fatal, seen)
        understood(seen, checked)
        return


def note_fatal(fault: FileFault | None, seen: Seen) -> None:
    if fault:
        seen.fault_code = fault.code
        seen.fault = sentence(fault.code, {"value": fault.value, **fault.detail})


def understood(seen: Seen, checked: Checked) -> None:
    """Dates and numbers stand as they were understood, where that differs from what was written."""
    by_line = {line: place for place, line in enumerate(checked.lines)}
    names = {name: number for number, name in enumerate(checked.names)}
    for row in seen.rows:
        place = by_line.get(row.line)
        if place is None:
            continue
        for number, name in enumerate(seen.places):
            if name in names and number < len(row.cells):
                made = checked.columns[names[name]][place]
                if made and made != row.cells[number].strip() and made not in {"t", "f"}:
                    row.cells[number] = f"{row.cells[number]} → {made}"[:120]


def said(faults: tuple[Fault, ...] | tuple[()], columns: Mapping[str, Column]) -> list[str]:
    """What is wrong with a row, each with the label of its column."""
    found = []
    for fault in faults:
        told = sentence(fault.code, {"value": fault.value, "column": fault.column, **fault.detail})
        column = columns.get(fault.column)
        label = str(column.label) if column else fault.column
        found.append(_("%(label)s: %(told)s") % {"label": label, "told": told} if label else told)
    return found
