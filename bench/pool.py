"""A pool of a million codes: reserving nine in ten of them, again, and giving them back.

`bench.coupons` runs this in an installation of its own. What it prints is JSON: for each figure
what was measured, its value and unit, what it is held against, and that value.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import django

django.setup()

from django.db import connection, transaction  # noqa: E402 (after the setup)
from django.utils.timezone import now  # noqa: E402
from psycopg import sql  # noqa: E402

from coupons import recycling  # noqa: E402
from coupons.actions.coupons import create_coupon  # noqa: E402
from coupons.checking import check  # noqa: E402
from coupons.demanding import Demand  # noqa: E402
from coupons.issuing import Given, issue  # noqa: E402
from coupons.models import Batch, Coupon, Standing  # noqa: E402
from coupons.reserving import reserve  # noqa: E402
from coupons.stock import free_of  # noqa: E402
from coupons.storing import store_codes  # noqa: E402

CODES = int(os.environ.get("BENCH_CODES", "1000000"))
MESSAGES = CODES * 9 // 10
AT_ONCE = 100_000
SENT = 20_000
MOST_LOCKED = 0.2  # seconds
Figure = tuple[str, float, str, str, float]

# A delivery's messages as its analysis will have written them down.
MESSAGES_TABLE = """
CREATE TABLE bench_message AS
SELECT uuidv7(n * interval '1 ms') AS message, 'email' AS channel,
       'person' || n || '@example.org' AS address, 'contact' AS target_mapping,
       'C-' || lpad(n::text, 8, '0') AS target_key, NULL::text AS segment
FROM generate_series(1, %s) AS n
"""
ROWS = sql.SQL(
    "SELECT message, channel, address, target_mapping, target_key, segment FROM bench_message"
)
# What one statement needs at the least: the same rows in the same table, with all that guards it.
RAW = """
INSERT INTO coupons_standing (code_id, coupon_id, shelf_id, status, delivery, message, slot,
    channel, address, target_mapping, target_key, reserved_at, changed_at)
SELECT c.id, c.coupon_id, c.shelf_id, 'reserved', 'RAW', m.message, 1, m.channel, m.address,
       m.target_mapping, m.target_key, now(), now()
FROM (SELECT c.*, row_number() OVER (ORDER BY c.id) AS n FROM coupons_code c
      WHERE coupon_id = %(coupon)s
        AND NOT EXISTS (SELECT FROM coupons_standing t WHERE t.code_id = c.id)
      ORDER BY c.id LIMIT %(count)s) c
JOIN (SELECT m.*, row_number() OVER () AS n FROM bench_message m) m ON m.n = c.n
"""
RAW_ISSUE = """
UPDATE coupons_standing SET status = 'issued', issued_at = now(), changed_at = now()
WHERE coupon_id = %(coupon)s AND status = 'reserved'
"""
RAW_BACK = "DELETE FROM coupons_standing WHERE coupon_id = %(coupon)s AND status = 'reserved'"


def main() -> None:
    pool = make_pool("POOL")
    with connection.cursor() as cursor:
        cursor.execute(MESSAGES_TABLE, [MESSAGES])
        cursor.execute("VACUUM ANALYZE coupons_code")
        cursor.execute("VACUUM ANALYZE bench_message")
    raw, raw_back = raw_seconds(pool)
    settle()
    for figure in (*reserving(pool, raw, raw_back), *exactness(pool), *issuing(pool)):
        print(json.dumps(figure), flush=True)


def make_pool(code: str) -> Coupon:
    pool = create_coupon({"label": code, "type": "individual"}, code=code, by=None, at=now())
    batch = Batch.objects.create(coupon=pool, origin="import", created_at=now())
    for first in range(0, CODES, AT_ONCE):
        numbers = sql.SQL("generate_series({}, {}) AS n").format(
            sql.Literal(first), sql.Literal(min(CODES, first + AT_ONCE) - 1)
        )
        rows = sql.SQL(
            "SELECT {coupon}::bigint AS coupon_id, {batch}::bigint AS batch_id,"
            " upper(substr(md5(n::text), 1, 12)) || n AS code,"
            " upper(substr(md5(n::text), 1, 12)) || n AS code_norm, NULL AS label,"
            " NULL AS segment, NULL::timestamptz AS start_at, NULL::timestamptz AS end_at,"
            " NULL::integer AS max_redemptions, NULL AS restricted_to, NULL AS external_id,"
            " NULL::jsonb AS attributes FROM {numbers}"
        ).format(coupon=sql.Literal(pool.pk), batch=sql.Literal(batch.pk), numbers=numbers)
        with transaction.atomic(), connection.cursor() as cursor:
            store_codes(cursor, rows)
    return pool


def raw_seconds(pool: Coupon) -> tuple[float, float]:
    """One statement without a reservation, in one transaction, with the same constraints, triggers
    and ledger; and its undoing."""
    values = {"coupon": pool.pk, "count": MESSAGES}

    def run(statement: str) -> None:
        with transaction.atomic():
            moved(statement, values)

    return seconds(lambda: run(RAW)), seconds(lambda: run(RAW_BACK))


def moved(statement: str, values: dict[str, int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO coupons_movement (kind, coupon_id, at, delivery, reason)"
            " VALUES ('reserve', %(coupon)s, now(), 'RAW', '') RETURNING"
            " set_config('coupons.movement', id::text, true)",
            values,
        )
        cursor.execute(statement, values)


def settle() -> None:
    """Nobody pays for what was before."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE coupons_standing")
        cursor.execute("CHECKPOINT")


def seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def reserving(pool: Coupon, raw: float, raw_back: float) -> Iterator[Figure]:
    def analyse() -> None:
        asked = Demand(coupon=pool, delivery="DM1", rows=ROWS, valid_from=now(), valid_until=now())
        reserve([asked], by=None, at=now())

    with Watch(pool) as watch:
        first = seconds(analyse)
    with_raw = f"one SQL statement for the same {MESSAGES:,} rows"
    yield f"reserve {MESSAGES:,} codes of {CODES:,}", first, "s", with_raw, raw
    yield "the same", first, "s", "what it may take", 60
    yield "a shelf was locked for, at the longest", watch.longest, "s", "it may be", MOST_LOCKED
    yield "memory of the process", memory(), "MB", "what it may take", 300
    settle()
    with Watch(pool) as watch:
        again = seconds(analyse)
    yield "the same delivery again, all keep theirs", again, "s", with_raw, raw
    yield "a shelf was locked for, at the longest", watch.longest, "s", "it may be", MOST_LOCKED
    settle()
    back = seconds(
        lambda: recycling.give_back_delivery("DM1", reason="cancelled", by=None, at=now())
    )
    yield f"give {MESSAGES:,} codes back", back, "s", "one DELETE of the same rows", raw_back


def exactness(pool: Coupon) -> Iterator[Figure]:
    if free_of(pool) != CODES or Standing.objects.exists():
        raise RuntimeError("not all codes came back")
    if drifts := check(pool):
        raise RuntimeError(f"counts drifted: {drifts[:3]}")
    yield "counts that drifted", 0.0, "", "there may be", 0.0


def issuing(pool: Coupon) -> Iterator[Figure]:
    """Codes that tills may use afterwards: they are written to BENCH_ISSUED, one a line."""
    count, at_once = min(SENT, MESSAGES), 1_000
    some = sql.SQL("{} LIMIT {}").format(ROWS, sql.Literal(count))
    asked = Demand(coupon=pool, delivery="DM2", rows=some, valid_from=now(), valid_until=now())
    reserve([asked], by=None, at=now())
    messages = list(Standing.objects.order_by("pk").values_list("message", flat=True))
    given: list[dict[int, Given]] = []

    def send() -> None:
        for first in range(0, count, at_once):
            with transaction.atomic():
                chunk = [each for each in messages[first : first + at_once] if each]
                given.extend(issue(chunk, slots=[1], by=None, at=now()).codes.values())

    values = {"coupon": pool.pk}
    with transaction.atomic():
        raw = seconds(lambda: moved(RAW_ISSUE, values))
        transaction.set_rollback(True)
    what = f"assign {count:,} codes, {at_once:,} at a time, and read them"
    yield what, seconds(send), "s", "one UPDATE of the same rows", raw
    codes = [slots[1].code for slots in given]
    Path(os.environ["BENCH_ISSUED"]).write_text("\n".join(codes))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE coupons_standing")


class Watch:
    """Somebody else who wants the pool's shelf all the time, and how long they had to wait."""

    def __init__(self, pool: Coupon) -> None:
        self.pool = pool
        self.longest = 0.0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.look)

    def __enter__(self) -> "Watch":
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop.set()
        self.thread.join()

    def look(self) -> None:
        statement = "SELECT FROM coupons_shelf WHERE coupon_id = %s FOR NO KEY UPDATE"
        try:
            while not self.stop.wait(0.05):
                began = time.monotonic()
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(statement, [self.pool.pk])
                self.longest = max(self.longest, time.monotonic() - began)
        finally:
            connection.close()


def memory() -> float:
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
