"""The first line of a CSV file: which encoding, which delimiter, which columns."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from transfers.reading.batches import Place
from transfers.reading.columns import Column, folded, names_of
from transfers.reading.encodings import Stream, recognise
from transfers.reading.faults import FileFault
from transfers.reading.separated import CsvReader, Dialect, Raw

DELIMITERS = (";", ",", "\t", "|")
START = 256 << 10


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of a CSV file before its rows are read."""

    encoding: str
    mark: int
    dialect: Dialect
    place: Place
    # For each column of the file, the name of ours; None for those that are passed over.
    columns: tuple[str | None, ...]
    unknown: tuple[str, ...] = ()


def open_csv(
    start: bytes,
    columns: Mapping[str, Column],
    *,
    encoding: str = "",
    delimiter: str = "",
    quote: str = '"',
    listed: str = "",
    mapping: Mapping[str, str] | None = None,
) -> Opening:
    """Read the header in the first bytes of a file, or raise FileFault.

    `listed` is the one column of a file without a header.
    """
    name, mark = recognise(start, encoding)
    if not start[mark:].strip():
        raise FileFault("file_empty", line=1)
    if listed:
        dialect = Dialect(delimiter or ";", quote, (listed,))
        return Opening(name, mark, dialect, Place(), (listed,))
    header, place, used = find_header(start, (name, mark), columns, delimiter, quote, mapping or {})
    places, unknown = match_columns(header, columns, mapping or {})
    return Opening(name, mark, Dialect(used, quote, tuple(header)), place, places, unknown)


def find_header(
    start: bytes,
    encoding: tuple[str, int],
    columns: Mapping[str, Column],
    declared: str,
    quote: str,
    mapping: Mapping[str, str],
) -> tuple[list[str], Place, str]:
    """The words of the header, where the rows begin, and the delimiter that makes sense of it."""
    known = {*names_of(columns), *(folded(word) for word, name in mapping.items() if name)}
    found: dict[str, tuple[int, list[str], Place]] = {}
    fault = FileFault("header_unknown", line=1)
    for delimiter in dict.fromkeys((declared or ";", *DELIMITERS)):
        try:
            header, place = first_record(start, encoding, delimiter, quote)
        except FileFault as refusal:  # with this delimiter; with another one it may make sense
            fault = refusal if delimiter == (declared or ";") else fault
            continue
        found[delimiter] = (sum(folded(word) in known for word in header), header, place)
    if not found:
        raise fault
    best = max(found, key=lambda each: (found[each][0], each == declared))
    used = declared if declared in found else best
    matches, header, place = found[used]
    line = max(1, place.line - 1)
    if not found[best][0]:
        raise FileFault("header_unknown", line=line, value=", ".join(header)[:100])
    if not matches or (declared and used != declared):
        raise FileFault("delimiter_suspect", line=line, delimiter=best, declared=declared)
    return header, place, used


def first_record(
    start: bytes, encoding: tuple[str, int], delimiter: str, quote: str
) -> tuple[list[str], Place]:
    """The first record that is not blank, read with one delimiter."""
    stream = Stream(BytesOnce(start[encoding[1] :]), *encoding)  # type: ignore[arg-type] # it only reads
    reader = CsvReader(stream, Dialect(delimiter, quote, ("",)), Place())
    place = Place()
    while True:
        if place.offset >= len(reader.buffer):
            reader.more()
            if place.offset >= len(reader.buffer):
                raise FileFault("file_empty", line=1)
        raw: Raw = reader.record(place.offset)
        if raw.end < 0 or raw.fault:
            code = (
                "csv_unbalanced_quote"
                if raw.fault in {"ended", "text after quote"}
                else "header_unknown"
            )
            raise FileFault(code, line=place.line)
        body = reader.buffer[place.offset : raw.end]
        place.line += body.count(b"\n") + body.count(b"\r") - body.count(b"\r\n")
        place.offset = raw.end
        if body.strip():
            return decoded(raw, reader.stream.encoding), place


def decoded(raw: Raw, encoding: str) -> list[str]:
    try:
        return [field.decode(encoding).strip() for field in raw.fields]
    except UnicodeDecodeError as error:
        raise FileFault("enc_unknown", line=1) from error


class BytesOnce:
    """A file that holds these bytes."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def read(self, size: int) -> bytes:
        given, self.body = self.body[:size], self.body[size:]
        return given


def match_columns(
    header: list[str], columns: Mapping[str, Column], mapping: Mapping[str, str]
) -> tuple[tuple[str | None, ...], tuple[str, ...]]:
    """Which of ours each column of the file is, and the words that are none; or FileFault."""
    known = names_of(columns)
    chosen = {folded(word): name for word, name in mapping.items()}
    places: list[str | None] = []
    unknown = []
    for word in header:
        name = chosen.get(folded(word), known.get(folded(word)))
        places.append(name or None)
        if name is None:
            unknown.append(word)
    words = [folded(word) for word in header if word]
    named = [name for name in places if name]
    double = next((w for w in header if w and words.count(folded(w)) > 1), "") or next(
        (name for name in named if named.count(name) > 1), ""
    )
    if double:
        raise FileFault("header_duplicate", line=1, column=double)
    return tuple(places), tuple(unknown)


def require(
    places: tuple[str | None, ...],
    columns: Mapping[str, Column],
    *,
    only: str = "",
    given: Collection[str] = (),
) -> None:
    """Raise FileFault unless every required column is there or `given` otherwise.

    Of a change, only the key is required, here called `only`, and what else identifies a row.
    """
    missing = [
        column.name
        for column in columns.values()
        if (column.required or column.in_header)
        and column.name not in places
        and column.name not in given
        and (not only or column.identifying or column.name == only)
    ]
    if missing:
        raise FileFault("header_missing_column", line=1, column=", ".join(missing))
