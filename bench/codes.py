"""Codes of coupons: a file of them, as many made by a pattern, and all of them out again.

Beside each stands a bare COPY, into a table with the same unique indexes, or out of one. Rows by
`BENCH_CODES`.
"""

import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.imports import connection, watched
from bench.installation import Installation, running

ROWS = int(os.environ.get("BENCH_CODES", "1000000"))
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
POOLS = """
from django.utils.timezone import now
from coupons.actions.coupons import create_coupon
for code in ("FILE", "MADE", "NONE"):
    create_coupon({"label": code, "type": "individual"}, code=code, by=None, at=now())
"""
BARE = """
DROP TABLE IF EXISTS bench_codes;
CREATE TABLE bench_codes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    coupon_id bigint NOT NULL DEFAULT 1, code varchar(64) NOT NULL,
    code_norm varchar(64) COLLATE "C" NOT NULL, UNIQUE (coupon_id, code_norm));
CREATE UNIQUE INDEX ON bench_codes (code_norm);
"""
STORED = """
COPY (SELECT c.code, t.code, t.label, t.restricted_to, t.external_id, h.segment, h.start_at,
    h.end_at, t.max_redemptions, n.status, n.redeemed_on, n.last_redeemed_on, n.redemption_count,
    n.channel, n.address, n.delivery, n.message, n.issued_at, b.label, b.origin, b.id
    FROM coupons_code t JOIN coupons_coupon c ON c.id = t.coupon_id
    JOIN coupons_shelf h ON h.id = t.shelf_id JOIN coupons_batch b ON b.id = t.batch_id
    LEFT JOIN coupons_standing n ON n.code_id = t.id WHERE c.code = 'FILE' ORDER BY t.id)
TO STDOUT (FORMAT csv)
"""


def measure() -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory(prefix="overture-bench-") as room,
        running("--workers", "1") as installation,
    ):
        path = Path(room) / "codes.csv"
        write_codes(path)
        installation.command("shell", "-v0", "-c", POOLS)
        copied = bare_copy(installation, path)
        left = bare_copy_out(installation)
        done, held = watched(
            installation, "import", "codes", str(path), "--coupon", "FILE", "--json"
        )
        made, held_making = watched(
            installation,
            *("generate", "codes", "--coupon", "MADE", "--count", str(ROWS)),
            *("--pattern", "SOCCER-####-####-##", "--json"),
        )
        again, _held = watched(
            installation,
            *("import", "codes", str(path), "--coupon", "FILE", "--on-duplicate", "ignore"),
            "--json",
        )
        stored = stored_copy_out(installation)
        nothing, _none, _held = export(installation, "NONE", Path(room))
        whole, out, held_leaving = export(installation, "FILE", Path(room))
    counts = (done["inserted"], made["inserted"], again["ignored"], out["rows"])
    if counts != (ROWS,) * 4:
        raise RuntimeError(f"not all codes arrived: {counts}")
    bare = f"COPY of the same {ROWS:,} codes into a table with the same unique indexes"
    yield Figure("import of codes", done["seconds"], "s", bare, copied)
    yield Figure("as many made by a pattern", made["seconds"], "s", bare, copied)
    yield Figure("the same file again, all ignored", again["seconds"], "s", bare, copied)
    yield Figure("export, as a command", whole, "s", "COPY out of the table of codes alone", left)
    beside = "COPY of the same rows as they are stored"
    yield Figure("export, without the start of the command", whole - nothing, "s", beside, stored)
    most = max(held, held_making, held_leaving)
    yield Figure("memory of a worker at its most", most, "MB", "what it may take", 300)


def write_codes(path: Path) -> None:
    """In no order, as files from elsewhere have them."""
    chance = random.Random(7)  # noqa: S311 (no secret)
    codes: dict[str, None] = {}
    while len(codes) < ROWS:
        codes["".join(chance.choices(ALPHABET, k=10))] = None
    with path.open("w", encoding="utf-8") as file:
        file.write("code\n")
        file.writelines(f"{code}\n" for code in codes)


def bare_copy(installation: Installation, path: Path) -> float:
    """Seconds of one COPY of each code, and of how it is compared."""
    rows = path.with_suffix(".copy")
    with path.open() as source, rows.open("w") as target:
        next(source)
        target.writelines(f"{line[:-1]};{line}" for line in source)
    with connection(installation) as link, link.cursor() as cursor:
        cursor.execute(BARE)
        link.commit()
        began = time.monotonic()
        statement = "COPY bench_codes (code, code_norm) FROM STDIN (FORMAT csv, DELIMITER ';')"
        with rows.open("rb") as source, cursor.copy(statement) as copy:
            while block := source.read(1 << 20):
                copy.write(block)
        link.commit()
        seconds = time.monotonic() - began
    rows.unlink()
    return seconds


def export(installation: Installation, coupon: str, room: Path) -> tuple[float, Any, float]:
    """Seconds of a whole command, what it told, and the memory that it held."""
    began = time.monotonic()
    words = ("export", "codes", "--coupon", coupon, "--output", str(room / "out.csv"), "--json")
    told, held = watched(installation, *words)
    return time.monotonic() - began, told, held


def stored_copy_out(installation: Installation) -> float:
    """Seconds of one COPY of all that the export tells of the codes of one coupon."""
    with connection(installation) as link, link.cursor() as cursor:
        began = time.monotonic()
        with cursor.copy(STORED) as copy:
            size = sum(len(block) for block in copy)
        return time.monotonic() - began if size else float("nan")


def bare_copy_out(installation: Installation) -> float:
    """Seconds of one COPY of all codes out of there."""
    with connection(installation) as link, link.cursor() as cursor:
        began = time.monotonic()
        with cursor.copy("COPY bench_codes TO STDOUT") as copy:
            size = sum(len(block) for block in copy)
        seconds = time.monotonic() - began
        cursor.execute("DROP TABLE bench_codes")
        link.commit()
    return seconds if size else float("nan")
