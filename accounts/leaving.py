"""How entries of the journal leave: as CSV that is safe to open in a spreadsheet."""

import csv
import io
import json
from collections.abc import Iterable, Iterator

from accounts.models import JournalEntry

COLUMNS = (
    "at",
    "by",
    "by_email",
    "via",
    "verb",
    "subject_type",
    "subject_key",
    "subject_label",
    "before",
    "after",
    "comment",
    "request_id",
)


def csv_lines(entries: Iterator[JournalEntry]) -> Iterator[str]:
    """A line for each entry, safe to open in a spreadsheet."""
    yield "\ufeff"  # tells spreadsheets that this is UTF-8
    yield csv_line(COLUMNS)
    for entry in entries:
        yield csv_line(map(harmless, cells(entry)))


def csv_line(texts: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(texts)
    return buffer.getvalue()


def cells(entry: JournalEntry) -> list[str]:
    return [
        entry.at.isoformat(),
        entry.by_name,
        entry.by.email if entry.by else "",
        entry.via,
        entry.verb,
        entry.subject_type,
        entry.subject_key,
        entry.subject_label,
        json.dumps(entry.before, ensure_ascii=False) if entry.before else "",
        json.dumps(entry.after, ensure_ascii=False) if entry.after else "",
        entry.comment,
        entry.request_id,
    ]


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text
