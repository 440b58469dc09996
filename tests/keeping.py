"""What is dear to make is made once in a process; after that its rows are written as they were."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection, transaction

from contacts.columns import TABLE as PEOPLE
from contacts.columns import add as add_column
from contacts.models import Attribute
from tests import databases

FILLED = """
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
"""
COLUMNS = """
SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""


class Kept:
    """The rows that `make` makes in tables without any; it is a superuser who writes them again.

    Their keys are from sequences, of which nothing is ever taken back: nobody else gets them.
    """

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._rows: dict[str, bytes] = {}  # by table, with its columns

    def bring(self) -> None:
        """They are there, and nothing else is."""
        if self._rows:
            write(self._rows)
        elif databases.is_superuser():
            before = counts()
            self._make()
            after = counts()
            if all(after[name] == before[name] for name in before):
                self._rows = {described(name): copied(name) for name in after.keys() - before}
        else:  # nobody else may write rows without their foreign keys being asked after
            self._make()


def counts() -> dict[str, int]:
    """How many rows the tables have that have any."""
    with connection.cursor() as cursor:
        cursor.execute(FILLED)
        names = [name for (name,) in cursor.fetchall()]
        found = {}
        for name in names:
            cursor.execute(f'SELECT count(*) FROM "{name}"')
            found[name] = cursor.fetchone()[0]
    return {name: count for name, count in found.items() if count}


def described(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS, [name])
        return f"{name} ({cursor.fetchone()[0]})"


def copied(name: str) -> bytes:
    statement = f"COPY {described(name)} TO STDOUT (FORMAT binary)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        return b"".join(copy)


@transaction.atomic
def write(rows: dict[str, bytes]) -> None:
    """No key is looked for, and no trigger told, of rows that have passed all that already."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in sorted(rows, key=is_of_people):
            if is_of_people(table):
                for attribute in Attribute.objects.order_by("pk"):
                    add_column(attribute)
            with cursor.copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
                copy.write(rows[table])
        cursor.execute("SET LOCAL session_replication_role = origin")


def is_of_people(table: str) -> bool:
    """The table that has a column for each attribute, which must be there before its rows."""
    return table.startswith(f"{PEOPLE} ")
