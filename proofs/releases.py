"""What was published is what everybody decides from, as soon as the command has returned.

Eight clients decide without pause while offers are approved, disabled, enabled and rolled back.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from proofs.decisions import PACKAGE, Client, an_offer, furnish, run
from proofs.installation import Installation, must

CLIENTS = 8
BY = ("--by", "ada@example.org")
SHOP = ("--environment", "shop")


@dataclass
class Seen:
    """What clients were answered: when they had asked, from which release, and which offer."""

    answers: list[tuple[float, int, str]] = field(default_factory=list)
    failed: list[Any] = field(default_factory=list)
    is_over: bool = False


@dataclass
class Published:
    at: float  # the command had returned
    release: int
    best: str  # what everybody gets from then on


def prove(make: Callable[[str], Installation]) -> str:
    here = make("releases")
    here.start()
    key = furnish(here)
    seen = Seen()
    clients = [
        threading.Thread(target=decide_without_pause, args=(here.port, key, number, seen))
        for number in range(CLIENTS)
    ]
    for each in clients:
        each.start()
    published = [one for _round in range(2) for one in publish(here)]
    time.sleep(1)
    seen.is_over = True
    for each in clients:
        each.join()
    here.stop()
    must(not seen.failed, f"calls failed: {seen.failed[:3]}")
    slowest = check(published, seen)
    return (
        f"{len(published)} releases under {len(seen.answers)} calls of {CLIENTS} clients: none was "
        f"decided from a former one, the first call after each began {slowest * 1000:.0f} ms later"
    )


def decide_without_pause(port: int, key: str, number: int, seen: Seen) -> None:
    client = Client(port, key)
    while not seen.is_over:
        asked = time.monotonic()
        body = {
            "environment": "shop",
            "target": {"key": f"P{number}"},
            "slots": [{"slot": "one", "space": "hero", "categories": ["rest"]}],
            "record": number % 2 == 0,
        }
        status, told = client.post("/decisions", body)
        if status != 200:
            seen.failed.append((status, told))
            continue
        made = told["slots"][0]["propositions"]
        seen.answers.append((asked, told["release"], made[0]["offer"] if made else ""))


def publish(here: Installation) -> list[Published]:
    """An approval, a disabling, an enabling and a return, each with what is best afterwards."""
    made = []
    if live(here) == 1:
        file = here.data.with_suffix(".fresh.json")
        file.write_text(json.dumps({**PACKAGE, "offers": [an_offer("FRESH", "rest", 5)]}))
        run(here, "catalog", "apply", str(file), *BY)
        run(here, "catalog", "approve", "FRESH", *SHOP, "--content", *BY)
        made.append(then(here, "FRESH", "catalog", "approve", "FRESH", *SHOP, "--eligibility", *BY))
    made.append(then(here, "NEXT", "catalog", "disable", "offer", "FRESH", *SHOP, *BY))
    made.append(then(here, "FRESH", "catalog", "enable", "offer", "FRESH", *SHOP, *BY))
    made.append(then(here, "NEXT", "catalog", "rollback", *SHOP, "--release", "1", *BY))
    made.append(then(here, "FRESH", "catalog", "rollback", *SHOP, "--release", "2", *BY))
    return made


def then(here: Installation, best: str, *words: str) -> Published:
    run(here, *words)
    at = time.monotonic()
    return Published(at, live(here), best)


def live(here: Installation) -> int:
    with here.database() as connection:
        row = connection.execute("SELECT release_number FROM catalog_environment").fetchone()
    return int(row[0]) if row else 0


def check(published: list[Published], seen: Seen) -> float:
    """How long it took at most until somebody asked after a release."""
    slowest = 0.0
    for one, next_one in zip(published, [*published[1:], None], strict=True):
        after = [answer for answer in seen.answers if answer[0] >= one.at]
        must(after, "nobody asked any more")
        former = [answer for answer in after if answer[1] < one.release]
        must(not former, f"decided from a former release than {one.release}: {former[:3]}")
        mine = [answer for answer in after if answer[1] == one.release]
        must(next_one is None or mine, f"nobody was answered from release {one.release}")
        other = [answer for answer in mine if answer[2] != one.best]
        must(not other, f"{one.best} was to be had from release {one.release}: {other[:3]}")
        slowest = max(slowest, min(answer[0] for answer in after) - one.at)
    return slowest
