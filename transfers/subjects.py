"""What files can be about. Rooms above give one object for each subject; see
`docs/decisions/0008-a-subject-for-each-kind-of-file.md`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _
from psycopg import sql

from transfers import wording
from transfers.options import GENERAL, BadOption, Options, flag, one_of, options_from
from transfers.reading.columns import Column
from transfers.reading.xml import XmlShape

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    from accounts.journal import Actor
    from accounts.models import User

Operation = Literal["insert", "upsert", "update", "void"]
NOTHING: Mapping[str, Any] = MappingProxyType({})
LONGEST_WORD = 200


@dataclass(frozen=True, slots=True)
class RowFault:
    """A staged row that the subject refuses, and why: a code of `transfers.wording`.

    `detail` fills the placeholders of its sentence. Among `Outcome.warnings` it is a remark about a
    row that is taken all the same.
    """

    number: int
    code: str
    column: str = ""
    value: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """What became of a staged chunk; every row is counted exactly once.

    `existing`: the rows whose key is in the database already.
    """

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    existing: list[int] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    warnings: list[RowFault] = field(default_factory=list)

    @property
    def rows(self) -> int:
        refused = {fault.number for fault in self.faults} | set(self.existing)
        return self.inserted + self.updated + self.unchanged + len(refused)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows in a table of this session: `_number`, `_line`, and the columns `names`.

    All values are of their type. `_parent` and `_identity` are NULL for the subject to fill in when
    it resolves the rows; `_known` is false, and may be set to say that the row is there already.
    The chunk is applied inside the transaction that also writes its counters, its refusals and
    where to go on.
    """

    cursor: CursorWrapper
    table: sql.Identifier
    names: tuple[str, ...]
    count: int
    operation: Operation
    at: datetime
    by_pk: int | None = None
    origin: str = ""  # the file's name, for what keeps a proof
    options: Mapping[str, Any] = field(default_factory=dict)  # what the subject's own options say
    transfer: UUID | None = None
    zone: str = ""  # of moments that name none

    def rows(self, *names: str) -> list[tuple[Any, ...]]:
        """The number of each staged row with these of its columns, in the order of the file."""
        columns = sql.SQL(", ").join(map(sql.Identifier, ("_number", *names)))
        self.cursor.execute(
            sql.SQL("SELECT {} FROM {} ORDER BY _number").format(columns, self.table)
        )
        return list(self.cursor.fetchall())


@dataclass(frozen=True, slots=True)
class SubjectOption:
    """What people choose for this kind of file alone: `--name` of the command, `name` in the API.

    `stands_for` is a column that the file need not have when this is given.
    """

    name: str
    label: _StrOrPromise
    help: _StrOrPromise = ""
    stands_for: str = ""
    choices: tuple[str, ...] = ()
    is_flag: bool = False


class BadFilter(Exception):
    """An export cannot be narrowed like this; carries a sentence."""


