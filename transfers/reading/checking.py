"""From the words of a file to the text that COPY takes, column by column."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo

from transfers.reading.batches import Batch
from transfers.reading.columns import Column, Kind
from transfers.reading.faults import Fault, Refusal
from transfers.reading.moments import Calendar, Moment, zone_called

MOST_REMEMBERED = 50_000
MOST_FAULTS_A_ROW = 5
MOST_ELEMENTS = 1_000  # of a list
INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
AMOUNT = re.compile(r"[+-]?\d{1,24}(?:\.\d{0,12})?", re.ASCII)
# What PostgreSQL has no room for in a text: NUL, and half characters.
NOT_IN_JSON = re.compile("[\ud800-\udfff]|(?<!\\\\)(?:\\\\\\\\)*\\\\u0000")
MANGLED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.ASCII)
BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "oui"), "t"),
    **dict.fromkeys(("false", "0", "no", "non"), "f"),
}
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
LINES = frozenset("\t\r\n")
SMALLEST, LARGEST = -(2**63), 2**63 - 1
LARGEST_DOUBLE = 1.7976931348623157e308
SPREADSHEET = re.compile(r"'(?=[ '\"]*[=+\-@\t\r\n＝＋－＠])")

Convert = Callable[[str], str | Fault]


@dataclass(slots=True)
class Checked:
    """The rows of a batch that hold: their numbers, lines and columns, ready for COPY."""

    numbers: Sequence[int]
    lines: Sequence[int]
    names: list[str]
    columns: list[list[str]]
    refused: list[Refusal] = field(default_factory=list)
    warned: list[Refusal] = field(default_factory=list)
    trimmed: int = 0

    def __len__(self) -> int:
        return len(self.numbers)


class Remembering(dict[str, str | Fault]):
    """What became of each word, so that a word met again costs a look-up."""

    def __init__(self, convert: Convert) -> None:
        super().__init__({"": ""})
        self.convert = convert
        self.faulty = False

    def __missing__(self, word: str) -> str | Fault:
        if len(self) > MOST_REMEMBERED:
            self.clear()
            self[""] = ""
        made = self.convert(word)
        if isinstance(made, Fault):
            self.faulty = True
        self[word] = made
        return made


class Checker:
    """Checks the columns of one file. `places` says which column of ours each of the file's is."""

    def __init__(
        self,
        columns: Mapping[str, Column],
        places: Sequence[str | None],
        *,
        zone: tzinfo = UTC,
        form: str = "",
        from_spreadsheet: bool = False,
    ) -> None:
        self.taken = [
            (number, columns[name])
            for number, name in enumerate(places)
            if name and not columns[name].export_only
        ]
        self.zone, self.form = zone, form
        where = {column.name: number for number, column in self.taken}
        self.zone_places = {
            column.name: where[column.zone_from]
            for _number, column in self.taken
            if column.zone_from in where
        }
        self.from_spreadsheet = from_spreadsheet
        self.ambiguous: dict[str, Fault] = {}
        self.caches = {
            column.name: Remembering(convert)
            for _number, column in self.taken
            if (convert := self.converter(column))
        }

    @property
    def names(self) -> list[str]:
        """The staged columns: those of the file, and what is made from them."""
        return [
            name for _number, column in self.taken for name in (column.name, *column.companions)
        ]

    def check(self, batch: Batch) -> Checked:
        """The rows that hold, and what is wrong with the others."""
        if not batch.rows:
            return Checked((), (), self.names, [[] for _ in self.names])
        by_place = list(zip(*batch.rows, strict=True))
        wrong: dict[int, list[Fault]] = {}
        trimmed = 0
        made: list[list[str]] = []
        for number, column in self.taken:
            words: Sequence[str] = by_place[number]
            if self.from_spreadsheet:
                words = [
                    SPREADSHEET.sub("", word, count=1) if word[:1] == "'" else word
                    for word in words
                ]
            if column.kind is Kind.KEY:
                stripped = list(map(str.strip, words))
                trimmed += sum(map(str.__ne__, stripped, words)) if stripped != list(words) else 0
                words = stripped
            zone = self.zone_places.get(column.name)
            zones = () if zone is None else by_place[zone]
            made.append(self.checked(column, words, wrong, zones=zones, is_plain=batch.is_plain))
            made += [
                companion(make, words, is_plain=batch.is_plain)
                for make in column.companions.values()
            ]
        checked = self.kept(batch, made, wrong)
        checked.trimmed = trimmed
        self.warn(batch, by_place, checked)
        return checked

    def checked(
        self,
        column: Column,
        words: Sequence[str],
        wrong: dict[int, list[Fault]],
        *,
        zones: Sequence[str],
        is_plain: bool,
    ) -> list[str]:
        """One column as COPY takes it; faults go to `wrong`, by the place of their row."""
        made = self.made(column, words, zones, wrong)
        if column.max_length and max(map(len, words)) > column.max_length:
            for place, word in enumerate(words):
                if len(word) > column.max_length:
                    detail = {"most": column.max_length}
                    note(wrong, place, Fault("field_too_long", column.name, word, detail))
        if column.required and "" in words:
            for place, word in enumerate(words):
                if not word:
                    note(wrong, place, Fault("required_missing", column.name))
        if is_plain and column.kind not in {Kind.TEXTS, Kind.INTS, Kind.JSON}:
            return made
        return [word.translate(ESCAPES) for word in made]

    def made(
        self,
        column: Column,
        words: Sequence[str],
        zones: Sequence[str],
        wrong: dict[int, list[Fault]],
    ) -> list[str]:
        if zones:
            return self.in_their_zones(column, words, zones, wrong)
        cache = self.caches.get(column.name)
        return list(words) if cache is None else converted(column, words, cache, wrong)

    def in_their_zones(
        self,
        column: Column,
        words: Sequence[str],
        zones: Sequence[str],
        wrong: dict[int, list[Fault]],
    ) -> list[str]:
        """Moments in the zone that their row names; in the job's where it names none there is."""
        made = [""] * len(words)
        for name in dict.fromkeys(zones):
            places = [place for place, zone in enumerate(zones) if zone == name]
            faults: dict[int, list[Fault]] = {}
            cache = Remembering(self.moments(column, zone_called(name) or self.zone))
            part = converted(column, [words[place] for place in places], cache, faults)
            for place, word in zip(places, part, strict=True):
                made[place] = word
            for number, found in faults.items():
                note(wrong, places[number], found[0])
        return made

    def kept(self, batch: Batch, made: list[list[str]], wrong: dict[int, list[Fault]]) -> Checked:
        names = self.names
        if not wrong:
            return Checked(batch.numbers, batch.lines, names, made)
        good = [place for place in range(len(batch.rows)) if place not in wrong]
        return Checked(
            [batch.numbers[place] for place in good],
            [batch.lines[place] for place in good],
            names,
            [[column[place] for place in good] for column in made],
            [
                Refusal(batch.numbers[place], batch.lines[place], tuple(faults))
                for place, faults in sorted(wrong.items())
            ],
        )

    def warn(self, batch: Batch, words: Sequence[Sequence[str]], checked: Checked) -> None:
        """Moments that the clocks of their zone show twice: the first was taken."""
        if not self.ambiguous:
            return
        taken = set(checked.numbers)
        for number, column in self.taken:
            if column.kind is not Kind.TIMESTAMP:
                continue
            for place, word in enumerate(words[number]):
                if word in self.ambiguous and batch.numbers[place] in taken:
                    fault = Fault("date_ambiguous", column.name, word)
                    refusal = Refusal(batch.numbers[place], batch.lines[place], (fault,))
                    checked.warned.append(refusal)

    # --- one word ---

    def converter(self, column: Column) -> Convert | None:
        """How a word of this column becomes what PostgreSQL reads; None when it stays as it is."""
        moments = self.moments(column, self.zone)
        by_kind: dict[Kind, Convert | None] = {
            Kind.KEY: self.keys(column),
            Kind.TEXT: None,
            Kind.BOOL: boolean,
            Kind.INT: integer,
            Kind.DOUBLE: double,
            Kind.DECIMAL: decimal,
            Kind.JSON: json_object,
            Kind.DATE: moments,
            Kind.TIMESTAMP: moments,
            Kind.TEXTS: lambda word: several(word, column, str),
            Kind.INTS: lambda word: several(word, column, integer),
        }
        convert = by_kind[column.kind] or column.convert
        if column.kind in {Kind.INT, Kind.DOUBLE, Kind.DECIMAL, Kind.JSON} and column.convert:
            return lambda word: then(by_kind[column.kind], column.convert, word)
        if column.kind is Kind.TEXT and (column.choices is not None or column.one_line):
            return lambda word: text(word, column)
        return convert

    def keys(self, column: Column) -> Convert:
        def key(word: str) -> str | Fault:
            if MANGLED.fullmatch(word):
                return Fault("excel_mangled")
            if not LINES.isdisjoint(word):
                return Fault("ctrl_char")
            return column.convert(word) if column.convert else word

        return key

    def moments(self, column: Column, zone: tzinfo) -> Convert:
        calendar = Calendar(zone, self.form, column.years)
        return lambda word: self.date(word, column, calendar)

    def date(self, word: str, column: Column, calendar: Calendar) -> str | Fault:
        if not word.strip():
            return ""
        read = calendar.read(word)
        if isinstance(read, Fault):
            return read
        if column.kind is Kind.DATE:
            return read.day.isoformat()
        if read.is_ambiguous:
            self.ambiguous[word] = Fault("date_ambiguous")
        return instant(read, column, calendar)


