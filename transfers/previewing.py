"""The first rows of a file as they would be understood, before anything is decided."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from transfers import storing
from transfers.files import OpenFile, open_file
from transfers.models import Transfer
from transfers.options import Options
from transfers.reading.batches import Place
from transfers.reading.checking import Checked
from transfers.reading.columns import Column
from transfers.reading.faults import Fault, FileFault, shown
from transfers.reading.sources import Source
from transfers.subjects import Subject
from transfers.wording import sentence

ROWS = 200
ROWS_SHOWN = 8


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
        seen.fault = sentence(fault.code, {"value": fault.value, **fault.detail})
    except FileNotFoundError:
        seen.fault = sentence("file_unreadable", {})
    return seen


def describe(file: OpenFile, seen: Seen) -> None:
    if file.opening:
        seen.encoding = file.opening.encoding.upper().replace("CP1252", "Windows-1252")
        seen.delimiter = file.opening.dialect.delimiter
        seen.header = list(file.opening.dialect.header)
        seen.places = list(file.opening.columns)
    else:
        seen.encoding = "XML"


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
    return [
        f"{columns[f.column].label if f.column in columns else f.column}: "
        f"{sentence(f.code, {'value': f.value, 'column': f.column, **f.detail})}".lstrip(": ")
        for f in faults
    ]
