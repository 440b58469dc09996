"""A file of codes, and codes being made, whose workers are killed: exact all the same."""

import contextlib
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import psutil
import psycopg

from proofs.imports import ROWS, Codes, Memory, workers
from proofs.installation import Installation, must, wait_for
from proofs.killing import BAD, prove_killed

MAKE = """
from django.utils.timezone import now
from coupons.actions.generating import start_generating
from coupons.models import Coupon
print(start_generating(Coupon.objects.get(code="SOC"), {count}, by=None, at=now()).job.pk)
"""
LOOK = """
import json
from coupons.checking import check
from coupons.models import Batch, Code, Coupon
from coupons.stock import stock_of
batch = Batch.objects.get(origin="generation")
codes = Code.objects.filter(batch=batch)
told = dict(made=batch.made, done=batch.job.done, state=batch.job.state, rows=codes.count(),
    different=codes.values("code_norm").distinct().count(), drifts=len(check()),
    total=stock_of(Coupon.objects.get(code="SOC"))["total"])
print(json.dumps(told))
"""
KILLS = 3
SECONDS = 3600


def prove(make: Callable[[str], Installation]) -> str:
    here = make("codes")
    imported = prove_killed(here, Codes(ROWS, BAD))
    made = prove_generation(here)
    here.stop()
    return f"{imported}; {made}"


def prove_generation(here: Installation) -> str:
    memory = Memory(here)
    began = time.monotonic()
    job = asked(here, MAKE.format(count=ROWS)).strip()
    for number in range(1, KILLS + 1):
        wait_for(partial(has_done, here, job, ROWS * number // 5), 300, f"{job} stands still")
        memory.look()
        for process in workers(here)[1:]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
    wait_for(partial(has_ended, here, job), 1800, f"{job} has not ended")
    seconds = time.monotonic() - began
    told: dict[str, Any] = json.loads(asked(here, LOOK))
    expected = {
        "made": ROWS,
        "done": ROWS,
        "state": "finished",
        "rows": ROWS,
        "different": ROWS,
        "drifts": 0,
        "total": 2 * ROWS - 3,
    }
    must(told == expected, f"made: {told}")
    return f"{ROWS:,} made in {seconds:.0f} s, killed as often"


def asked(here: Installation, program: str) -> str:
    command = here.command("shell", "-v0", "-c", program)
    said, _nothing = command.communicate(timeout=600)
    must(command.returncode == 0, f"exit status {command.returncode}: {said}")
    return str(said.splitlines()[-1])


def state_of(here: Installation, job: str) -> tuple[int, str]:
    with psycopg.connect(host=str(here.places.sockets), user="overture", dbname="overture") as link:
        row = link.execute("SELECT done, state FROM jobs_job WHERE id = %s", [job]).fetchone()
    must(row, f"there is no job {job}")
    return row or (0, "")


def has_done(here: Installation, job: str, number: int) -> bool:
    done, state = state_of(here, job)
    must(state not in {"finished", "failed"}, f"it was too quick: {done} {state}")
    return done >= number


def has_ended(here: Installation, job: str) -> bool:
    _done, state = state_of(here, job)
    must(state != "failed", f"{job} failed")
    return state == "finished"
