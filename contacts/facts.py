"""What is known of a person, in one SELECT, in the shape that rules want.

`facts["contact"]` holds what is not missing, by the names of `contacts.columns`: lists are tuples,
moments are aware. Who asks rules of a person reads `columns.asked()`; what else there is shows or
changes the person and reads `columns.known()`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection

from contacts.columns import TABLE, Column, known

Known = dict[str, Any]


def select_list(columns: Iterable[Column], alias: str = "c") -> str:
    """What stands after SELECT, in the order in which `facts_reader` takes the values."""
    return ", ".join(
        column.expression.format(alias) if column.expression else f'{alias}."{column.column}"'
        for column in columns
    )


def facts_reader(columns: Iterable[Column]) -> Callable[[Sequence[Any]], Known]:
    """Reads what is known from rows that were selected with `select_list`."""
    each = tuple(columns)
    names = tuple(column.name for column in each)
    lists = tuple(column.name for column in each if column.kind.is_list)

    def read(values: Sequence[Any]) -> Known:
        facts = dict(zip(names, values, strict=True))
        if None in values:
            facts = {name: value for name, value in facts.items() if value is not None}
        for name in lists:
            if name in facts:
                facts[name] = tuple(facts[name])
        return facts

    return read


def read_person(pk: int, columns: Mapping[str, Column] | None = None) -> Known:
    """What is known of one person. Costs a query, and one more without `columns`."""
    return dict(read_people([pk], columns)).get(pk, {})


def read_people(
    pks: Collection[int], columns: Mapping[str, Column] | None = None
) -> Iterator[tuple[int, Known]]:
    """What is known of each of these people, by primary key."""
    wanted = list((known() if columns is None else columns).values())
    statement = (
        f"SELECT c.id, {select_list(wanted)} FROM {TABLE} c"  # noqa: S608 (our identifiers)
        " WHERE c.id = ANY(%s) ORDER BY c.id"
    )
    facts_from = facts_reader(wanted)
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(pks)])
        for pk, *values in cursor.fetchall():
            yield pk, facts_from(values)
