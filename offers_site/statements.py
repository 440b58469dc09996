"""Single statements on the hot path: prepared by the server, values bound there, no ORM between.

The rest of the product speaks through Django's cursors. These share their connection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from offers_site.prepared import Unsaid, prepared_of

Values = Sequence[Any] | Mapping[str, Any]
ONLY_WHEN_ASKED = 1_000_000  # else every statement of the ORM would be prepared as well


def run(statement: str, values: Values) -> list[tuple[Any, ...]]:
    """The rows of a SELECT that writes; an error of the database is psycopg's own.

    In the middle of a transaction an error takes back what the statement did, and nothing else.
    """
    if connections[DEFAULT_DB_ALIAS].in_atomic_block:
        with transaction.atomic():
            return execute(statement, values)
    return execute(statement, values)


def read(statement: str, values: Values, *, once: bool = False) -> list[tuple[Any, ...]]:
    """The rows of a SELECT, asked again when the server had closed the connection meanwhile.

    Whoever asks the next one in this request need not try first whether the connection still holds.
    What a transaction asks `once` is not worth to be prepared there: a rollback forgets it.
    """
    ours = connections[DEFAULT_DB_ALIAS]
    if ours.in_atomic_block:
        return ask(ours, statement, values) if once else run(statement, values)
    try:
        rows = execute(statement, values)
    except psycopg.OperationalError:
        if ours.connection is not None and not ours.connection.broken:
            raise
        ours.close()
        rows = execute(statement, values)
    ours.health_check_done = True  # type: ignore[attr-defined] # unknown to the stubs
    return rows


def ask(ours: BaseDatabaseWrapper, statement: str, values: Values) -> list[tuple[Any, ...]]:
    """As the ORM does."""
    with ours.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def raw_connection() -> psycopg.Connection[tuple[Any, ...]]:
    ours = connections[DEFAULT_DB_ALIAS]
    ours.ensure_connection()
    raw: psycopg.Connection[tuple[Any, ...]] = ours.connection
    return raw


def numbers(values: Iterable[int]) -> str:
    """As the server reads an array of them, after `%s::text::bigint[]`.

    Of a list psycopg looks at each, to say how large they are, before it writes any.
    """
    return "{" + ",".join(map(str, values)) + "}"


def execute(statement: str, values: Values) -> list[tuple[Any, ...]]:
    ours = connections[DEFAULT_DB_ALIAS]
    raw = ours.connection
    if raw is None:
        raw = raw_connection()
    if ours.autocommit and not ours.in_atomic_block and not isinstance(values, Mapping):
        try:
            return prepared_of(raw).execute(statement, values)
        except Unsaid:
            pass
    if raw.prepare_threshold is None:
        raw.prepare_threshold = ONLY_WHEN_ASKED
    with psycopg.Cursor(raw) as cursor:
        cursor.execute(statement, values, prepare=True)
        return cursor.fetchall()
