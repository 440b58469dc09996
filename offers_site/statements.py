"""Single statements on the hot path: prepared by the server, values bound there, no ORM between.

The rest of the product speaks through Django's cursors. These share their connection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection, transaction

Values = Sequence[Any] | Mapping[str, Any]
ONLY_WHEN_ASKED = 1_000_000  # else every statement of the ORM would be prepared as well


def run(statement: str, values: Values) -> list[tuple[Any, ...]]:
    """The rows of a SELECT that writes; an error of the database is psycopg's own.

    In the middle of a transaction an error takes back what the statement did, and nothing else.
    """
    if connection.in_atomic_block:
        with transaction.atomic():
            return execute(statement, values)
    return execute(statement, values)


def read(statement: str, values: Values) -> list[tuple[Any, ...]]:
    """The rows of a SELECT, asked again when the server had closed the connection meanwhile."""
    if connection.in_atomic_block:
        return run(statement, values)
    try:
        return execute(statement, values)
    except psycopg.OperationalError:
        if connection.connection is not None and not connection.connection.broken:
            raise
        connection.close()
        return execute(statement, values)


def raw_connection() -> psycopg.Connection[tuple[Any, ...]]:
    connection.ensure_connection()
    raw: psycopg.Connection[tuple[Any, ...]] = connection.connection
    return raw


def execute(statement: str, values: Values) -> list[tuple[Any, ...]]:
    raw = raw_connection()
    if raw.prepare_threshold is None:
        raw.prepare_threshold = ONLY_WHEN_ASKED
    with psycopg.Cursor(raw) as cursor:
        cursor.execute(statement, values, prepare=True)
        return cursor.fetchall()
