"""What everybody of an audience gets is what each of them gets over HTTP, limits and history alike.

Everybody is decided for and stored, so that there is something to count. Then the command looks at
all of them, and the endpoint is asked for each, for the same moment and by the same seed.
"""

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from proofs.decisions import Client, run
from proofs.imports import ROWS
from proofs.installation import Installation, must

SECONDS = 3600
PEOPLE = ROWS // 5
CALLERS = 16
COUNT = 3
SEED = "contact by contact"
FILL = "from bench.audience import fill; fill()"
Line = tuple[str, int, float, str]


def prove(make: Callable[[str], Installation]) -> str:
    os.environ["BENCH_CONTACTS"] = str(PEOPLE)
    here = make("contacts")
    here.start()
    run(here, "shell", "-v0", "-c", FILL, seconds=900)
    told = run(here, *EVERYBODY, "--record", "--workers", "2", "--json", seconds=SECONDS)
    recorded = json.loads(told.splitlines()[-1])
    must(recorded["people"] == PEOPLE, f"not everybody: {recorded}")

    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    began = time.monotonic()
    asked = ("--count", str(COUNT), "--seed", SEED, "--at", moment, "--json")
    *lines, whole = run(here, *EVERYBODY, *asked, seconds=SECONDS).splitlines()
    at_once = time.monotonic() - began
    expected = {one["contact"]: offers(one) for one in map(json.loads, lines)}
    must(len(expected) == json.loads(whole)["people"] == PEOPLE, f"not everybody: {whole}")

    began = time.monotonic()
    made = run(here, "apikey", "create", "--name", "all", "--scopes", "decide,decide:at", "--json")
    key = str(json.loads(made.splitlines()[-1])["key"])
    different = compare(here.port, key, moment, expected)
    one_by_one = time.monotonic() - began
    must(not different, f"{len(different)} get something else: {different[:3]}")
    here.stop()
    number = sum(map(len, expected.values()))
    return (
        f"{PEOPLE:,} contacts, {number:,} propositions: 0 differences between one command"
        f" ({at_once:.0f} s) and {PEOPLE:,} calls of {CALLERS} clients ({one_by_one:.0f} s)"
    )


EVERYBODY = ("decide", "--audience", "true", "--space", "hero")


def offers(answer: dict[str, Any]) -> list[Line]:
    found = answer["propositions"]
    return [(one["offer"], one["rank"], one["weight"], one["context"]) for one in found]


def compare(port: int, key: str, moment: str, expected: dict[str, list[Line]]) -> list[str]:
    """What came out otherwise, in words."""
    people = sorted(expected)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    callers = [
        context.Process(target=call, args=(port, key, moment, expected, part, answers))
        for part in (people[number::CALLERS] for number in range(CALLERS))
    ]
    for caller in callers:
        caller.start()
    different = [each for _caller in callers for each in answers.get(timeout=SECONDS)]
    for caller in callers:
        caller.join()
    return different


def call(
    port: int,
    key: str,
    moment: str,
    expected: dict[str, list[Line]],
    people: Iterable[str],
    answers: Any,
) -> None:
    client, different = Client(port, key), []
    for who in people:
        slot = {"space": "hero", "count": COUNT}
        body = {"environment": "crowd", "target": {"key": who}, "slots": [slot]}
        status, told = client.post("/decisions", {**body, "at": moment, "seed": SEED})
        found = offers(told["slots"][0]) if status == 200 else [(str(told), status, 0.0, "")]
        if found != expected[who]:
            different.append(f"{who}: {expected[who]} at once, {found} over HTTP")
    answers.put(different)
