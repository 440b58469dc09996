"""A recorded decision, beside its two statements alone and beside a view that does nothing.

All three are asked of the same server processes and the same database in turn, several rounds of
each. And the engine alone, by how many offers there are.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from bench import engines
from bench.callers import CLIENTS, Load, Target, load
from bench.figures import Figure
from bench.installation import ROOT, Installation, running

SETTINGS = "bench.bare_settings"
ROUNDS, SECONDS, WARMING = 4, 4.0, 15.0  # each process compiles what it is asked first
CALL = (
    '{"environment":"shop","target":{"key":"B%d"},"call":{"device":"mobile"},'
    '"slots":[{"slot":"top","space":"hero","count":3}]}'
)
BARE = ((b'"recorded": true', 1),)
DECISION = ((b'"recorded":true', 1), (b'"rank"', 3), (b"<p>Half price", 6))


def measure() -> Iterator[Figure]:
    yield from engines.figures()
    with running(settings=SETTINGS) as installation:
        command = [sys.executable, "-W", "ignore", "-m", "bench.decided"]
        printed = subprocess.check_output(
            command, cwd=ROOT, env=installation.environment, text=True
        )
        yield from figures(installation, json.loads(printed.splitlines()[-1]))


def figures(installation: Installation, people: dict[str, Any]) -> Iterator[Figure]:
    found = in_turn(targets(installation, people))
    decided, two, nothing = found["decision"], found["two"], found["nothing"]
    what = f"recorded decisions, 200 offers, 3 shown, {CLIENTS} clients"
    beside = "a bare view, the same two statements"
    yield Figure(what, decided.rate, "/s", beside, two.rate)
    yield Figure(what, decided.rate, "/s", "a view that does nothing", nothing.rate)
    for percent in (50, 95, 99):
        measured, peer = decided.percentile(percent), two.percentile(percent)
        yield Figure(f"a recorded decision, p{percent}", measured, "ms", beside, peer)


def targets(installation: Installation, people: dict[str, Any]) -> dict[str, Target]:
    port, key = installation.port, installation.key("decide")
    number = people["people"]
    bare = "/api/v1/decisions-bare"
    return {
        "decision": Target(port, "/api/v1/decisions", key, CALL, number, DECISION),
        "two": Target(port, f"{bare}/two", key, "%d", number, BARE),
        "nothing": Target(port, f"{bare}/nothing", key, "%d", number, BARE),
    }


def in_turn(targets: dict[str, Target]) -> dict[str, Load]:
    """Round after round, so that what drifts drifts for all; the first warms up, longer."""
    loads: dict[str, list[Load]] = {name: [] for name in targets}
    start = 0
    for number in range(ROUNDS + 1):
        for name, target in targets.items():
            found = load(target, SECONDS if number else WARMING, start)
            start += len(found.waits) // CLIENTS
            if number:
                loads[name].append(found)
    return {name: Load.of(found) for name, found in loads.items()}
