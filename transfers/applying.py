"""Writing a staged chunk into one table, by sets: what most subjects need."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg import sql

from transfers.subjects import Chunk, Outcome, RowFault


@dataclass(frozen=True)
class Target:
    """Where the rows of a chunk go.

    `arbiter` names the unique constraint of the key. `fixed` are columns which every row of ours
    has alike. `created` and `changed` are what is written to a new row and to one that is there;
    in both, `s` is the staged row, and in `changed` `t` is the row as it was. `stamped` is written
    whenever something else changes.
    """

    table: str
    key: str
    key_column: str
    arbiter: str
    created: Mapping[str, sql.Composable]
    changed: Mapping[str, sql.Composable]
    fixed: Mapping[str, sql.Composable] = field(default_factory=dict)
    stamped: Mapping[str, sql.Composable] = field(default_factory=dict)
    unknown_code: str = "not_updatable"
    before_change: Callable[[Chunk], None] | None = None

    @property
    def match(self) -> sql.Composable:
        """The row of the table `t` that a staged row `s` is about."""
        key = sql.SQL("t.{} = s.{}").format(
            sql.Identifier(self.key_column), sql.Identifier(self.key)
        )
        fixed = [
            sql.SQL("t.{} = {}").format(sql.Identifier(name), value)
            for name, value in self.fixed.items()
        ]
        return sql.SQL(" AND ").join([key, *fixed])


def apply_to_table(chunk: Chunk, target: Target) -> Outcome:
    """Insert, update or both, as `chunk.operation` says."""
    outcome = Outcome()
    if chunk.operation != "insert":
        update(chunk, target, outcome)
    if chunk.operation == "update":
        outcome.faults = [
            RowFault(number, target.unknown_code, target.key, value)
            for number, value in rows(chunk, unknown(chunk, target))
        ]
        return outcome
    insert(chunk, target, outcome)
    return outcome


def staged(name: str) -> sql.Composable:
    return sql.SQL("s.{}").format(sql.Identifier(name))


def insert(chunk: Chunk, target: Target, outcome: Outcome) -> None:
    """Insert what is not there; whoever is first keeps the key, were it another job."""
    done = outcome.updated + outcome.unchanged
    written = {**target.fixed, **target.created}
    statement = sql.SQL(
        "INSERT INTO {to} AS t ({columns}) SELECT {values} FROM {staging} s WHERE NOT s._known "
        "ORDER BY s.{key} ON CONFLICT ON CONSTRAINT {arbiter} DO NOTHING RETURNING t.{returned}"
    ).format(
        to=sql.Identifier(target.table),
        columns=sql.SQL(", ").join(map(sql.Identifier, written)),
        values=sql.SQL(", ").join(written.values()),
        staging=chunk.table,
        key=sql.Identifier(target.key),
        arbiter=sql.Identifier(target.arbiter),
        returned=sql.Identifier(target.key_column),
    )
    chunk.cursor.execute(statement)
    outcome.inserted = chunk.cursor.rowcount
    if outcome.inserted + done < chunk.count:
        made = {row[0] for row in chunk.cursor.fetchall()}
        tried = rows(chunk, unknown(chunk, target))
        outcome.existing = [number for number, value in tried if value not in made]


def update(chunk: Chunk, target: Target, outcome: Outcome) -> None:
    """Update what is there and differs; rows that are there are marked as known."""
    chunk.cursor.execute(sql.SQL("ANALYZE {}").format(chunk.table))
    chunk.cursor.execute(
        sql.SQL(
            "WITH there AS MATERIALIZED (SELECT s._number FROM {to} t JOIN {staging} s ON {match} "
            "ORDER BY t.{key} FOR UPDATE OF t) "
            "UPDATE {staging} s SET _known = true FROM there WHERE there._number = s._number"
        ).format(
            to=sql.Identifier(target.table),
            staging=chunk.table,
            match=target.match,
            key=sql.Identifier(target.key_column),
        )
    )
    there = chunk.cursor.rowcount
    if not there:
        return
    if target.before_change:
        target.before_change(chunk)
    if target.changed:
        outcome.updated = change(chunk, target)
    outcome.unchanged = there - outcome.updated


def change(chunk: Chunk, target: Target) -> int:
    differing = [
        sql.SQL("t.{} IS DISTINCT FROM {}").format(sql.Identifier(name), value)
        for name, value in target.changed.items()
    ]
    sets = [
        sql.SQL("{} = {}").format(sql.Identifier(name), value)
        for name, value in {**target.changed, **target.stamped}.items()
    ]
    chunk.cursor.execute(
        sql.SQL(
            "UPDATE {to} t SET {sets} FROM {staging} s WHERE s._known AND {match} AND ({differs})"
        ).format(
            to=sql.Identifier(target.table),
            sets=sql.SQL(", ").join(sets),
            staging=chunk.table,
            match=target.match,
            differs=sql.SQL(" OR ").join(differing),
        )
    )
    return int(chunk.cursor.rowcount)


def unknown(chunk: Chunk, target: Target) -> sql.Composable:
    """The staged rows that are about nothing there."""
    return sql.SQL("SELECT s._number, s.{} FROM {} s WHERE NOT s._known ORDER BY 1").format(
        sql.Identifier(target.key), chunk.table
    )


def rows(chunk: Chunk, query: sql.Composable) -> Sequence[tuple[int, str]]:
    chunk.cursor.execute(query)
    return list(chunk.cursor.fetchall())
