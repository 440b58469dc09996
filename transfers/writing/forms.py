"""The files themselves: CSV in two profiles, and XML."""

import json
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
    shape: XmlShape, columns: Sequence[Column], rows: Iterable[Row], *, zone: str
) -> Iterator[bytes]:
    """One document, in which each row is an element; what is missing is not written."""
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<couponExchange xmlns="{NAMESPACE}" version="1.0" timezone={quoteattr(zone)}>\n'
    ).encode()
    writer = Writer(shape, columns)
    inside = writer.within_parents if writer.parents else writer.alone
    for some in inside(rows):
        yield some.encode()
    yield b"</couponExchange>\n"


class Writer:
    """Writes rows as elements, each value where its column belongs."""

    def __init__(self, shape: XmlShape, columns: Sequence[Column]) -> None:
        self.shape = shape
        places = {column.name: place for place, column in enumerate(columns)}
        paths = {name: path for path, name in shape.names.items()}
        pairs = {name: path for path, name in shape.pairs.items()}
        inherited = shape.inherited.get(shape.parent, {})
        self.parents = {
            name: places[column] for name, column in inherited.items() if column in places
        }
        self.attributes: list[tuple[int, str]] = []
        self.nested: dict[str, list[tuple[int, str]]] = {}
        self.elements: list[tuple[int, str, str]] = []
        self.pairs: list[tuple[int, str, str]] = []
        for name, place in places.items():
            path = paths.get(name, columns[place].in_xml)
            outer, _slash, inner = path.partition("/")
            if place in self.parents.values():
                continue
            if name in pairs:
                outer, _slash, inner = pairs[name].partition("/")
                self.pairs.append((place, outer, inner))
            elif inner.startswith("@"):
                self.nested.setdefault(outer, []).append((place, inner[1:]))
            elif name in shape.attributes:
                self.attributes.append((place, path.removeprefix("@")))
            else:
                self.elements.append((place, f"<{path}>", f"</{path}>"))

    def alone(self, rows: Iterable[Row]) -> Iterator[str]:
        """The container, with all records in it."""
        container = self.shape.container
        yield f"  <{container}>\n"
        for some in several(rows):
            yield "".join(map(self.element, some))
        yield f"  </{container}>\n"

    def within_parents(self, rows: Iterable[Row]) -> Iterator[str]:
        """A container for each parent; records of one parent follow each other."""
        shape, last = self.shape, None
        around, closing = shape.around, f"    </{shape.container}></{shape.parent}>\n"
        yield f"  <{around}>\n" if around else ""
        for some in several(rows):
            written = []
            for row in some:
                parent = [row[place] for place in self.parents.values()]
                if parent != last:
                    written.append(closing if last else "")
                    opening = attributes(zip(self.parents, parent, strict=True))
                    written.append(f"    <{shape.parent}{opening}><{shape.container}>\n")
                    last = parent
                written.append(self.element(row))
            yield "".join(written)
        yield closing if last else ""
        yield f"  </{around}>\n" if around else ""

    def element(self, row: Row) -> str:
        name = self.shape.record
        opening = f"    <{name}{attributes((n, row[place]) for place, n in self.attributes)}"
        inside = [
            before + (xml_text(value) if NOT_PLAIN.search(value) else value) + after
            for place, before, after in self.elements
            if (value := row[place])
        ]
        for outer, parts in self.nested.items():
            if given := attributes((n, row[place]) for place, n in parts):
                inside.append(f"<{outer}{given}/>")
        for place, outer, inner in self.pairs:
            if value := row[place]:
                inside.append(f"<{outer}>{pairs_of(inner, value)}</{outer}>")
        body = "".join(inside)
        return f"{opening}>{body}</{name}>\n" if body else f"{opening}/>\n"


def attributes(given: Iterable[tuple[str, str | None]]) -> str:
    return "".join([f" {name}={xml_attribute(value)}" for name, value in given if value])


def pairs_of(name: str, text: str) -> str:
    """An object as elements with names. What is no text says so, to be read back as it was."""
    written = []
    for key, value in json.loads(text).items():
        kind, body = ("", value) if isinstance(value, str) else (' type="json"', json.dumps(value))
        written.append(f"<{name} name={xml_attribute(key)}{kind}>{xml_text(body)}</{name}>")
    return "".join(written)


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
