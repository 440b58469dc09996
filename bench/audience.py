"""A million contacts and two hundred offers: two offers decided and stored for everybody.

`bench.populations` runs this in an installation of its own. What it prints is JSON: for each figure
what was measured, its seconds, what it is held against, and its seconds.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django

django.setup()

from django.db import connection  # noqa: E402 (after the setup)
from django.utils.timezone import now  # noqa: E402

from bench.crowd import ATTRIBUTES, COUNT, OFFERS, package  # noqa: E402
from bench.installation import ROOT  # noqa: E402
from contacts import columns  # noqa: E402
from contacts.actions.attributes import declare_attribute  # noqa: E402

PEOPLE = int(os.environ.get("BENCH_CONTACTS", "1000000"))
WORKERS = (1, 2, 4)
# What everybody had in the month before, so that there is something to read.
HISTORY = """
INSERT INTO decisioning_proposition (id, environment_id, contact_id, at, changed_at, status, rank,
    weight, is_fallback, offer, space, channel, slot, category, category_path, context,
    identification, destination_url, data)
SELECT (left(decisioning_first_id(now() - interval '8 days')::text, 13) || '-7'
        || right(gen_random_uuid()::text, 21))::uuid,
    e.id, c.id, now() - interval '8 days', now() - interval '8 days', 1, 1, 10, false,
    'O' || c.id %% 200, 'hero', 'web', 'hero', 'c' || c.id %% 8, 'c' || c.id %% 8, 'All',
    'explicit', '', '{}'
FROM contacts_contact c, catalog_environment e
"""
RESULTS = "decisioning_interaction, decisioning_clock, decisioning_capuse, decisioning_captotaluse"


def main() -> None:
    fill()
    first = decided(1)
    floor = bare()
    beside = "the contacts read out and the same propositions in by COPY"
    for number in WORKERS:
        seconds = first if number == 1 else decided(number)
        what = f"{COUNT} of {OFFERS} offers for {PEOPLE:,} contacts, {number} workers"
        print(json.dumps([what, seconds, beside, floor]), flush=True)


def fill() -> None:
    """People made by the server itself, a catalogue that is live, and some history."""
    for name, kind, _value in ATTRIBUTES:
        declare_attribute(name=name, label=name, type=kind, by=None, at=now())
    known = columns.known()
    placed = ", ".join(known[name].column for name, _kind, _value in ATTRIBUTES)
    values = ", ".join(value for _name, _kind, value in ATTRIBUTES)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contacts_contact (key, email, email_normal, first_name, last_name,"
            f" birth_date, language, country, {placed})"
            " SELECT 'C-' || lpad(n::text, 8, '0'), email, email, 'Ada', 'Martin ' || n %% 5000,"
            " date '1940-01-01' + (n * 31) %% 25000, 'en',"
            f" (ARRAY['FR','BE','CH','DE'])[1 + n %% 4], {values}"
            " FROM (SELECT n, 'person' || n || '@example.org' AS email"
            " FROM generate_series(1, %s) AS n) AS people",
            [PEOPLE],
        )
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(package(PEOPLE), file)
        file.flush()
        manage("user", "create", "ada@example.org", "--role", "administrator")
        manage("catalog", "apply", file.name, "--publish", "--by", "ada@example.org")
    with connection.cursor() as cursor:
        cursor.execute(HISTORY.replace("%%", "%"))
    settle()


def settle() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def manage(*words: str) -> str:
    command = [sys.executable, "-W", "ignore", str(ROOT / "manage.py"), *words]
    return subprocess.check_output(command, text=True)


def decided(workers: int) -> float:
    """Seconds that a run takes, from the job's start to its end, and nothing of it before."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {RESULTS}")
        cursor.execute("DELETE FROM decisioning_captotal")
        cursor.execute("DELETE FROM decisioning_proposition WHERE interaction IS NOT NULL")
    settle()
    said = manage(
        *("decide", "--audience", "true", "--space", "hero", "--record", "--json"),
        *("--workers", str(workers)),
    )
    told = json.loads(said.splitlines()[-1])
    if told["people"] != PEOPLE or told["state"] != "finished":
        raise RuntimeError(said)
    return float(told["seconds"])


def bare() -> float:
    """Seconds to read the same columns of everybody and to write the same propositions."""
    wanted = "SELECT c.id, c.key, c.birth_date, c.country, c.language" + "".join(
        f", c.{columns.known()[name].column}" for name, _kind, _value in ATTRIBUTES
    )
    made = "SELECT * FROM decisioning_proposition WHERE interaction IS NOT NULL"
    with tempfile.TemporaryDirectory() as room, connection.cursor() as cursor:
        rows = Path(room) / "rows"
        with rows.open("wb") as file, cursor.copy(f"COPY ({made}) TO STDOUT") as out:
            for block in out:
                file.write(block)
        cursor.execute("DELETE FROM decisioning_proposition WHERE interaction IS NOT NULL")
        settle()
        began = time.perf_counter()
        with cursor.copy(f"COPY ({wanted} FROM contacts_contact c) TO STDOUT") as out:
            for _block in out:
                pass
        into = "COPY decisioning_proposition FROM STDIN"
        with rows.open("rb") as file, cursor.copy(into) as copy:
            while block := file.read(1 << 20):
                copy.write(block)
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
