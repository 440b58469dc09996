"""Deliveries that reserve from one pool at the same moment, and one whose worker is killed.

Four processes in two pairs. A pair asks for codes of its pool of twenty again and again, at the
same moment: never the same code for two, never a shortage that is none, never a code too few.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

import psycopg

from proofs.imports import ROWS, SMALL
from proofs.installation import ROOT, Installation, environment, must, wait_for

SECONDS = 600
ROUNDS = 100 if ROWS >= SMALL else 20  # of each pair, and each kind
LARGE = 200_000 if ROWS >= SMALL else 20_000
DEAD = 8, 10  # tenths of the large pool that the killed one asked for, and that there are
PATIENCE = "75"  # seconds; a worker is taken for dead after 45
POOLS = """
from datetime import UTC, datetime
from django.db import connection, transaction
from psycopg import sql
from coupons.actions.coupons import create_coupon
from coupons.models import Batch
from coupons.storing import store_codes
at = datetime.now(UTC)
for name, count in (("ONE", 20), ("TWO", 20), ("LARGE", {large})):
    pool = create_coupon({{"label": name, "type": "individual"}}, code=name, by=None, at=at)
    batch = Batch.objects.create(coupon=pool, origin="import", created_at=at)
    rows = sql.SQL(
        "SELECT {{0}}::bigint AS coupon_id, {{1}}::bigint AS batch_id, {{2}} || n AS code,"
        " {{2}} || n AS code_norm, NULL AS label, NULL AS segment, NULL::timestamptz AS start_at,"
        " NULL::timestamptz AS end_at, NULL::int AS max_redemptions, NULL AS restricted_to,"
        " NULL AS external_id, NULL::jsonb AS attributes FROM generate_series(1, {{3}}) AS n"
    ).format(*map(sql.Literal, (pool.pk, batch.pk, name, count)))
    with transaction.atomic(), connection.cursor() as cursor:
        store_codes(cursor, rows)
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE proof_turn (pool text, turn int, name text)")
"""


def prove(make: Callable[[str], Installation]) -> str:
    here = make("reservations")
    here.start()
    run(here, "shell", "-v0", "-c", POOLS.format(large=LARGE))
    both = [
        asker(here, pool, name, f"{pool}-{name}", str(ROUNDS))
        for pool in ("ONE", "TWO")
        for name in "AB"
    ]
    told = {
        name: answer(process) for name, process in zip(("1A", "1B", "2A", "2B"), both, strict=True)
    }
    for pair in (("1A", "1B"), ("2A", "2B")):
        for first, second in zip(*(told[name] for name in pair), strict=True):
            must_be_fair(first, second)
    killed_after = prove_death(here)
    run(here, "coupons", "check")
    here.stop()
    return (
        f"{2 * 2 * ROUNDS} times two deliveries at once from 20 codes: none twice, no false "
        f"shortage; killed with {killed_after:,} of {wanted_by_the_dead():,} codes bound, all came "
        f"back; nothing drifted"
    )


def must_be_fair(first: dict[str, object], second: dict[str, object]) -> None:
    """The two together have what there is: both, where it is enough, and else exactly one."""
    told = f"{first} {second}"
    needs = [int(str(each["need"])) for each in (first, second)]
    codes = [list(each["codes"]) for each in (first, second)]  # type: ignore[call-overload]
    for need, got in zip(needs, codes, strict=True):
        must(len(got) in {0, need} and len(set(got)) == len(got), f"not all, and not none: {told}")
    must(not set(codes[0]) & set(codes[1]), f"the same code for two: {told}")
    if sum(needs) <= 20:
        must(codes[0] and codes[1], f"a false shortage: {told}")
        return
    must(bool(codes[0]) != bool(codes[1]), f"not exactly one: {told}")
    loser, winner = (second, first) if codes[0] else (first, second)
    left = 20 - int(str(winner["need"]))
    must(loser["usable"] == left, f"usable is not {left}: {told}")
    must(loser["held"] == {winner["delivery"]: winner["need"]}, f"who has them: {told}")


def wanted_by_the_dead() -> int:
    return LARGE * DEAD[0] // DEAD[1]


def prove_death(here: Installation) -> int:
    """A worker dies while it binds; the next delivery is told who has the codes, or waits."""
    wanted = wanted_by_the_dead()
    with here.database() as database:
        with here.paced("coupons_standing") as step:

            def has_begun() -> bool:
                step()
                return bound(database) > 0

            victim = asker(here, "LARGE", "A", "DEAD", "0", "--need", str(wanted))
            wait_for(has_begun, 60, "nothing was bound")
            victim.kill()
            victim.wait()
        had = bound(database)
        must(had < wanted, "it was too quick to be killed")
        more = str(LARGE // 2)
        at_once = answer(asker(here, "LARGE", "B", "B", "0", "--need", more, "--patience", "0"))[0]
        must(
            (at_once["usable"], at_once["held"]) == (LARGE - wanted, {"DEAD": wanted}),
            f"what was told right after: {at_once}",
        )
        began = time.monotonic()
        waited = answer(
            asker(here, "LARGE", "B", "B", "0", "--need", more, "--patience", PATIENCE)
        )[0]
        must(len(list(waited["codes"])) == LARGE // 2, f"it waited in vain: {waited}")  # type: ignore[call-overload]
        must(time.monotonic() - began < 75, "it waited for too long")
        left = database.execute(
            "SELECT count(*) FROM coupons_standing WHERE delivery = 'DEAD'"
        ).fetchone()
        must(left == (0,), f"the dead one has {left} codes still")
    return had


def bound(database: psycopg.Connection[tuple[object, ...]]) -> int:
    found = database.execute("SELECT count(*) FROM coupons_standing WHERE delivery = 'DEAD'")
    row = found.fetchone()
    database.commit()
    return int(str(row[0])) if row else 0


def asker(here: Installation, *words: str) -> subprocess.Popen[str]:
    """A process that reserves; see `proofs.reservers`."""
    settings = {"OVERTURE_DATA_DIR": str(here.data), "LOG_LEVEL": "ERROR"}
    settings["DJANGO_SETTINGS_MODULE"] = "offers_site.settings"
    return subprocess.Popen(
        [sys.executable, "-m", "proofs.reservers", *words],
        cwd=ROOT,
        env=environment() | settings,
        stdout=subprocess.PIPE,
        stderr=None if os.environ.get("PROOF_LOUD") else subprocess.DEVNULL,
        text=True,
    )


def answer(process: subprocess.Popen[str]) -> list[dict[str, object]]:
    said, _nothing = process.communicate(timeout=SECONDS)
    must(process.returncode == 0, f"exit status {process.returncode}: {said[-500:]}")
    return [json.loads(line) for line in said.splitlines()]


def run(here: Installation, *words: str) -> None:
    command = here.command(*words)
    said, _nothing = command.communicate(timeout=300)
    must(command.returncode == 0, f"exit status {command.returncode}: {said}")
