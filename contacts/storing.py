"""Writing what is known of one person: built-in and declared columns in one statement.

Values come by the names of `contacts.columns`, read by `contacts.values`; None is missing.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from contacts.columns import BUILT_IN, OPT_OUTS, TABLE, Column
from contacts.values import normal_email
from rules.sql import type_of

Values = Mapping[str, Any]
KEYS_LOCK = 7_306_002  # never reused for anything else


def keep_keys(*, alone: bool = False) -> None:
    """Until this transaction ends no key becomes a former key, or (`alone`) is given to anybody.

    A key is somebody's now or somebody's former one; no constraint can see both tables. Taken
    before any row of people is locked.
    """
    lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(%s)", [KEYS_LOCK])


def insert(
    values: Values, columns: Mapping[str, Column], *, at: datetime, kind: str = "contact"
) -> int:
    """Add somebody; returns the primary key. Raises IntegrityError when the key is taken."""
    placed = places(values, columns)
    names = ["public_id", "kind", "created_at", "changed_at", *(name for name, _, _ in placed)]
    marks = ["%s", "%s", "%s", "%s", *(mark for _, mark, _ in placed)]
    given = [uuid.uuid4(), kind, at, at, *(value for _, _, value in placed)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} ({', '.join(names)}) VALUES ({', '.join(marks)}) RETURNING id",  # noqa: S608 (our identifiers)
            given,
        )
        pk: int = cursor.fetchone()[0]
    return pk


def update(
    pk: int, values: Values, columns: Mapping[str, Column], *, at: datetime, version: int | None
) -> bool:
    """Change somebody who is still at `version` (None: at any); returns whether they were."""
    placed = places(values, columns)
    sets = [*(f"{name} = {mark}" for name, mark, _ in placed), "changed_at = %s"]
    given = [*(value for _, _, value in placed), at, pk]
    statement = f"UPDATE {TABLE} SET {', '.join(sets)}, version = version + 1 WHERE id = %s"  # noqa: S608 (our identifiers)
    if version is not None:
        statement += " AND version = %s"
        given.append(version)
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return bool(cursor.rowcount)


def places(values: Values, columns: Mapping[str, Column]) -> list[tuple[str, str, Any]]:
    """(column, placeholder, value) of each; an address brings its normal form along."""
    found = [
        (f'"{column.column}"', f"CAST(%s AS {type_of(column.kind)})", stored(values[name]))
        for name, column in {**BUILT_IN, **OPT_OUTS, **columns}.items()
        if name in values and name != "created_at"
    ]
    if "email" in values:
        found.append(('"email_normal"', "%s", normal_email(values["email"])))
    return found


def stored(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
