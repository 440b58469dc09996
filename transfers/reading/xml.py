"""XML, one record at a time. A DOCTYPE ends the file at once, whatever is in it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any
from xml.parsers import expat

from transfers.reading.batches import Batch, Place
from transfers.reading.columns import Column, folded, names_of
from transfers.reading.faults import CONTROLS, Fault, FileFault, Refusal

NAMESPACE = "urn:couponexchange:1"
ROOT = "couponExchange"
BLOCK = 1 << 16
DEEPEST = 10
MOST_ATTRIBUTES = 64
MOST_NAMES = 2_000
LONGEST = 64 << 10  # characters of one text
LONGEST_TOKEN = 1 << 20  # bytes that expat may keep of an unfinished tag
ENCODINGS = {"UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "US-ASCII"}
NO_ELEMENTS = 3  # expat's number for "the file ends between two elements"
UNSEEMLY = re.compile(f"[{CONTROLS}]")


@dataclass(frozen=True)
class XmlRecord:
    """Another element that is a record too, with names and values that it alone gives."""

    names: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class XmlShape:
    """Where a subject's records stand, and which of their parts are which column.

    Attributes and child elements named as columns (in camelCase) need no mention. `names` has the
    others, as in `{"limits/@perCode": "max_redemptions_per_code"}`; `inherited` the attributes of
    elements around a record, as in `{"coupon": {"code": "coupon_code"}}`; `passed_over` the
    elements inside a record which are another subject's; `pairs` the elements with a `name` and a
    text that make up a JSON object, as in `{"attributes/attribute": "attributes"}`; `also` further
    elements that are records, as in `{"rollback": XmlRecord({"@id": "redemption_id"},
    {"action": "rollback"})}`.

    How a document is written: `attributes` are the columns that are attributes of the record, by
    the names of `names`; where there is a `parent`, such as `coupon`, the container of records
    stands in one, which bears what they inherit from it, and all of them in what is `around`.
    """

    record: str
    container: str
    names: Mapping[str, str] = field(default_factory=dict)
    inherited: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    passed_over: frozenset[str] = frozenset()
    pairs: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, XmlRecord] = field(default_factory=dict)
    attributes: frozenset[str] = frozenset()
    parent: str = ""
    around: str = ""


@dataclass(slots=True)
class Record:
    number: int
    line: int
    values: dict[str, str]
    faults: list[Fault]
    names: Mapping[str, str]
    pairs: dict[str, dict[str, Any]] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)  # not from the elements around it
    is_plain: bool = False


class XmlReader:
    """The records of one subject, without those that came before `place`."""

    def __init__(
        self,
        file: IO[bytes],
        shape: XmlShape,
        columns: Mapping[str, Column],
        place: Place,
        *,
        uniform: bool = False,
    ) -> None:
        self.file, self.shape, self.place = file, shape, place
        self.columns = columns
        self.known = names_of(columns)
        self.parts = Parts()
        self.by_name: dict[str, str | None] = {}  # as the document writes them
        usual = XmlRecord()
        self.records = {shape.record: usual, **shape.also}
        self.names = {
            element: {**shape.names, **each.names} for element, each in self.records.items()
        }
        paths = [path for names in self.names.values() for path in names] + list(shape.pairs)
        self.groups = {path[:n] for path in paths for n, c in enumerate(path) if c == "/"}
        self.pair = ""  # the name of the pair that is being read
        self.pair_is_json = False  # and whether it is no text
        self.uniform = uniform
        self.header = tuple(name for name, c in columns.items() if not c.export_only)
        self.root = ""
        self.stack: list[str] = []
        self.inherited: dict[str, str] = {}
        self.record: Record | None = None
        self.inside: list[str] = []  # where we are below the record
        self.text: list[str] | None = None
        self.length = 0
        self.number = 0
        self.foreign = 0  # how deep in something that is not ours
        self.done: list[Record] = []
        self.begins = 0  # where the record begins, in bytes
        # The number of each record, where it begins, and where its end tag does or it is over.
        self.spans: list[tuple[int, int, int]] | None = None
        self.fed = 0
        self.parser = self.make_parser()

    def make_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self.doctype
        parser.XmlDeclHandler = declaration
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        return parser

    def batches(self, size_at: Callable[[int], int]) -> Iterator[Batch]:
        ended, fatal = False, None
        while not ended and fatal is None:
            block = self.file.read(BLOCK)
            fatal = self.feed(block)
            ended = not block
            fatal = fatal or (self.strange() if ended else None)
            while self.done and (len(self.done) >= size_at(self.place.row) or ended or fatal):
                yield self.batch(size_at(self.place.row))
        if fatal:
            batch = Batch(Place(self.place.offset, fatal.line, self.place.row + fatal.counts))
            batch.fatal = fatal
            yield batch

    def strange(self) -> FileFault | None:
        """A document without any record, whose root says nothing to us either, is not for us."""
        known = {ROOT, self.shape.container, self.shape.around}
        if self.number or self.root in known:
            return None
        return FileFault("xml_unknown_element", line=1, value=self.root[:100])

    def feed(self, block: bytes) -> FileFault | None:
        self.fed += len(block)
        try:
            self.parser.Parse(block, not block)
        except FileFault as fault:
            return fault
        except expat.ExpatError as error:
            counts = self.record is not None or (len(self.stack) > 1 and error.code != NO_ELEMENTS)
            return FileFault(
                "xml_not_well_formed",
                line=error.lineno,
                counts=counts,
                column=error.offset + 1,
                reason=expat.ErrorString(error.code),
            )
        except (LookupError, ValueError):
            return FileFault("enc_unknown", line=1)
        if self.fed - self.parser.CurrentByteIndex > LONGEST_TOKEN:
            return FileFault("xml_limit", line=self.parser.CurrentLineNumber)
        return None

    def batch(self, size: int) -> Batch:
        records = self.done[:size]
        if self.uniform:
            shapes = [tuple(sorted(record.values)) for record in records]
            same = next((n for n, s in enumerate(shapes) if s != shapes[0]), len(shapes))
            records = records[:same]
            self.header = shapes[0]
        del self.done[: len(records)]
        last = records[-1]
        batch = Batch(Place(0, last.line, last.number))
        good = [record for record in records if not record.faults]
        batch.rows = [[record.values.get(name, "") for name in self.header] for record in good]
        batch.numbers = [record.number for record in good]
        batch.lines = [record.line for record in good]
        batch.is_plain = all(record.is_plain for record in good)
        batch.refused = [
            Refusal(r.number, r.line, tuple(r.faults[:5])) for r in records if r.faults
        ]
        self.place = batch.place
        return batch

    def path(self, number: int, column: str) -> str:
        """Where a value stands, as in `/contacts/contact[3]/email`."""
        if not number:  # before the first record
            return column
        record = f"/{self.shape.container}/{self.shape.record}[{number}]"
        if column in self.columns:
            column = self.columns[column].in_xml
        return f"{record}/{column}" if column else record

    # --- what expat tells ---

    def doctype(self, *ignored: object) -> None:
        raise FileFault("xml_dtd_forbidden", line=self.parser.CurrentLineNumber)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local, ours = self.parts[name]
        self.stack.append(local)
        self.root = self.root or local
        if len(self.stack) > DEEPEST or len(attributes) > MOST_ATTRIBUTES:
            raise FileFault("xml_limit", line=self.parser.CurrentLineNumber)
        if not ours and len(self.stack) == 1:
            line = self.parser.CurrentLineNumber
            raise FileFault("xml_unknown_element", line=line, value=name, column=local[:100])
        if self.foreign or not ours:
            self.foreign += 1
        elif self.record is not None:
            self.start_inside(local, attributes)
        elif local in self.records:
            self.start_record(local, attributes)
        else:
            for attribute, column in self.shape.inherited.get(local, {}).items():
                self.inherited[column] = attributes.get(attribute, "")

    def start_record(self, local: str, attributes: dict[str, str]) -> None:
        self.number += 1
        line = self.parser.CurrentLineNumber
        values = {**self.inherited, **self.records[local].fixed}
        self.record = Record(self.number, line, values, [], self.names[local])
        self.record.is_plain = not any("\\" in v or not v.isprintable() for v in values.values())
        for column, value in self.inherited.items():
            if UNSEEMLY.search(value):
                self.record.faults.append(Fault("ctrl_char", column, value[:120]))
        self.begins = self.parser.CurrentByteIndex
        self.inside = []
        for name, value in attributes.items():
            self.put(f"@{name}", name, value)

    def start_inside(self, local: str, attributes: dict[str, str]) -> None:
        if local in self.shape.passed_over:
            self.foreign = 1
            return
        self.inside.append(local)
        self.text, self.length = [], 0
        path = "/".join(self.inside)
        if path in self.shape.pairs:
            self.pair = attributes.pop("name", "")
            self.pair_is_json = attributes.pop("type", "") == "json"
        for name, value in attributes.items():
            self.put(f"{path}/@{name}", "", value)

    def put(self, path: str, name: str, value: str) -> None:
        """Give the record a value, or note that nothing is called so."""
        if self.record is None or " " in name:  # an attribute of another namespace
            return
        column = self.column_of(self.record, path, name)
        if column is None:
            self.record.faults.append(Fault("xml_unknown_element", path, value[:100]))
        elif len(value) > LONGEST:
            self.record.faults.append(Fault("field_too_long", column, value[:120]))
        elif not value.isprintable() and UNSEEMLY.search(value):
            self.record.faults.append(Fault("ctrl_char", column, value))
        elif column in self.record.given:
            self.record.faults.append(
                Fault("header_duplicate", column, value[:100], {"column": column})
            )
        else:
            self.record.values[column] = value
            self.record.given.add(column)
            if "\\" in value or not value.isprintable():
                self.record.is_plain = False

    def characters(self, text: str) -> None:
        if self.text is None or self.foreign:
            return
        self.length += len(text)
        if self.length <= LONGEST + 1:
            self.text.append(text)

    def column_of(self, record: Record, path: str, name: str) -> str | None:
        if path in record.names:
            return record.names[path]
        if name not in self.by_name:
            if len(self.by_name) > MOST_NAMES:
                self.by_name.clear()
            self.by_name[name] = self.known.get(folded(name)) if name else None
        return self.by_name[name]

    def put_pair(self, path: str, text: str) -> None:
        if self.record is None:
            return
        column = self.shape.pairs[path]
        if not self.pair:
            self.record.faults.append(Fault("required_missing", f"{path}/@name"))
        elif UNSEEMLY.search(text) or UNSEEMLY.search(self.pair):
            self.record.faults.append(Fault("ctrl_char", column, text))
        elif len(text) > LONGEST:
            self.record.faults.append(Fault("field_too_long", column, text[:120]))
        else:
            self.record.pairs.setdefault(column, {})[self.pair] = self.pair_of(column, text)

    def pair_of(self, column: str, text: str) -> Any:
        try:
            return json.loads(text) if self.pair_is_json else text
        except (ValueError, RecursionError):
            if self.record is not None:
                self.record.faults.append(Fault("json_invalid", column, text[:120]))
        return None

    def end(self, name: str) -> None:
        local = self.stack.pop()
        if self.foreign:
            self.foreign -= 1
        elif self.record is not None and self.inside:
            self.end_inside()
        elif self.record is not None:
            self.end_record()
        else:
            for column in self.shape.inherited.get(local, {}).values():
                self.inherited.pop(column, None)

    def end_inside(self) -> None:
        path = "/".join(self.inside)
        local = self.inside.pop()
        text = "".join(self.text or [])
        if path in self.shape.pairs:
            self.put_pair(path, text)
        elif path not in self.groups:
            self.put(path, "" if self.inside else local, text)
        self.text = None

    def end_record(self) -> None:
        if self.spans is not None:
            self.spans.append((self.number, self.begins, self.parser.CurrentByteIndex))
        if self.record is not None and self.record.number > self.place.row:
            for column, pairs in self.record.pairs.items():
                self.record.values[column] = json.dumps(pairs, ensure_ascii=False)
                self.record.is_plain = False
            self.done.append(self.record)
        self.record, self.text = None, None


def declaration(version: str, encoding: str | None, standalone: int) -> None:
    if encoding and encoding.upper() not in ENCODINGS:
        raise FileFault("enc_unknown", line=1, value=encoding)


class Parts(dict[str, tuple[str, bool]]):
    """Of each element's name the local one, and whether it is of our namespace or of none."""

    def __missing__(self, name: str) -> tuple[str, bool]:
        if len(self) > MOST_NAMES:
            self.clear()
        uri, _space, local = name.rpartition(" ")
        self[name] = local, uri in {"", NAMESPACE}
        return self[name]


def zone_of(start: bytes) -> str:
    """The time zone that the document's root declares."""
    found: list[str] = []

    def root(name: str, attributes: dict[str, str]) -> None:
        found.append(attributes.get("timezone", ""))
        raise StopIteration

    def doctype(*ignored: object) -> None:
        raise FileFault("xml_dtd_forbidden", line=parser.CurrentLineNumber)

    parser = expat.ParserCreate()
    parser.StartElementHandler = root
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(start, False)  # noqa: FBT003 (expat takes no names)
    except (StopIteration, expat.ExpatError, FileFault, LookupError, ValueError):
        return found[0] if found else ""
    return ""
