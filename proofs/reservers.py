"""A process that reserves codes, for `proofs.reservations`: what it got, a line of JSON each time.

`POOL NAME DELIVERY ROUNDS`: so many rounds with the sizes that leave exactly one ready, and as many
by chance, each begun together with whoever else is at the same pool, and all given back after it.
With `--need`, once and at once.
"""

import argparse
import json
import random
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402

from coupons import recycling  # noqa: E402
from coupons.demanding import Demand, Recipient, rows_of  # noqa: E402
from coupons.models import Coupon, Standing  # noqa: E402
from coupons.obstacles import Insufficient  # noqa: E402
from coupons.reserving import reserve  # noqa: E402

FIXED = [(15, 10), (12, 8)]


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("pool", "name", "delivery"):
        parser.add_argument(name)
    parser.add_argument("rounds", type=int)
    parser.add_argument("--need", type=int)
    parser.add_argument("--patience", type=float, default=60.0)
    asked = parser.parse_args()
    pool = Coupon.objects.get(code=asked.pool)
    if asked.need:
        print(json.dumps(ask(pool, asked.delivery, asked.need, asked.patience)), flush=True)
        return
    # the same chance in both, so that each knows what it asks for and they differ
    chance = random.Random(asked.pool)  # noqa: S311 (no secret)
    for number in range(2 * asked.rounds):
        sizes = FIXED[number % 2]
        if number >= asked.rounds:
            sizes = (chance.randint(1, 20), chance.randint(1, 20))
        meet(asked.pool, 2 * number, asked.name)
        got = ask(pool, asked.delivery, sizes["AB".index(asked.name)], asked.patience)
        print(json.dumps(got), flush=True)
        meet(asked.pool, 2 * number + 1, asked.name)
        recycling.give_back_delivery(asked.delivery, reason="proof", by=None, at=now())


def ask(pool: Coupon, delivery: str, need: int, patience: float) -> dict[str, Any]:
    people = [Recipient(message=uuid.uuid4(), target_key=f"C-{n}") for n in range(need)]
    demand = Demand(
        coupon=pool, delivery=delivery, rows=rows_of(people), valid_from=now(), valid_until=now()
    )
    told: dict[str, Any] = {"delivery": delivery, "need": need, "codes": [], "usable": None}
    try:
        reserve([demand], by=None, at=now(), patience=patience)
    except Insufficient as refusal:
        (shortage,) = refusal.shortages
        return told | {"usable": shortage.usable, "held": dict(shortage.held)}
    mine = Standing.objects.filter(delivery=delivery, status="reserved")
    return told | {"codes": list(mine.values_list("code", flat=True))}


def meet(pool: str, turn: int, name: str) -> None:
    """Go on when the other one is here as well."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO proof_turn VALUES (%s, %s, %s)", [pool, turn, name])
        there = 0
        while there < 2:
            cursor.execute(
                "SELECT count(*) FROM proof_turn WHERE pool = %s AND turn = %s", [pool, turn]
            )
            (there,) = cursor.fetchone()
            time.sleep(0.001)


def now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
