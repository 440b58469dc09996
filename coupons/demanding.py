"""What a delivery asks of a pool: codes for so many messages, usable at certain moments."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet
from psycopg import sql

from coupons.models import Coupon, Shelf

EVERYBODY_ELSE = "*"  # the segment that serves people whose own segment has no codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A message that needs a code, and whom it goes to: what is kept with the code."""

    message: uuid.UUID
    channel: str = ""
    address: str = ""
    target_mapping: str = ""
    target_key: str = ""
    segment: str | None = None  # None: of whichever segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Codes of one coupon for one slot of a delivery's messages.

    `rows` is a SELECT of `message` (a uuid), `channel`, `address`, `target_mapping`, `target_key`
    and `segment`, one row for each message; `rows_of` makes one. It is read once. Either all rows
    have a segment or none has.
    """

    coupon: Coupon
    delivery: str
    rows: sql.Composable
    valid_from: datetime
    valid_until: datetime
    slot: int = 1

    @property
    def table(self) -> sql.Identifier:
        """Where this session keeps who asks."""
        return sql.Identifier(f"coupons_asked_{self.slot}")

    @property
    def left(self) -> sql.Identifier:
        """And who of them has no code of theirs yet."""
        return sql.Identifier(f"coupons_left_{self.slot}")

    @property
    def own(self) -> sql.Identifier:
        """And for whom there is a code that is for nobody else."""
        return sql.Identifier(f"coupons_own_{self.slot}")

    def usable(self) -> QuerySet[Shelf]:
        """Shelves whose codes can be used at all of its moments, those that end first first."""
        shelves = Shelf.objects.filter(coupon=self.coupon, is_proof=False)
        started = Q(start_at=None) | Q(start_at__lte=self.valid_from)
        lasting = Q(end_at=None) | Q(end_at__gt=self.valid_until)
        return shelves.filter(started, lasting).order_by("end_at", "pk")  # no end comes last


def rows_of(recipients: Iterable[Recipient]) -> sql.Composable:
    """These messages as a demand wants them; for many, a SELECT from where they stand is better."""
    people = list(recipients)
    names = ("message", "channel", "address", "target_mapping", "target_key", "segment")
    arrays = [
        sql.SQL("{}::{}[]").format(
            sql.Literal([getattr(each, name) for each in people]),
            sql.SQL("uuid" if name == "message" else "text"),
        )
        for name in names
    ]
    return sql.SQL("SELECT * FROM unnest({}) AS r ({})").format(
        sql.SQL(", ").join(arrays), sql.SQL(", ").join(map(sql.Identifier, names))
    )


STAGE = sql.SQL(
    "CREATE TEMPORARY TABLE {table} AS SELECT (row_number() OVER (ORDER BY segment, message) - 1)"
    "::integer AS number, message, coalesce(channel, '') AS channel,"
    " coalesce(address, '') AS address, coalesce(target_mapping, '') AS target_mapping,"
    " coalesce(target_key, '') AS target_key, segment FROM ({rows}) AS r"
)


def stage(demand: Demand) -> None:
    """Write down who asks, numbered by segment, for as long as this session lasts."""
    unstage(demand)
    with connection.cursor() as cursor:
        cursor.execute(STAGE.format(table=demand.table, rows=demand.rows))
        number_index(demand.table)


def unstage(demand: Demand) -> None:
    with connection.cursor() as cursor:
        for table in (demand.table, demand.left, demand.own):
            cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))


def number_index(table: sql.Identifier) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE UNIQUE INDEX ON {} (number)").format(table))
        cursor.execute(sql.SQL("ANALYZE {}").format(table))


def count_rows(table: sql.Identifier) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(table))
        return int(cursor.fetchone()[0])


def count_by_segment(table: sql.Identifier) -> dict[str | None, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT segment, count(*) FROM {} GROUP BY 1").format(table))
        return dict(cursor.fetchall())


def ranges(table: sql.Identifier) -> list[tuple[str | None, int, int]]:
    """Of each segment the first number, and the one after the last."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "SELECT segment, min(number), max(number) + 1 FROM {} GROUP BY 1 ORDER BY 2"
            ).format(table)
        )
        return list(cursor.fetchall())
