"""The columns of the contacts' table that rules, files and pages speak of, and how they are made.

Nothing else in the product writes DDL. What people type never reaches a statement: identifiers are
made from an attribute's number, and types come from the table below.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import OperationalError, connection, transaction
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy
from psycopg.errors import LockNotAvailable

from contacts.models import Attribute, AudienceMember, Contact
from rules import limits
from rules.kinds import BOOL, DATE, DOUBLE, STRING, TIMESTAMP, Base, Kind
from rules.meaning import EARLIEST, LATEST
from rules.sql import type_of

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

TABLE = Contact._meta.db_table
ADVISORY_LOCK = 7_306_001  # declarations wait for each other; never reused for anything else
ATTEMPTS = 20
PATIENCE = "500ms"  # whoever waits for the table's lock holds up everybody behind them
MOST_ATTRIBUTES = 500  # PostgreSQL has room for 1,600 columns over a table's life
LONGEST_TEXT = 500  # characters of a declared text: an index holds at most 2,704 bytes of one
STRINGS, INTS = Kind(Base.STRING, is_list=True), Kind(Base.INT, is_list=True)


class TableBusy(Exception):
    """Somebody has held the table for too long."""


@dataclass(frozen=True)
class Column:
    """One thing that is known of people: its name in rules and files, and where it stands."""

    name: str
    column: str
    kind: Kind
    label: _StrOrPromise
    is_personal: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)  # labels by value
    attribute: Attribute | None = None
    expression: str = ""  # where it stands, if that is no column; {} is the contacts' table

    @property
    def is_declared(self) -> bool:
        return self.attribute is not None


def built_in(name: str, kind: Kind, *, personal: bool = False) -> Column:
    label = Contact._meta.get_field(name).verbose_name  # type: ignore[union-attr] # a plain field
    return Column(name, name, kind, capfirst(label), personal)


# What everybody may have, in the order of contacts.csv; all of it can be asked for in rules.
BUILT_IN: Mapping[str, Column] = {
    column.name: column
    for column in (
        built_in("key", STRING),
        built_in("email", STRING, personal=True),
        built_in("phone", STRING, personal=True),
        built_in("first_name", STRING, personal=True),
        built_in("last_name", STRING, personal=True),
        built_in("birth_date", DATE, personal=True),
        built_in("language", STRING),
        built_in("timezone", STRING),
        built_in("address1", STRING, personal=True),
        built_in("address2", STRING, personal=True),
        built_in("postcode", STRING, personal=True),
        built_in("city", STRING, personal=True),
        built_in("country", STRING),
        built_in("created_at", TIMESTAMP),
    )
}
# In files and on pages, but not in rules: channels are closed by whoever sends.
OPT_OUTS: Mapping[str, Column] = {
    name: built_in(name, BOOL)
    for name in ("email_opt_out", "sms_opt_out", "phone_opt_out", "post_opt_out")
}
# The numbers of the lists that somebody is on, which `filter("…")` looks at. A subquery and no
# column, because to change a list must not write to rows that decisions write to.
ON_LISTS = Column(
    "lists",
    "lists",
    INTS,
    gettext_lazy("Lists"),
    expression=f"ARRAY(SELECT audience_id FROM {AudienceMember._meta.db_table}"  # noqa: S608 (our words)
    " WHERE contact_id = {}.id)",
)
# What a declared attribute may not be called: our own columns, and the words of the rule language.
RESERVED = (
    {f.name for f in Contact._meta.get_fields()}
    | set(BUILT_IN)
    | set(OPT_OUTS)
    | {ON_LISTS.name}
    | {"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in"}
    | {"let", "loop", "namespace", "null", "package", "return", "true", "var", "void", "while"}
)


def declared() -> dict[str, Column]:
    """The attributes that are in use, by name. Costs a query."""
    return {each.name: column_of(each) for each in Attribute.objects.in_use()}


def column_of(attribute: Attribute) -> Column:
    return Column(
        attribute.name,
        attribute.column,
        attribute.rule_kind,
        attribute.label,
        attribute.is_personal,
        attribute.choice_labels,
        attribute,
    )


def known() -> dict[str, Column]:
    """All that rules may name of a person. Costs a query."""
    return {**BUILT_IN, **declared()}


def asked() -> dict[str, Column]:
    """All that is read of a person for whom rules are asked, lists too. Costs a query."""
    return {**known(), ON_LISTS.name: ON_LISTS}


# --- DDL ---


def add(attribute: Attribute) -> None:
    """Add the column of an attribute, inside the transaction that declares it."""
    column, kind = attribute.column, attribute.rule_kind
    statement = f"ALTER TABLE {TABLE} ADD COLUMN {column} {type_of(kind)}"
    condition = CHECKS.get(kind)
    if condition:
        # Not proved for the rows that are there: they are all NULL.
        checked = condition.format(column)
        statement += f", ADD CONSTRAINT {column}_fits CHECK ({checked}) NOT VALID"
    alter(statement)


def drop(attribute: Attribute) -> None:
    """Drop the column of an attribute with all its values."""
    alter(f"ALTER TABLE {TABLE} DROP COLUMN IF EXISTS {attribute.column}")


def wait_for_turn() -> None:
    """Only one declaration at a time, until its transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])


def alter(statement: str) -> None:
    """Change the table, asking for its lock briefly and again; raises TableBusy."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing may be waiting to be checked
        for attempt in range(ATTEMPTS):
            try:
                with transaction.atomic():
                    cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
                    cursor.execute(statement)
                    cursor.execute("SET LOCAL lock_timeout = DEFAULT")
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                time.sleep(0.05 * (attempt + 1))
            else:
                return
    raise TableBusy


def index(attribute: Attribute) -> None:
    """Make the index of an attribute without locking anybody out; outside any transaction."""
    name, column = f"{attribute.column}_index", attribute.column
    method = "gin" if attribute.rule_kind.is_list else "btree"
    with connection.cursor() as cursor:
        # One that was interrupted is there, but invalid.
        cursor.execute(
            "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid", [name]
        )
        if cursor.fetchone():
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        cursor.execute(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {TABLE} USING {method} ({column})"
            f" WHERE {column} IS NOT NULL"
        )


def moment(at: datetime) -> str:
    """A moment as PostgreSQL reads it: strftime does not fill up the year."""
    return at.isoformat(sep=" ")


TEXT = "{0} <> '' AND char_length({0}) <= " + str(LONGEST_TEXT)
DOUBLES = (
    f"{{0}} = 0 OR abs({{0}}) BETWEEN {limits.LEAST_DOUBLE:g}::double precision"
    f" AND {limits.LARGEST_DOUBLE:g}::double precision"
)
# An array in several dimensions, with an empty place or without elements is no list of ours.
LISTS = "array_ndims({0}) = 1 AND array_lower({0}, 1) = 1 AND array_position({0}, NULL) IS NULL"
CHECKS: Mapping[Kind, str] = {
    DOUBLE: DOUBLES,
    STRING: TEXT,
    DATE: "{0} BETWEEN '0001-01-02' AND '9999-12-30'",
    TIMESTAMP: f"{{0}} BETWEEN '{moment(EARLIEST)}' AND '{moment(LATEST)}'",
    STRINGS: LISTS + " AND cardinality({0}) > 0",
    INTS: LISTS + " AND cardinality({0}) > 0",
}
