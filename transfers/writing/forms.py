"""The files themselves: CSV in two profiles, and XML."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from transfers.reading.columns import Column
from transfers.reading.xml import NAMESPACE, XmlShape

Profile = Literal["spreadsheet", "machine"]
Row = Sequence[str | None]
LINES_AT_ONCE = 2000
ENTITIES = {"\t": "&#9;", "\r": "&#13;"}
NOT_PLAIN = re.compile(
    "[^\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[&<>]"
)  # needs writing otherwise
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def spreadsheet_lines(
    header: Sequence[str], rows: Iterable[Row], delimiter: str = ";"
) -> Iterator[bytes]:
    """Everything quoted, CRLF, and a mark that says UTF-8. Formulas are made harmless before."""
    yield b"\xef\xbb\xbf" + quoted_line(header, delimiter).encode()
    for some in several(rows):
        yield "".join(quoted_line(row, delimiter) for row in some).encode()


def quoted_line(row: Row, delimiter: str) -> str:
    fields = ((field or "").replace('"', '""') for field in row)
    return '"' + f'"{delimiter}"'.join(fields) + '"\r\n'


def machine_header(header: Sequence[str], delimiter: str = ";") -> bytes:
    return (delimiter.join(header) + "\n").encode()


def xml_documents(
    shape: XmlShape, columns: Sequence[Column], rows: Iterable[Row], *, key: str, zone: str
) -> Iterator[bytes]:
    """One document, in which each row is an element with its key as an attribute."""
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<couponExchange xmlns="{NAMESPACE}" version="1.0" timezone={quoteattr(zone)}>\n'
        f"  <{shape.container}>\n"
    ).encode()
    tags = [(f"<{column.in_xml}>", f"</{column.in_xml}>") for column in columns]
    attribute = next((n for n, c in enumerate(columns) if c.name == key == "key"), None)
    for some in several(rows):
        yield "".join(element(shape.record, tags, row, attribute) for row in some).encode()
    yield f"  </{shape.container}>\n</couponExchange>\n".encode()


def element(
    name: str, tags: Sequence[tuple[str, str]], row: Row, attribute: int | None = None
) -> str:
    """A row, with the value at `attribute` as one; what is missing has no element."""
    key = row[attribute] if attribute is not None else None
    inside = "".join(
        [
            before + (xml_text(value) if NOT_PLAIN.search(value) else value) + after
            for place, ((before, after), value) in enumerate(zip(tags, row, strict=True))
            if value and place != attribute
        ]
    )
    opening = f"    <{name} key={xml_attribute(key)}" if key else f"    <{name}"
    return f"{opening}>{inside}</{name}>\n" if inside else f"{opening}/>\n"


def xml_text(value: str) -> str:
    return escape(NO_XML.sub("\ufffd", value), ENTITIES)


def xml_attribute(value: str) -> str:
    return quoteattr(NO_XML.sub("\ufffd", value), ENTITIES)


def several(rows: Iterable[Row]) -> Iterator[list[Row]]:
    some: list[Row] = []
    for row in rows:
        some.append(row)
        if len(some) >= LINES_AT_ONCE:
            yield some
            some = []
    if some:
        yield some
