"""Statements that a connection prepares once and then executes without a cursor.

A cursor of psycopg looks up everything anew with each statement, which takes longer than all that a
decision asks of the server costs here. These wait for the server within libpq, so they are for what
it answers at once, outside of transactions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Loader, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult

from offers_site.jsonbytes import from_json

Row = tuple[Any, ...]
MOST = 200  # statements of a connection: releases come and go, and each has its own
ROWS = ExecStatus.TUPLES_OK
PLACE = re.compile("%s")


class Unsaid(Exception):
    """A value of a kind that only a cursor knows how to say."""


def text(value: str) -> bytes:
    if "\0" in value:
        raise psycopg.DataError("a text cannot hold the character NUL")
    return value.encode()


# The server knows of each place what stands there, and reads it as text.
SAID: dict[type, Callable[[Any], bytes | None]] = {
    str: text,
    int: lambda value: b"%d" % value,
    UUID: lambda value: str(value).encode(),
    datetime: lambda value: value.isoformat().encode(),
    type(None): lambda value: None,
}


class JsonLoader(Loader):
    def load(self, data: Buffer) -> Any:
        return from_json(data)


class Reading:
    """How values are read here: as the connection reads them, JSON in half the time."""

    def __init__(self, raw: psycopg.Connection[Row]) -> None:
        self.connection = raw
        self.adapters = AdaptersMap(raw.adapters)
        self.adapters.register_loader("json", JsonLoader)


class Prepared:
    """What a connection has prepared."""

    def __init__(self, raw: psycopg.Connection[Row]) -> None:
        self.server = raw.pgconn
        self.names: dict[str, bytes] = {}
        self.numbers = count()
        self.transformer = Transformer(Reading(raw))

    def execute(self, statement: str, values: Sequence[Any]) -> list[Row]:
        """The rows of a statement; raises Unsaid before anything is done."""
        try:
            said: list[Any] = [SAID[type(value)](value) for value in values]
        except KeyError:
            raise Unsaid from None
        name = self.names.get(statement) or self.prepare(statement)
        found = self.server.exec_prepared(name, said)
        if found.status != ROWS and is_forgotten(found):
            self.names.clear()
            found = self.server.exec_prepared(self.prepare(statement), said)
        if found.status != ROWS:
            raise self.fault(found)
        self.transformer.set_pgresult(found)
        return self.transformer.load_rows(0, found.ntuples, tuple)

    def prepare(self, statement: str) -> bytes:
        while len(self.names) >= MOST:  # the oldest goes
            oldest = next(iter(self.names))
            self.server.exec_(b"DEALLOCATE " + self.names.pop(oldest))
        name = b"overture_%d" % next(self.numbers)
        places = count(1)
        written = PLACE.sub(lambda _found: f"${next(places)}", statement)
        found = self.server.prepare(name, text(written))
        if found.status != ExecStatus.COMMAND_OK:
            raise self.fault(found)
        self.names[statement] = name
        return name

    def fault(self, found: PGresult) -> psycopg.Error:
        """A connection that is lost has no state to tell by what it was."""
        if self.server.status != ConnStatus.OK:
            return psycopg.OperationalError(found.get_error_message())
        return error_from_result(found)


def is_forgotten(found: PGresult) -> bool:
    """Whether the server does not know the statement any more: so it does after a rollback."""
    return found.error_field(DiagnosticField.SQLSTATE) == b"26000"


_known: WeakKeyDictionary[psycopg.Connection[Row], Prepared] = WeakKeyDictionary()


def prepared_of(raw: psycopg.Connection[Row]) -> Prepared:
    found = _known.get(raw)
    if found is None:
        found = _known[raw] = Prepared(raw)
    return found