def companion(make: Callable[[str], str], words: Sequence[str], *, is_plain: bool) -> list[str]:
    made = [make(word) if word else "" for word in words]
    return made if is_plain else [word.translate(ESCAPES) for word in made]


def then(first: Convert | None, second: Convert | None, word: str) -> str | Fault:
    made = first(word) if first else word
    return second(made) if second and made and not isinstance(made, Fault) else made


def instant(read: Moment, column: Column, calendar: Calendar) -> str:
    if column.ends_the_day and not read.has_time:
        return calendar.day_after(read).isoformat()
    return read.instant.isoformat()


def converted(
    column: Column, words: Sequence[str], cache: Remembering, wrong: dict[int, list[Fault]]
) -> list[str]:
    """The words as `cache` turns them; where it finds a fault, nothing."""
    made = list(map(cache.__getitem__, words))
    if cache.faulty:
        for place, value in enumerate(made):
            if isinstance(value, Fault):
                note(wrong, place, replace(value, column=column.name, value=words[place]))
                made[place] = ""
    return made  # type: ignore[return-value] # the faults are gone


def note(wrong: dict[int, list[Fault]], place: int, fault: Fault) -> None:
    faults = wrong.setdefault(place, [])
    if len(faults) < MOST_FAULTS_A_ROW and all(each.column != fault.column for each in faults):
        faults.append(fault)


