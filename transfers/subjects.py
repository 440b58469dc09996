"""What files can be about. Rooms above give one object for each subject; see `docs/files.md`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from django.db.backends.utils import CursorWrapper
from psycopg import sql

from transfers.reading.columns import Column
from transfers.reading.xml import XmlShape

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    from accounts.models import User

Operation = Literal["insert", "upsert", "update", "void"]


@dataclass(frozen=True, slots=True)
class RowFault:
    """A staged row that the subject refuses, and why: a code of `transfers.wording`."""

    number: int
    code: str
    column: str = ""
    value: str = ""


@dataclass(slots=True)
class Outcome:
    """What became of a staged chunk. `existing`: the rows whose key is in the database already."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    existing: list[int] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows in a table of this session: `_number`, `_line`, and the columns `names`.

    Keys are there once each, and all values are of their type. The chunk is applied inside the
    transaction that also writes its counters, its refusals and where to go on.
    """

    cursor: CursorWrapper
    table: sql.Identifier
    names: tuple[str, ...]
    count: int
    operation: Operation
    at: datetime
    by_pk: int | None = None
    origin: str = ""  # the file's name, for what keeps a proof
    options: Mapping[str, Any] = field(default_factory=dict)


class BadFilter(Exception):
    """An export cannot be narrowed like this; carries a sentence."""


class Subject:
    """What a room tells of one kind of file."""

    name: str
    label: _StrOrPromise
    unit: _StrOrPromise
    key: str
    xml: XmlShape
    # What each may, beside `transfers.import_data` and `transfers.export_data`.
    import_right = ""
    export_right = ""
    # Without this one, personal columns do not leave.
    personal_right = ""
    operations: tuple[Operation, ...] = ("insert", "upsert", "update")

    def columns(self) -> Mapping[str, Column]:
        """All columns by name, in the order of an export. It may cost a query."""
        raise NotImplementedError

    def apply(self, chunk: Chunk) -> Outcome:
        """Write the staged rows, as `chunk.operation` says."""
        raise NotImplementedError

    def export(self, columns: Sequence[Column], filters: Mapping[str, Any]) -> sql.Composable:
        """A SELECT of these columns, each as text or NULL, in the order of the key.

        Besides what `filters_from` gave, filters may say `sort`, one of `sorts`, and
        `changed_since`. Raises BadFilter when somebody has taken away what they name.
        """
        raise NotImplementedError

    # --- an export from a list ---

    # The orders that lists know, by what their addresses call them.
    sorts: tuple[str, ...] = ()

    def columns_shown(self, shown: Sequence[str]) -> list[str]:
        """The columns that stand for those of a list."""
        known = self.columns()
        return [name for name in shown if name in known]

    def filters_from(
        self, asked: Mapping[str, str], *, by: User, at: datetime, zone: str
    ) -> dict[str, Any]:
        """How the address of a list narrows an export, as JSON; raises BadFilter."""
        return {}

    def filters_in_words(self, filters: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What `filters_from` gave, as pairs of a word and a value."""
        return []
