"""How entries of the journal leave: as CSV that is safe to open in a spreadsheet."""

import json
from collections.abc import Iterator
from itertools import chain

from accounts.models import JournalEntry
from offers_site import spreadsheets

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
    yield from spreadsheets.lines(chain([COLUMNS], map(cells, entries)))


def cells(entry: JournalEntry) -> list[str]:
    return [
        entry.at.isoformat(),
        entry.by_name,
        entry.by.email if entry.by else "",
        entry.via,
        entry.verb,
        entry.subject_type,
        entry.subject_key,
        entry.subject_name,
        json.dumps(entry.before, ensure_ascii=False) if entry.before else "",
        json.dumps(entry.after, ensure_ascii=False) if entry.after else "",
        entry.comment,
        entry.request_id,
    ]
