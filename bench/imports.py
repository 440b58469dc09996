"""Importing contacts: beside a bare COPY of the same rows into the same table, with its indexes.

Rows and columns by `BENCH_IMPORT_ROWS`; the table is emptied between the two.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from bench.figures import Figure
from bench.installation import ROOT, Installation, running
from offers_site.embedded.places import Places

ROWS = int(os.environ.get("BENCH_IMPORT_ROWS", "1000000"))
COLUMNS = (
    "key;email;phone;first_name;last_name;birth_date;language;timezone;address1;postcode;city;"
    "country;email_opt_out;sms_opt_out;post_opt_out"
)
FIRST = [
    "anne",
    "bruno",
    "chloe",
    "david",
    "elise",
    "fabien",
    "gaelle",
    "hugo",
    "ines",
    "jules",
    "karim",
    "lea",
    "mehdi",
    "nina",
]
LAST = [
    "martin",
    "durand",
    "bernard",
    "lefebvre",
    "moreau",
    "simon",
    "laurent",
    "girard",
    "roussel",
    "fontaine",
]


def measure() -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory(prefix="overture-bench-") as room,
        running("--workers", "1") as installation,
    ):
        path = Path(room) / "contacts.csv"
        write_rows(path)
        copied = bare_copy(installation, path)
        empty(installation)
        result, memory = imported(installation, path)
        again, _memory = imported(installation, path, "--on-duplicate", "ignore")
    if result["inserted"] != ROWS or again["ignored"] != ROWS:
        raise RuntimeError(f"not all rows arrived: {result} {again}")
    bare = f"COPY of the same {ROWS:,} rows into the same indexed table"
    yield Figure("import, 15 columns", result["seconds"], "s", bare, copied)
    yield Figure("the same file again, all ignored", again["seconds"], "s", bare, copied)
    yield Figure("memory of the worker at its most", memory, "MB", "what it may take", 300)


def write_rows(path: Path) -> None:
    """Keys in no order, as files from elsewhere have them."""
    chance = random.Random(7)  # noqa: S311 (no secret)
    numbers = list(range(ROWS))
    chance.shuffle(numbers)
    with path.open("w", encoding="utf-8") as file:
        file.write(COLUMNS + "\n")
        for n in numbers:
            first, last = chance.choice(FIRST), chance.choice(LAST)
            file.write(
                f"C-{n:07d};{first}.{last}{n}@example.org;+336{n:08d};{first.title()};"
                f"{last.title()};{1940 + n % 70}-{1 + n % 12:02d}-{1 + n % 28:02d};"
                f"{'fr' if n % 3 else 'en-GB'};Europe/Paris;{n % 200} rue de la Paix;"
                f"{10000 + n % 89999};Ville {n % 3000};{'FR' if n % 5 else 'BE'};"
                f"{'true' if n % 50 == 0 else 'false'};false;false\n"
            )


def connection(installation: Installation) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host=str(Places(installation.data).sockets), user="overture", dbname="overture"
    )


def bare_copy(installation: Installation, path: Path) -> float:
    """Seconds of one COPY, with the address in its normal form as the product keeps it."""
    names = COLUMNS.replace(";", ", ") + ", phone_opt_out, email_normal"
    with connection(installation) as link, link.cursor() as cursor:
        rows = path.with_suffix(".copy")
        with path.open() as source, rows.open("w") as target:
            next(source)
            for line in source:
                target.write(f"{line[:-1]};false;{line.split(';', 2)[1]}\n")
        began = time.monotonic()
        statement = f"COPY contacts_contact ({names}) FROM STDIN (FORMAT csv, DELIMITER ';')"
        with rows.open("rb") as source, cursor.copy(statement) as copy:
            while block := source.read(1 << 20):
                copy.write(block)
        link.commit()
        seconds = time.monotonic() - began
        rows.unlink()
    return seconds


def empty(installation: Installation) -> None:
    with connection(installation) as link:
        link.execute("TRUNCATE contacts_contact CASCADE")
        link.commit()
        link.autocommit = True
        link.execute("CHECKPOINT")


def imported(
    installation: Installation, path: Path, *options: str
) -> tuple[dict[str, float], float]:
    return watched(installation, "import", "contacts", str(path), *options, "--json")


def watched(installation: Installation, *words: str) -> tuple[dict[str, float], float]:
    """What a command says, and the megabytes that it held at its most."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), *words],
        env=installation.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    most = 0
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        if status.exists():
            most = max(most, high_water(status))
        time.sleep(0.2)
    output = process.stdout.read() if process.stdout else b""
    most = most or max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    return json.loads(output.splitlines()[-1]), most / 1024


def high_water(status: Path) -> int:
    """The kilobytes that a process has held at its most; Linux says so."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