class Subject:
    """What a room tells of one kind of file."""

    name: str
    label: _StrOrPromise
    unit: _StrOrPromise
    # The column that a list without a header holds, and that a report shows of a row.
    key: str
    xml: XmlShape
    # What each may, beside `transfers.import_data` and `transfers.export_data`.
    import_right = ""
    export_right = ""
    # Without this one, personal columns do not leave.
    personal_right = ""
    # Without this one, a report shows the key of a row by its first and last characters alone.
    key_right = ""
    operations: tuple[Operation, ...] = ("insert", "upsert", "update")
    options: tuple[SubjectOption, ...] = ()
    # Sentences for codes of refusals that `transfers.wording` does not have, and others for what a
    # refusal's detail calls its `hint`.
    sentences: Mapping[str, _StrOrPromise] = NOTHING
    hints: Mapping[str, _StrOrPromise] = NOTHING
    # What was inserted is there already for a later row that is the same: whether it stood in the
    # file before is looked up only then. The database has to refuse all that `identity` calls the
    # same.
    database_knows_doubles = False
    # How many rows a transaction has at most, where it holds up others; None is as many as usual.
    rows_at_once: int | None = None
    # And how many times as many as usual, where rows are short.
    times_as_many = 1

    @property
    def is_on(self) -> bool:
        """May there be such files at all? A part of the product may be switched off."""
        return True

    def hidden(self, value: str) -> str:
        """What is shown of a key to whoever may not see it."""
        return "…"

    def columns(self, chosen: Mapping[str, Any] = NOTHING) -> Mapping[str, Column]:
        """All columns by name, in the order of an export, with these options of the subject's own.

        It may cost a query.
        """
        raise NotImplementedError

    def zone(self, chosen: Mapping[str, Any]) -> str:
        """In which zone moments are that name none, where neither job nor file say; empty: ours."""
        return ""

    def begin(self, chosen: Mapping[str, Any], by: Actor) -> None:
        """Look at the subject's own options before the file is read; FileFault stops it.

        `by` is who asked for it: a person, a program's key, or nobody for a command.
        """

    @property
    def identity(self) -> sql.Composable | None:
        """What makes two rows `s` of a file the same one, as text; NULL is never the same.

        None: no row of such a file is ever a double.
        """
        return sql.SQL("s.{}").format(sql.Identifier(self.key))

    def resolve(self, chunk: Chunk) -> Sequence[RowFault]:
        """Find what the staged rows refer to, before doubles are looked for.

        Rows are changed in place; those in the answer are refused and go no further. It writes
        nothing else, since the same rows may come again after a crash.
        """
        return ()

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
    # What the command and the addresses of exports may name to narrow one; `filters_from` reads it.
    narrowing: tuple[SubjectOption, ...] = ()

    def columns_shown(self, shown: Sequence[str]) -> list[str]:
        """The columns that stand for those of a list."""
        known = self.columns()
        return [name for name in shown if name in known]

    def filters_from(
        self, asked: Mapping[str, str], *, by: User | None, at: datetime, zone: str
    ) -> dict[str, Any]:
        """How the address of a list narrows an export, as JSON; raises BadFilter.

        `by` is whoever asks; nobody stands for a command, which may have everything.
        """
        return {}

    def filters_in_words(self, filters: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What `filters_from` gave, as pairs of a word and a value."""
        return []

    # --- options, as every door reads them ---

    def options_from(self, given: Mapping[str, Any]) -> Options:
        """The options of one import from words, the subject's own included; raises BadOption."""
        words = {name: value for name, value in given.items() if value not in (None, "")}
        own = {option.name: option for option in self.options}
        extra = {name: words.pop(name) for name in list(words) if name in own}
        for name, value in extra.items():
            extra[name] = chosen_word(own[name], value)
        options = options_from({**words, "extra": {n: v for n, v in extra.items() if v != ""}})
        self.check(options)
        return options

    def check(self, options: Options) -> None:
        """Raise BadOption for what cannot be done with such files."""
        if not self.is_on:
            said = _("%(subject)s: they are switched off in this installation.")
            raise BadOption("subject", said % {"subject": self.label})
        if options.operation not in self.operations:
            raise BadOption(
                "operation",
                _("%(subject)s: “%(operation)s” is not possible. Choose one of: %(choices)s.")
                % {
                    "subject": self.label,
                    "operation": options.operation,
                    "choices": ", ".join(self.operations),
                },
            )
        unknown = sorted(set(options.extra) - {option.name for option in self.options})
        if unknown:
            raise BadOption(unknown[0], _("There is no such option."))

    def given_columns(self, chosen: Mapping[str, Any]) -> frozenset[str]:
        """The columns whose place an option takes."""
        return frozenset(o.stands_for for o in self.options if o.stands_for and chosen.get(o.name))


def chosen_word(option: SubjectOption, value: Any) -> Any:
    if option.is_flag:
        return flag(option.name, value) or ""
    word = str(value).strip()
    if len(word) > LONGEST_WORD or not word.isprintable():
        raise BadOption(option.name, _("This is too long, or holds what cannot be seen."))
    if option.choices and word not in option.choices:
        raise BadOption(option.name, one_of(option.choices))
    return word


def registered(*subjects: Subject) -> Mapping[str, Subject]:
    """The subjects of a site by name; what they call wrong has its sentence from now on."""
    found: dict[str, Subject] = {}
    for subject in subjects:
        taken = {option.name for option in subject.options} & GENERAL
        if subject.name in found or taken:
            raise ValueError(f"{subject.name}: its name or {taken or 'none'} is taken")
        wording.teach(subject.sentences, subject.hints)
        found[subject.name] = subject
    return found


def options_of(subjects: Mapping[str, Subject]) -> list[SubjectOption]:
    """Every subject's own options; two that share a name share its meaning."""
    return list({o.name: o for subject in subjects.values() for o in subject.options}.values())
