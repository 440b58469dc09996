"""An import whose worker is killed three times ends by itself: exact, nothing doubled or lost."""

import random
import time

from proofs.imports import MOST_MEMORY, ROWS, Imports, Memory, Rows, kill_at, settings
from proofs.installation import Installation, must

SECONDS = 1800
KILLS = 3
# The rows of a file that are wrong.
BAD = frozenset({ROWS // 10, ROWS // 2, ROWS * 9 // 10})


def prove_killed(here: Installation, rows: Rows) -> str:
    here.settings = settings(rows)
    here.start()
    imports, memory = Imports(here, rows), Memory(here)
    path = here.data.with_suffix(".csv")
    bad = rows.write(path)

    began = time.monotonic()
    job = imports.send(path, rows)
    sent = time.monotonic() - began
    chance, at, away = random.Random(), 0, 0.0  # noqa: S311 (no secret)
    for number in range(KILLS):
        wanted = at + chance.randrange(ROWS // 20, ROWS // 5)
        last = number == KILLS - 1
        with here.paced(rows.table) as step:
            at = kill_at(imports, memory, job, wanted, step=step, all_of_them=last)
        killed = time.monotonic()
        while imports.read(job)["state"] != "running" or imports.read(job)["read"] <= at:
            must(time.monotonic() < killed + 120, "nobody went on for 120 s")
            time.sleep(0.05)
        away += time.monotonic() - killed
    (said,) = imports.wait([job], memory, SECONDS)
    seconds = time.monotonic() - began

    expected = {"inserted": ROWS - 3, "rejected": 3, "read": ROWS}
    expected |= dict.fromkeys(("updated", "unchanged", "ignored", "blank"), 0)
    must(said["state"] == "finished_with_rejects", f"it ended as {said}")
    must({name: said[name] for name in expected} == expected, f"the counters are off: {said}")
    refused = imports.lines_refused(job)
    must(refused == [(line, rows.fault) for line in bad], f"refused: {refused}, not {bad}")
    imports.must_hold(rows)

    again = imports.send(path, rows, on_duplicate="ignore")
    (said,) = imports.wait([again], memory, SECONDS)
    expected |= {"inserted": 0, "ignored": ROWS - 3}
    must({name: said[name] for name in expected} == expected, f"sent again: {said}")
    must(memory.most < MOST_MEMORY, f"a worker held {memory.most:.0f} MB")
    return (
        f"{ROWS:,} rows: {seconds:.0f} s, of which {away:.0f} s without a worker and {sent:.0f} s "
        f"of sending; a worker held {memory.most:.0f} MB; sent again: {said['seconds']:.0f} s"
    )
