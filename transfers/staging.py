"""The tables through which rows pass on their way: a chunk's rows, and the keys of a whole file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from transfers.reading.checking import Checked
from transfers.reading.columns import Column

EXTRA = ("_number", "_line")  # besides the file's own columns


@dataclass(frozen=True, slots=True)
class Double:
    """A row whose key stood in the file before."""

    number: int
    line: int
    key: str
    first_line: int


class Staging:
    """The tables of one transfer. `keys` is not logged: it can be made again from the file."""

    def __init__(
        self, pk: UUID, key: str, identity: sql.Composable | None, *, is_lazy: bool = False
    ) -> None:
        self.key = sql.Identifier(key)
        self.identity = identity
        # Keys are only put down one after the other, until somebody asks for one of them.
        self.is_lazy = is_lazy
        self.rows = sql.Identifier("transfers_staged")
        self.keys = sql.Identifier(keys_name(pk))
        self.index = sql.Identifier(f"{keys_name(pk)}_key")
        self.made: tuple[str, ...] = ()

    def prepare(self, cursor: CursorWrapper, columns: Sequence[Column]) -> None:
        """An empty table for a chunk's rows; it lives as long as the session."""
        kinds_by_name: dict[str, str] = {}
        for column in columns:
            kinds_by_name[column.name] = column.kind.value.strip()
            kinds_by_name |= dict.fromkeys(column.companions, "text")
        names = tuple(kinds_by_name)
        if self.made == names:
            return
        kinds = [
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
            for name, kind in kinds_by_name.items()
        ]
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(self.rows))
        cursor.execute(
            sql.SQL(
                "CREATE TEMPORARY TABLE {} (_number bigint, _line bigint, {}, "
                "_known boolean NOT NULL DEFAULT false, _refused boolean NOT NULL DEFAULT false, "
                "_parent bigint, _identity text) "
                "ON COMMIT DELETE ROWS"
            ).format(self.rows, sql.SQL(", ").join(kinds))
        )
        self.made = names

    def forget_rows(self, cursor: CursorWrapper) -> None:
        cursor.execute(sql.SQL("TRUNCATE {}").format(self.rows))

    def stage(self, cursor: CursorWrapper, checked: Checked) -> None:
        columns = sql.SQL(", ").join(map(sql.Identifier, (*EXTRA, *checked.names)))
        statement = sql.SQL("COPY {} ({}) FROM STDIN (NULL '')").format(self.rows, columns)
        lines = zip(
            map(str, checked.numbers), map(str, checked.lines), *checked.columns, strict=True
        )
        body = "\n".join(map("\t".join, lines)) + "\n"
        with cursor.copy(statement) as copy:
            copy.write(body.encode())

    # --- the keys of the file ---

    def make_keys(self, cursor: CursorWrapper) -> None:
        unique = "" if self.is_lazy else "PRIMARY KEY"
        cursor.execute(
            sql.SQL(
                "CREATE UNLOGGED TABLE IF NOT EXISTS {} "
                '(key text COLLATE "C" {}, number bigint NOT NULL, line bigint NOT NULL)'
            ).format(self.keys, sql.SQL(unique))
        )

    def has_keys(self, cursor: CursorWrapper) -> bool:
        cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(self.keys))
        row = cursor.fetchone()
        return bool(row and row[0])

    def remember_keys(self, cursor: CursorWrapper, count: int) -> bool:
        """Keep what the staged rows are; says whether some of them may have been there before."""
        if self.identity is None:
            return False
        facts = {"keys": self.keys, "identity": self.identity, "rows": self.rows}
        if self.is_lazy:
            cursor.execute(APPEND_KEYS.format(**facts))
            cursor.execute(COUNT_KEYS.format(**facts))
            (number, different) = cursor.fetchone()
            return bool(number > different)
        cursor.execute(INSERT_KEYS.format(**facts))
        return bool(cursor.rowcount < count)

    def take_doubles(
        self, cursor: CursorWrapper, among: Sequence[int] | None = None
    ) -> list[Double]:
        """Remove from the staged rows (or those `among` them) what was there before; tell which."""
        if self.identity is None:
            return []
        if self.is_lazy:
            cursor.execute(CREATE_INDEX.format(name=self.index, keys=self.keys))
        cursor.execute(
            TAKE_DOUBLES.format(
                rows=self.rows,
                keys=self.keys,
                key=self.key,
                identity=self.identity,
                among=sql.SQL("true")
                if among is None
                else sql.SQL("s._number = ANY({})").format(array(among)),
            )
        )
        return [Double(*row) for row in cursor.fetchall()]

    def take_away(self, cursor: CursorWrapper, numbers: Iterable[int]) -> None:
        cursor.execute(
            sql.SQL("DELETE FROM {} WHERE _number = ANY({})").format(self.rows, array(numbers))
        )

    def keep_only(self, cursor: CursorWrapper, numbers: Iterable[int]) -> None:
        cursor.execute(
            sql.SQL("DELETE FROM {} WHERE NOT _number = ANY({})").format(self.rows, array(numbers))
        )

    def details(self, cursor: CursorWrapper, numbers: Sequence[int]) -> list[tuple[int, int, str]]:
        """(number, line, key) of some staged rows, in the order of the file."""
        cursor.execute(
            sql.SQL(
                "SELECT _number, _line, {} FROM {} WHERE _number = ANY({}) ORDER BY _number"
            ).format(self.key, self.rows, array(numbers))
        )
        return list(cursor.fetchall())


def array(numbers: Iterable[int]) -> sql.Composable:
    """One text: to have psycopg write a long list, it looks at each of its members."""
    return sql.SQL("{}::bigint[]").format(sql.Literal(f"{{{','.join(map(str, numbers))}}}"))


INSERT_KEYS = sql.SQL(
    "INSERT INTO {keys} SELECT {identity}, _number, _line FROM {rows} s "
    "WHERE {identity} IS NOT NULL "
    'ORDER BY {identity} COLLATE "C", _number ON CONFLICT DO NOTHING'
)
APPEND_KEYS = sql.SQL(
    "INSERT INTO {keys} SELECT {identity}, _number, _line FROM {rows} s "
    "WHERE {identity} IS NOT NULL"
)
COUNT_KEYS = sql.SQL("SELECT count({identity}), count(DISTINCT {identity}) FROM {rows} s")
CREATE_INDEX = sql.SQL("CREATE INDEX IF NOT EXISTS {name} ON {keys} (key, number)")
TAKE_DOUBLES = sql.SQL(
    "WITH found AS MATERIALIZED (SELECT s._number, (SELECT k.line FROM {keys} k "
    "WHERE k.key = {identity} AND k.number < s._number ORDER BY k.number LIMIT 1) AS first "
    "FROM {rows} s WHERE {among}), "
    "gone AS (DELETE FROM {rows} s USING found f WHERE f._number = s._number "
    "AND f.first IS NOT NULL RETURNING s._number, s._line, s.{key}, f.first) "
    "SELECT * FROM gone ORDER BY 1"
)


def keys_name(pk: UUID) -> str:
    return f"transfers_keys_{pk.hex}"


def drop_keys(pk: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(keys_name(pk))))


def transfers_with_keys() -> list[UUID]:
    """The transfers whose keys are still kept."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT substring(relname FROM 16) FROM pg_class "
            "WHERE relkind = 'r' AND relname ~ '^transfers_keys_[0-9a-f]{32}$'"
        )
        return [UUID(row[0]) for row in cursor.fetchall()]