def text(word: str, column: Column) -> str | Fault:
    if column.choices is not None and word not in column.choices:
        return Fault("enum_invalid", detail={"choices": ", ".join(sorted(column.choices)[:20])})
    if column.one_line and any(c in word for c in "\t\r\n"):
        return Fault("ctrl_char")
    return column.convert(word) if column.convert else word


def boolean(word: str) -> str | Fault:
    if not word.strip():
        return ""
    found = BOOLEANS.get(word.strip().lower())
    return found or Fault("enum_invalid", detail={"choices": ", ".join(BOOLEANS)})


def integer(word: str) -> str | Fault:
    bare = word.strip()
    if not bare:
        return ""
    if not INTEGER.fullmatch(bare) or not SMALLEST <= int(bare) <= LARGEST:
        return Fault("number_invalid")
    return str(int(bare))


def decimal(word: str) -> str | Fault:
    """An exact amount: no exponent, and no more digits than any amount has."""
    bare = word.strip()
    if not bare:
        return ""
    return bare if AMOUNT.fullmatch(bare) else Fault("number_invalid")


def json_object(word: str) -> str | Fault:
    if not word.strip():
        return ""
    try:
        made = json.loads(word)
        body = json.dumps(made, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        return Fault("json_invalid")
    return (
        body if isinstance(made, dict) and not NOT_IN_JSON.search(body) else Fault("json_invalid")
    )


def double(word: str) -> str | Fault:
    bare = word.strip()
    if not bare:
        return ""
    if not DECIMAL.fullmatch(bare) or abs(float(bare)) > LARGEST_DOUBLE:
        return Fault("number_invalid")
    return repr(float(bare))


def several(word: str, column: Column, convert: Convert) -> str | Fault:
    """A list: its values stand between bars."""
    if not word:
        return ""
    items: dict[str, None] = {}
    for each in filter(None, map(str.strip, word.split("|"))):
        made = convert(each)
        if isinstance(made, Fault):
            return made
        if column.choices is not None and made not in column.choices:
            return Fault("enum_invalid", detail={"choices": ", ".join(sorted(column.choices)[:20])})
        items['"' + made.replace("\\", "\\\\").replace('"', '\\"') + '"'] = None
    if len(items) > MOST_ELEMENTS:
        return Fault("field_too_long")
    return "{" + ",".join(items) + "}" if items else ""
