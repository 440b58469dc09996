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
    for some in several(rows):
        yield "".join(element(shape.record, columns, row, key) for row in some).encode()
    yield f"  </{shape.container}>\n</couponExchange>\n".encode()


def element(name: str, columns: Sequence[Column], row: Row, key: str) -> str:
    given = [(column, value) for column, value in zip(columns, row, strict=True) if value]
    attribute = next((f" key={xml_attribute(v)}" for c, v in given if c.name == key == "key"), "")
    inside = "".join(
        f"<{column.in_xml}>{xml_text(value)}</{column.in_xml}>"
        for column, value in given
        if not (attribute and column.name == key)
    )
    return (
        f"    <{name}{attribute}>{inside}</{name}>\n" if inside else f"    <{name}{attribute}/>\n"
    )


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
