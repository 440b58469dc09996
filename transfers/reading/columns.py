"""What a column of a file may hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from transfers.reading.faults import Fault

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


class Kind(Enum):
    """The value is the type of the column of PostgreSQL in which it is staged."""

    KEY = "text "
    TEXT = "text"
    BOOL = "boolean"
    INT = "bigint"
    DOUBLE = "double precision"
    DATE = "date"
    TIMESTAMP = "timestamptz"
    DECIMAL = "numeric"
    JSON = "jsonb"  # an object
    TEXTS = "text[]"
    INTS = "bigint[]"


@dataclass(frozen=True)
class Column:
    """One column: `convert` may make the text normal, or say what is wrong with it."""

    name: str
    label: _StrOrPromise = ""
    kind: Kind = Kind.TEXT
    aliases: tuple[str, ...] = ()
    required: bool = False
    in_header: bool = False  # a file without it is refused, a row without it is not
    max_length: int | None = None
    choices: frozenset[str] | None = None
    personal: bool = False
    export_only: bool = False
    labels: Mapping[str, _StrOrPromise] = field(
        default_factory=dict, compare=False
    )  # of the values
    one_line: bool = False
    years: tuple[int, int] = (2000, 2100)
    ends_the_day: bool = False  # a date alone means the midnight that follows
    zone_from: str = ""  # the column of the zone in which its moments are, where a row names one
    convert: Callable[[str], str | Fault] | None = field(default=None, compare=False)
    where: str = ""  # the column of the table, when it has another name
    identifying: bool = False  # a change needs it too, because it says what is changed
    # Further texts made from this one, by the names under which they are staged.
    companions: Mapping[str, Callable[[str], str]] = field(default_factory=dict, compare=False)

    @property
    def target(self) -> str:
        return self.where or self.name

    @property
    def in_xml(self) -> str:
        return camel(self.name)


def camel(name: str) -> str:
    """`first_name` as XML writes it: `firstName`."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def folded(name: str) -> str:
    """A name without what people write differently: capitals, accents, blanks and dashes."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return re.sub(r"[\W_]+", "", "".join(c for c in plain if not unicodedata.combining(c)))


def names_of(columns: Mapping[str, Column]) -> dict[str, str]:
    """Every folded name and alias, with the name of its column."""
    known = {folded(alias): column.name for column in columns.values() for alias in column.aliases}
    return known | {folded(name): name for name in columns}
