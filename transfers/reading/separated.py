"""CSV, strictly: RFC 4180 quoting, every record decoded for itself, lines as an editor counts them.

Most chunks of most files hold no quote and no surprise: they are split by the machine's own loops.
Whatever is not so plain is read again, slowly and exactly.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from transfers.reading.batches import ROW_LIMIT, Batch, Place
from transfers.reading.encodings import Stream
from transfers.reading.faults import CONTROLS, Fault, FileFault, Refusal

BLOCK = 1 << 20
BUFFER = 8 << 20
UNSEEMLY = re.compile(f"[{CONTROLS}]")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written. `header` are the columns' own words, in their order."""

    delimiter: str
    quote: str
    header: tuple[str, ...]


@dataclass(slots=True)
class Raw:
    """One record before it is decoded."""

    end: int
    fields: list[bytes]
    starts: list[int]
    fault: str = ""
    quoted: bool = False


class Cut(Exception):
    """The record goes on beyond the bytes at hand."""


class CsvReader:
    """The records after `place`, in batches."""

    def __init__(self, stream: Stream, dialect: Dialect, place: Place) -> None:
        self.stream = stream
        self.dialect = dialect
        self.place = place
        self.width = len(dialect.header)
        self.delimiter = dialect.delimiter.encode()
        self.quote = dialect.quote.encode()
        quote, delimiter = re.escape(self.quote), re.escape(self.delimiter)
        # Possessive: a doubled quote must never be taken for a closing one, wherever the bytes end.
        self.quoted = re.compile(b"%b[^%b]*+(?:%b%b[^%b]*+)*+%b" % ((quote,) * 6), re.DOTALL)
        self.bare = re.compile(b"[^%b\r\n]*" % delimiter)
        self.buffer = stream.go_to(place.offset)
        self.at_end = False
        self.keeps = False  # the bytes of the records, too

    def careful_batches(self, size: int) -> Iterator[Batch]:
        """All batches the slow way."""
        while True:
            self.fill(size)
            if not self.buffer:
                return
            batch = self.careful(size)
            self.place = batch.place
            yield batch
            if batch.fatal:
                return

    def batches(self, size_at: Callable[[int], int]) -> Iterator[Batch]:
        """Batches of `size_at(rows so far)` records, until the end or a fatal fault."""
        while True:
            size = size_at(self.place.row)
            self.fill(size)
            if not self.buffer:
                return
            batch = self.quick(size) or self.careful(size)
            self.place = batch.place
            yield batch
            if batch.fatal:
                return

    def fill(self, size: int) -> None:
        while not self.at_end and len(self.buffer) < BUFFER:
            if self.buffer.count(b"\n") > size:
                return
            self.more()

    def more(self) -> None:
        block = self.stream.read(BLOCK)
        self.buffer += block
        self.at_end = not block

    # --- the quick way ---

    def quick(self, size: int) -> Batch | None:
        """A batch of plain lines; None when something in them wants care."""
        lines = self.buffer.split(b"\n", size)
        rest = lines.pop() if len(lines) > size or not self.at_end or not lines[-1] else b""
        head = self.buffer[: len(self.buffer) - len(rest)]
        if not lines or max(map(len, lines)) > ROW_LIMIT:
            return None
        text = self.plain_text(head, len(lines))
        if text is None:
            return None
        rows = self.rows_of(text.split("\n"), quoted=self.quote in head)
        if len(rows) != len(lines) or not self.all_rows_are_whole(rows):
            return None
        here, count = self.place, len(rows)
        self.buffer = rest
        return Batch(
            Place(here.offset + len(head), here.line + count, here.row + count),
            rows,
            range(here.row + 1, here.row + count + 1),
            range(here.line, here.line + count),
            is_plain=True,
        )

    def rows_of(self, lines: list[str], *, quoted: bool) -> list[list[str]]:
        """The fields of the lines; none at all when they are no records of their own.

        Where a record goes on in the next line, there are fewer of them than lines.
        """
        delimiter, quote = self.dialect.delimiter, self.dialect.quote
        if not quoted:
            return [line.split(delimiter) for line in lines]
        try:
            return list(csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True))
        except csv.Error:
            return []

    def plain_text(self, head: bytes, lines: int) -> str | None:
        if b"\r" in head:
            ends = head.count(b"\n")
            if not head.count(b"\r") == head.count(b"\r\n") == ends:
                return None
            head = head.replace(b"\r\n", b"\n")
        try:
            text = head.decode(self.stream.encoding).removesuffix("\n")
        except UnicodeDecodeError:
            return None
        shown = text.replace("\n", "").replace(self.dialect.delimiter, "")
        if not shown.isprintable() and ("\t" in shown or UNSEEMLY.search(shown)):
            return None
        return None if "\\" in text else text

    def all_rows_are_whole(self, rows: Sequence[list[str]]) -> bool:
        if self.width == 1:
            return all(row[0] and not row[0].isspace() and len(row) == 1 for row in rows)
        return set(map(len, rows)) == {self.width}

    # --- the careful way ---

    def careful(self, size: int) -> Batch:
        batch = Batch(Place(self.place.offset, self.place.line, self.place.row))
        numbers: list[int] = []
        lines: list[int] = []
        batch.numbers, batch.lines = numbers, lines
        position = 0
        while batch.read < size:
            if position >= len(self.buffer):
                if batch.read or self.at_end:
                    break
                self.more()
                continue
            raw = self.record(position)
            position = self.take(batch, raw, position, numbers, lines)
            if batch.fatal:
                break
        self.buffer = self.buffer[position:]
        return batch

    def take(
        self, batch: Batch, raw: Raw, position: int, numbers: list[int], lines: list[int]
    ) -> int:
        """Put a record where it belongs; returns where the next one begins."""
        place = batch.place
        if raw.end < 0:
            return self.take_long(batch, position)
        body = self.buffer[position : raw.end]
        line = place.line
        place.line += count_lines(body)
        if is_blank(raw):
            batch.blank += 1
        else:
            place.row += 1
            read = self.decoded(raw, place.offset - position)
            if isinstance(read, Fault):
                batch.refused.append(Refusal(place.row, line, (read,)))
            else:
                numbers.append(place.row)
                lines.append(line)
                batch.rows.append(read)
            if raw.fault == "ended":
                batch.fatal = FileFault(
                    "csv_unbalanced_quote", line=line, counts=True, value=first_words(body)
                )
                batch.refused.pop()
            if self.keeps:
                batch.bodies.append((place.row, body))
        place.offset += len(body)
        return raw.end

    def decoded(self, raw: Raw, base: int) -> list[str] | Fault:
        """The fields of a record, or what is wrong with it as a whole."""
        if raw.fault == "long":
            return Fault("field_too_long", value=first_words(b"".join(raw.fields)))
        if raw.fault:
            return Fault("csv_unbalanced_quote", value=first_words(raw.fields[-1]))
        fields = []
        for number, field in enumerate(raw.fields):
            try:
                fields.append(field.decode(self.stream.encoding))
            except UnicodeDecodeError as error:
                offset = self.stream.place(base + raw.starts[number] + error.start)
                return Fault("enc_invalid", self.name(number), printable(field), {"offset": offset})
        if len(fields) != self.width:
            detail = {"expected": self.width, "found": len(fields)}
            return Fault("column_count", value=self.dialect.delimiter.join(fields), detail=detail)
        return self.seemly(fields)

    def seemly(self, fields: list[str]) -> list[str] | Fault:
        for number, field in enumerate(fields):
            if not field.isprintable() and UNSEEMLY.search(field):
                return Fault("ctrl_char", self.name(number), field)
        return fields

    def name(self, number: int) -> str:
        return self.dialect.header[number] if number < self.width else ""

    def record(self, position: int) -> Raw:
        """The record that begins at `position`; `end` is -1 when it is too long to hold."""
        while True:
            try:
                return self.parse(position)
            except Cut:
                if len(self.buffer) - position > ROW_LIMIT + BLOCK:
                    return Raw(-1, [], [])
                self.more()

    def parse(self, start: int) -> Raw:
        raw = Raw(start, [], [])
        position = start
        while True:
            position = self.parse_field(raw, position)
            if raw.fault:
                raw.end = position
                return raw
            following = self.buffer[position : position + 1]
            if following == self.delimiter:
                position += 1
                continue
            break
        raw.end = self.end_of_line(position)
        if raw.end - start > ROW_LIMIT:
            raw.fault = "long"
        return raw

    def parse_field(self, raw: Raw, position: int) -> int:
        """Add the field at `position`; returns where it ends."""
        raw.starts.append(position)
        if self.buffer[position : position + 1] != self.quote:
            match = self.bare.match(self.buffer, position)
            end = match.end() if match else position
            self.needs_more_at(end)
            raw.fields.append(self.buffer[position:end])
            return end
        raw.quoted = True
        match = self.quoted.match(self.buffer, position)
        if match is None:
            if not self.at_end:
                raise Cut
            raw.fault = "ended"
            raw.fields.append(self.buffer[position:])
            return len(self.buffer)
        end = match.end()
        self.needs_more_at(end)
        raw.starts[-1] += 1
        raw.fields.append(match[0][1:-1].replace(self.quote * 2, self.quote))
        if self.buffer[end : end + 1] not in {self.delimiter, b"\r", b"\n", b""}:
            raw.fault = "text after quote"
            return self.end_of_line(self.line_end(end))
        return end

    def needs_more_at(self, position: int) -> None:
        if position >= len(self.buffer) and not self.at_end:
            raise Cut

    def line_end(self, position: int) -> int:
        match = re.compile(b"[^\r\n]*").match(self.buffer, position)
        end = match.end() if match else position
        self.needs_more_at(end)
        return end

    def end_of_line(self, position: int) -> int:
        following = self.buffer[position : position + 2]
        if following[:1] == b"\r":
            self.needs_more_at(position + 1)
        return position + (2 if following == b"\r\n" else len(following[:1]))

    def take_long(self, batch: Batch, position: int) -> int:
        """Pass over a record too long to hold; only then is it known whether its quotes close."""
        place = batch.place
        line, start = place.line, first_words(self.buffer[position : position + 200])
        inside, ended = False, False
        self.buffer = self.buffer[position:]
        while not ended:
            inside, used, ended = scan(self.buffer, self.quote, inside=inside, last=self.at_end)
            place.line += count_lines(self.buffer[:used])
            place.offset += used
            self.buffer = self.buffer[used:]
            if not ended and self.at_end:
                break
            if not ended:
                self.more()
        place.row += 1
        if inside:
            batch.fatal = FileFault("csv_unbalanced_quote", line=line, counts=True, value=start)
        else:
            batch.refused.append(Refusal(place.row, line, (Fault("field_too_long", value=start),)))
        return 0


