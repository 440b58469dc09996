"""A stored file, opened as its subject and its options say, whatever its form."""

import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO

from django.conf import settings

from transfers.options import Options
from transfers.reading.batches import Batch, Place
from transfers.reading.checking import Checked, Checker
from transfers.reading.columns import Column
from transfers.reading.encodings import Stream
from transfers.reading.faults import FileFault
from transfers.reading.moments import zone_called
from transfers.reading.opening import START, Opening, open_csv, require
from transfers.reading.separated import CsvReader
from transfers.reading.sources import Source
from transfers.reading.xml import XmlReader, zone_of
from transfers.subjects import Subject

Columns = Mapping[str, Column]


@dataclass
class OpenFile:
    """Gives batches of records, and checks them."""

    reader: CsvReader | XmlReader
    columns: Columns
    options: Options
    zone: zoneinfo.ZoneInfo
    opening: Opening | None = None
    checkers: dict[tuple[str | None, ...], Checker] | None = None

    def batches(self, size_at: Callable[[int], int]) -> Iterator[Batch]:
        return self.reader.batches(size_at)

    def check(self, batch: Batch) -> Checked:
        reader = self.reader
        places = self.opening.columns if self.opening else reader.header  # type: ignore[union-attr] # XML without an opening
        if self.checkers is None:
            self.checkers = {}
        if places not in self.checkers:
            self.checkers[places] = self.checker(places)
        return self.checkers[places].check(batch)

    def checker(self, places: tuple[str | None, ...]) -> Checker:
        return Checker(
            self.columns,
            places,
            zone=self.zone,
            form=self.options.date_format,
            from_spreadsheet=self.options.from_spreadsheet,
        )

    @property
    def unknown(self) -> tuple[str, ...]:
        """Words of the header that are no columns of ours, and columns that only leave."""
        if self.opening is None:
            return ()
        leaving = [n for n in self.opening.columns if n and self.columns[n].export_only]
        return (*self.opening.unknown, *leaving)

    def path_of(self, row: int, column: str) -> str:
        """How a report names the place of a value."""
        return self.reader.path(row, column) if isinstance(self.reader, XmlReader) else column

    def position(self, place: Place) -> int:
        """How far the file is read, in bytes."""
        return self.reader.fed if isinstance(self.reader, XmlReader) else place.offset


@contextmanager
def open_file(
    source: Source,
    subject: Subject,
    columns: Columns,
    options: Options,
    form: str,
    place: Place,
) -> Iterator[OpenFile]:
    """The records of a file from `place` on; raises FileFault."""
    with source.opened() as file:
        if form == "xml":
            yield open_xml(source, file, subject, columns, options, place)
        else:
            yield open_separated(file, subject, columns, options, place)


def open_separated(
    file: IO[bytes], subject: Subject, columns: Columns, options: Options, place: Place
) -> OpenFile:
    start = file.read(START)
    opening = open_csv(
        start,
        columns,
        encoding=options.encoding,
        delimiter=options.delimiter,
        listed=subject.key if options.list else "",
        mapping=options.mapping,
    )
    only = subject.key if options.operation in {"update", "void"} else ""
    given = subject.given_columns(options.extra)
    require(opening.columns, columns, only=only, given=given)
    file.seek(opening.mark)
    stream = Stream(file, opening.encoding, opening.mark)
    if place.row == 0 and place.offset == 0:
        place = replace(opening.place)
    reader = CsvReader(stream, opening.dialect, place)
    zone = options.timezone or subject.zone(options.extra)
    return OpenFile(reader, columns, options, zone_named(zone), opening)


def open_xml(
    source: Source,
    file: IO[bytes],
    subject: Subject,
    columns: Columns,
    options: Options,
    place: Place,
) -> OpenFile:
    with source.opened() as again:
        declared = zone_of(again.read(START))
    if declared and zone_called(declared) is None:
        raise FileFault("timezone_unknown", line=1, value=declared, column="timezone")
    zone = options.timezone or declared or subject.zone(options.extra)
    updates = options.operation != "insert" or options.on_duplicate == "update"
    reader = XmlReader(file, subject.xml, columns, place, uniform=updates)
    return OpenFile(reader, columns, options, zone_named(zone))


def zone_named(name: str) -> zoneinfo.ZoneInfo:
    return zone_called(name) or zoneinfo.ZoneInfo(settings.TIME_ZONE)
