"""A run for everybody, its workers killed on the way and pages asking for the same people.

Nobody is decided for twice, nobody is left out, and every rule and limit holds: what was stored is
gone through person by person, as in `proofs.decisions`.
"""

import contextlib
import json
import random
import threading
import time
from collections.abc import Callable
from functools import partial

import psutil

from proofs.codes_killed import asked, has_ended
from proofs.decisions import TOTAL, Client, furnish, must_hold
from proofs.imports import ROWS, workers
from proofs.installation import Installation, must, wait_for

SECONDS = 1800
PEOPLE = max(ROWS // 20, 6_000)
KILLS = 3
PAGES = 4
START = """
from django.utils.timezone import now
from decisioning.actions.runs import start_run
from decisioning.populations import ask_everybody
asks = ask_everybody("hero", count=2)
print(start_run(asks, "true", by=None, at=now(), helpers=2, size={size}).job_id)
"""
LOOK = """
import json
from django.db.models import Count
from contacts.models import Contact
from decisioning import runs
from decisioning.models import CapTotalUse, Interaction, Part, Proposition, Run
from django.db.models import Sum
run = Run.objects.select_related("job").get()
each = Interaction.objects.filter(run=run).values("contact").annotate(n=Count("pk"))
told = dict(state=run.job.state, done=run.job.done, people=runs.counts_of(run).people,
    contacts=each.count(), most=max(one["n"] for one in each),
    left=Part.objects.filter(done_at=None).count(),
    shared=Proposition.objects.filter(offer="SHARED").count(),
    used=CapTotalUse.objects.aggregate(Sum("used"))["used__sum"])
print(json.dumps(told), runs.counts_of(run).again)
"""


def prove(make: Callable[[str], Installation]) -> str:
    here = make("populations")
    here.start("--workers", "3")
    keys = [f"P{number}" for number in range(PEOPLE)]
    key = furnish(here, keys)

    is_over = threading.Event()
    calls: list[int] = []
    pages = [
        threading.Thread(target=ask_on, args=(here, key, keys, is_over, calls))
        for _number in range(PAGES)
    ]
    for page in pages:
        page.start()
    began = time.monotonic()
    try:
        job = asked(here, START.format(size=10 if PEOPLE < 20_000 else 200)).strip()
        for number in range(1, KILLS + 1):
            wait_for(partial(are_done, here, PEOPLE * number // 5), 300, "it stands still")
            for process in workers(here)[1:]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        wait_for(partial(has_ended, here, job), 900, f"{job} has not ended")
    finally:
        is_over.set()
        for page in pages:
            page.join()
    seconds = time.monotonic() - began

    told, _, again = asked(here, LOOK).rpartition(" ")
    expected = {
        "state": "finished",
        "done": PEOPLE,
        "people": PEOPLE,
        "contacts": PEOPLE,
        "most": 1,
        "left": 0,
        "shared": TOTAL,
        "used": TOTAL,
    }
    must(json.loads(told) == expected, f"what there is: {told}")
    stored = must_hold(here)
    here.stop()
    return (
        f"{PEOPLE:,} people in {seconds:.0f} s, all workers killed {KILLS} times and "
        f"{sum(calls):,} calls of pages meanwhile: each once, {again} again, "
        f"{TOTAL} of {TOTAL}; {stored:,} gone through"
    )


def are_done(here: Installation, number: int) -> bool:
    """Whether so many are committed: whoever tells how far the job is may just have been killed."""
    with here.database() as link:
        statement = "SELECT coalesce(sum(done), 0), count(*) FILTER (WHERE done_at IS NULL)"
        row = link.execute(f"{statement} FROM decisioning_part").fetchone() or (0, 0)
    must(row[0] < PEOPLE, "it was too quick")
    return int(row[0]) >= number


def ask_on(
    here: Installation, key: str, keys: list[str], is_over: threading.Event, calls: list[int]
) -> None:
    """A page that asks for one after the other of the same people."""
    client, chance, number = Client(here.port, key), random.Random(), 0  # noqa: S311
    while not is_over.is_set():
        status, _told = client.decide(chance.choice(keys), chance.choice(("hero", "desk")))
        number += status == 200
    calls.append(number)
