"""The months in which decisions and propositions are kept: made ahead, and dropped as a whole."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from django.db import OperationalError, connection, transaction
from psycopg import sql
from psycopg.errors import LockNotAvailable

TABLES = ("decisioning_transition", "decisioning_proposition", "decisioning_interaction")
AHEAD = 3  # months
ATTEMPTS = 10
PATIENCE = "500ms"  # whoever waits for the table's lock holds up everybody behind them


def make_month(at: datetime) -> bool:
    """Make room for what happens in the month of a moment; says whether there was none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT decisioning_make_month(%s)", [at])
        return bool(cursor.fetchone()[0])


def has_month(at: datetime) -> bool:
    """Is there room already? Asking keeps nobody from making some."""
    name = f"{TABLES[-1]}_{at.astimezone(UTC):%Y_%m}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        return bool(cursor.fetchone()[0])


def make_months_ahead(at: datetime) -> int:
    """Make room for this month and the next ones; how many there were to make."""
    firsts = [month_after(at, number) for number in range(AHEAD + 1)]
    return sum(make_month(first) for first in firsts)


def month_after(at: datetime, number: int) -> datetime:
    year, month = divmod(at.astimezone(UTC).year * 12 + at.astimezone(UTC).month - 1 + number, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def drop_months_before(at: datetime) -> list[str]:
    """Drop what happened in months that ended before a moment; the names of what is gone."""
    return [name for name, ends in list(months()) if ends <= at and drop(name)]


def months() -> Iterator[tuple[str, datetime]]:
    """The partitions there are, each with the end of its month, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = ANY(%s::regclass[]) ORDER BY right(c.relname, 7), c.relname DESC",
            [list(TABLES)],
        )
        names = [name for (name,) in cursor.fetchall()]
    for name in names:
        found = re.search(r"_(\d{4})_(\d\d)$", name)
        if found:
            first = datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC)
            yield name, month_after(first, 1)


def drop(name: str) -> bool:
    """Drop a partition, asking for the lock briefly and again; False when it could not be had."""
    statement = sql.SQL("DROP TABLE {}").format(sql.Identifier(name))
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
                cursor.execute(statement)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            time.sleep(0.1 * (attempt + 1))
        else:
            return True
    return False