def scan(buffer: bytes, quote: bytes, *, inside: bool, last: bool) -> tuple[bool, int, bool]:
    """Look for the end of a record: (inside quotes?, bytes used, found?)."""
    escaped = re.escape(quote)
    of_note = re.compile(b"%b|\r\n?|\n" % escaped)
    within = re.compile(b"[^%b]*+(?:%b%b[^%b]*+)*+" % ((escaped,) * 4))
    position = 0
    while position < len(buffer):
        if inside:
            passed = within.match(buffer, position)
            position = passed.end() if passed else position
            if position < len(buffer):  # here is a quote that is not doubled, or half of one
                inside = False
                position += 1
            continue
        match = of_note.search(buffer, position)
        if match is None:
            break
        position = match.end()
        if match[0] == quote:
            inside = True
        elif match[0] == b"\r" and position == len(buffer) and not last:
            return inside, match.start(), False
        else:
            return inside, position, True
    # A CR that ends the bytes at hand may be half of a line's end.
    return inside, len(buffer) - (not last and buffer.endswith(b"\r")), False


def count_lines(body: bytes) -> int:
    return body.count(b"\n") + body.count(b"\r") - body.count(b"\r\n")


def is_blank(raw: Raw) -> bool:
    return not raw.quoted and len(raw.fields) == 1 and not raw.fields[0].strip()


def first_words(body: bytes) -> str:
    return printable(body[:120])


def printable(body: bytes) -> str:
    return body.decode("utf-8", "backslashreplace")
