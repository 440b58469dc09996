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

from bench.figures import Figure
from bench.imports import connection, watched
from bench.installation import Installation, running

ROWS = int(os.environ.get("BENCH_CODES", "1000000"))
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
POOLS = """
from django.utils.timezone import now
from coupons.actions.coupons import create_coupon
for code in ("FILE", "MADE"):
    create_coupon({"label": code, "type": "individual"}, code=code, by=None, at=now())
"""
BARE = """
DROP TABLE IF EXISTS bench_codes;
CREATE TABLE bench_codes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    coupon_id bigint NOT NULL DEFAULT 1, code varchar(64) NOT NULL,
    code_norm varchar(64) COLLATE "C" NOT NULL, UNIQUE (coupon_id, code_norm));
CREATE UNIQUE INDEX ON bench_codes (code_norm);
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
        target = Path(room) / "out.csv"
        began = time.monotonic()
        words = ("export", "codes", "--coupon", "FILE", "--output", str(target), "--json")
        out, held_leaving = watched(installation, *words)
        leaving = time.monotonic() - began
    counts = (done["inserted"], made["inserted"], again["ignored"], out["rows"])
    if counts != (ROWS,) * 4:
        raise RuntimeError(f"not all codes arrived: {counts}")
    bare = f"COPY of the same {ROWS:,} codes into a table with the same unique indexes"
    yield Figure("import of codes", done["seconds"], "s", bare, copied)
    yield Figure("as many made by a pattern", made["seconds"], "s", bare, copied)
    yield Figure("the same file again, all ignored", again["seconds"], "s", bare, copied)
    yield Figure("export, the start of the command included", leaving, "s", "COPY out", left)
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
