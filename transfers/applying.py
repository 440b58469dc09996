"""Writing a staged chunk into one table, by sets: what most subjects need."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from transfers.subjects import Chunk, Outcome, RowFault


@dataclass(frozen=True)
class Target:
    """Where the rows of a chunk go.

    `key` says which row of the table `t` a staged row `s` is about: its columns, with what they
    are equal to. They are NOT NULL and unique together, and written to a new row as they are.
    `created` and `changed` are what else is written to a new row and to one that is there; in both,
    `s` is the staged row, and in `changed` `t` is the row as it was. `stamped` is written whenever
    something else changes. `frozen` is true of rows `t` that may not change any more: they are
    refused with `frozen_code`. Where the table has several unique constraints, a new row that
    breaks any of them counts as there already.
    """

    table: str
    key: Mapping[str, sql.Composable]
    created: Mapping[str, sql.Composable]
    changed: Mapping[str, sql.Composable]
    stamped: Mapping[str, sql.Composable] = field(default_factory=dict)
    frozen: sql.Composable | None = None
    frozen_code: str = "not_updatable"
    unknown_code: str = "not_updatable"
    before_change: Callable[[Chunk], None] | None = None

    @property
    def match(self) -> sql.Composable:
        """The row of the table `t` that a staged row `s` is about."""
        return sql.SQL(" AND ").join(
            sql.SQL("t.{} = {}").format(sql.Identifier(name), value)
            for name, value in self.key.items()
        )

    @property
    def order(self) -> sql.Composable:
        """One order of the rows for all who write them: so nobody waits in a circle."""
        return sql.SQL(", ").join(self.key.values())


def apply_to_table(chunk: Chunk, target: Target) -> Outcome:
    """Insert, update or both, as `chunk.operation` says."""
    outcome = Outcome()
    if chunk.operation != "insert":
        update(chunk, target, outcome)
    if chunk.operation == "update":
        outcome.faults += [
            RowFault(number, target.unknown_code) for number, *_key in unknown(chunk, target)
        ]
        return outcome
    insert(chunk, target, outcome)
    return outcome


def staged(name: str) -> sql.Composable:
    return sql.SQL("s.{}").format(sql.Identifier(name))


def insert(chunk: Chunk, target: Target, outcome: Outcome) -> None:
    """Insert what is not there; whoever is first keeps the key, were it another job."""
    done = outcome.rows
    written = {**target.key, **target.created}
    statement = sql.SQL(
        "INSERT INTO {to} AS t ({columns}) SELECT {values} FROM {staging} s WHERE NOT s._known "
        "ORDER BY {order} ON CONFLICT DO NOTHING RETURNING {returned}"
    ).format(
        to=sql.Identifier(target.table),
        columns=sql.SQL(", ").join(map(sql.Identifier, written)),
        values=sql.SQL(", ").join(written.values()),
        staging=chunk.table,
        order=target.order,
        returned=sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(n)) for n in target.key),
    )
    chunk.cursor.execute(statement)
    outcome.inserted = chunk.cursor.rowcount
    if outcome.inserted + done < chunk.count:
        made = set(chunk.cursor.fetchall())
        tried = unknown(chunk, target)
        outcome.existing = [number for number, *key in tried if tuple(key) not in made]


def update(chunk: Chunk, target: Target, outcome: Outcome) -> None:
    """Update what is there and differs; rows that are there are marked as known."""
    chunk.cursor.execute(sql.SQL("ANALYZE {}").format(chunk.table))
    chunk.cursor.execute(
        sql.SQL(
            "WITH there AS MATERIALIZED (SELECT s._number FROM {to} t JOIN {staging} s ON {match} "
            "ORDER BY {order} FOR UPDATE OF t) "
            "UPDATE {staging} s SET _known = true FROM there WHERE there._number = s._number"
        ).format(
            to=sql.Identifier(target.table),
            staging=chunk.table,
            match=target.match,
            order=target.order,
        )
    )
    there = chunk.cursor.rowcount
    if not there:
        return
    if target.frozen is not None:
        outcome.faults += refuse_frozen(chunk, target, target.frozen)
        there -= len(outcome.faults)
    if target.before_change:
        target.before_change(chunk)
    if target.changed:
        outcome.updated = change(chunk, target)
    outcome.unchanged = there - outcome.updated


def refuse_frozen(chunk: Chunk, target: Target, frozen: sql.Composable) -> list[RowFault]:
    """Refuse the rows that would change what may not change; the rest goes on without them."""
    differs = differing(target)
    if differs is None:
        return []
    chunk.cursor.execute(
        sql.SQL(
            "SELECT s._number FROM {to} t JOIN {staging} s ON {match} "
            "WHERE s._known AND ({frozen}) AND ({differs}) ORDER BY 1"
        ).format(
            to=sql.Identifier(target.table),
            staging=chunk.table,
            match=target.match,
            frozen=frozen,
            differs=differs,
        )
    )
    refused = [RowFault(row[0], target.frozen_code) for row in chunk.cursor.fetchall()]
    if refused:
        chunk.cursor.execute(
            sql.SQL("UPDATE {} SET _refused = true WHERE _number = ANY(%s)").format(chunk.table),
            [[fault.number for fault in refused]],
        )
    return refused


def differing(target: Target) -> sql.Composable | None:
    """Would the row `t` be another one after the change?"""
    if not target.changed:
        return None
    return sql.SQL(" OR ").join(
        sql.SQL("t.{} IS DISTINCT FROM {}").format(sql.Identifier(name), value)
        for name, value in target.changed.items()
    )


def change(chunk: Chunk, target: Target) -> int:
    sets = [
        sql.SQL("{} = {}").format(sql.Identifier(name), value)
        for name, value in {**target.changed, **target.stamped}.items()
    ]
    chunk.cursor.execute(
        sql.SQL(
            "UPDATE {to} t SET {sets} FROM {staging} s "
            "WHERE s._known AND NOT s._refused AND {match} AND ({differs})"
        ).format(
            to=sql.Identifier(target.table),
            sets=sql.SQL(", ").join(sets),
            staging=chunk.table,
            match=target.match,
            differs=differing(target) or sql.SQL("false"),
        )
    )
    return int(chunk.cursor.rowcount)


def unknown(chunk: Chunk, target: Target) -> Sequence[tuple[Any, ...]]:
    """The staged rows that are about nothing there: the number of each, and its key."""
    chunk.cursor.execute(
        sql.SQL("SELECT s._number, {} FROM {} s WHERE NOT s._known ORDER BY 1").format(
            target.order, chunk.table
        )
    )
    return list(chunk.cursor.fetchall())
