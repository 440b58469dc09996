"""What was stored with a decision is enough to take it again, whatever has become of everything.

Callers decide and say what came of it while releases change, people change and history comes in;
then every stored decision is taken again and comes out as it did.
"""

import json
import random
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from proofs.decisions import Client, run
from proofs.imports import ROWS
from proofs.installation import Installation, must, wait_for

SECONDS = 900
DECISIONS = max(ROWS // 100, 2_000)
PEOPLE, CALLERS, RELEASES = 400, 8, 6
CITIES = ("Paris", "Lyon", "Lille", "Nantes")
STATUSES = ("presented", "interested", "accepted", "scheduled", "rejected")
BY = ("--by", "ada@example.org")
SPACES: dict[str, dict[str, Any]] = {
    "hero": {"channel": "web", "tie_policy": "rotate", "implicit_identification": True},
    "desk": {
        "channel": "call_center",
        "tie_policy": "least_shown",
        "diversity": {"max_per_category": 1},
    },
    "push": {"channel": "push", "tie_policy": "sticky", "store_on_status": {"who": "call.agent"}},
    "mail": {"channel": "email", "tie_policy": "fixed", "store_on_proposition": {"p": "now"}},
}
RULES: list[dict[str, Any]] = [
    {"name": "often", "scope": "offer", "period": "10d", "max": 4},
    {"name": "noes", "scope": "category", "period": "2d6h", "statuses": ["rejected"], "max": 2},
    {
        "name": "yes",
        "scope": "rule",
        "statuses": ["accepted"],
        "max": 3,
        "recipients": "!contact.vip",
    },
    {"name": "here", "scope": "all", "same_channel": True, "max": 30, "channel": "web"},
    {
        "name": "told",
        "scope": "offer",
        "max": 2,
        "applies_to": "offer.category == 'c1'",
        "propositions": "proposition.rank == 1 && proposition.weight > 5.0",
        "count_this_call": True,
    },
]


def package(number: int) -> dict[str, Any]:
    """What is live from one release on: weights, rules and limits are others each time."""
    chance = random.Random(number)  # noqa: S311 (no secret)
    rules = [rule for rule in RULES if chance.random() < 0.8]
    return {
        "format": "overture-catalog/1",
        "environment": {
            "name": "shop",
            "label": "Shop",
            "timezone": "Europe/Paris",
            "filter": "contact.country != 'XX'" if number % 2 else None,
            "call_data": {
                "device": {"type": "string", "label": "Device"},
                "agent": {"type": "int", "label": "Agent"},
                "basket": {"type": "double", "label": "Basket"},
            },
        },
        "attributes": {
            "points": {"type": "int"},
            "vip": {"type": "bool"},
            "propensity": {"type": "double"},
            "likes": {"type": "list<string>"},
            "joined": {"type": "timestamp"},
        },
        "spaces": [
            {
                "name": name,
                "label": name,
                "unitary": True,
                "default_count": 2,
                "fields": [{"name": "title", "required": True}],
                "record": True,
                "status_on_proposition": "presented" if name != "mail" else "generated",
                **more,
            }
            for name, more in SPACES.items()
        ],
        "categories": [
            {"name": "c0", "label": "c0", "themes": ["sun"]},
            {"name": "c1", "label": "c1", "parent": "c0", "multiplier": 1 + number / 10},
            {"name": "c2", "label": "c2", "filter": "contact.points >= 5 || call.basket > 20.5"},
        ],
        "offers": [offer(n, chance) for n in range(30)],
        "fallback_offers": [
            {
                "code": "BRAND",
                "label": "Brand",
                "content": {"title": "Brand"},
                "representations": [{"space": name} for name in SPACES],
            }
        ],
        "presentation_rules": [{"label": rule["name"], **rule} for rule in rules],
    }


def offer(number: int, chance: random.Random) -> dict[str, Any]:
    caps = [
        {"limit": chance.randint(3, 60), "counts": "proposition", "per": "total"},
        {"limit": 3, "per": "contact", "every": {"weeks": 1}, "spaces": "each"},
        {"limit": 1, "per": "contact", "counts": "accepted"},
        {"limit": 40, "per": "total", "counts": "accepted", "every": {"days": 1}},
    ]
    conditions = [
        f"contact.points > {chance.randint(0, 60)}",
        f"contact.city == '{chance.choice(CITIES)}'",
        f"years(contact.birth_date) < {chance.randint(20, 70)}",
        "contact.vip",
        f"call.device in ['mobile', 'd{number}']",
        "'sun' in contact.likes",
        "days(contact.joined, now) < 400",
        "identification == 'explicit'",
    ]
    weights = [str(chance.randint(1, 30)), "7", "2 + contact.points / 3.0"]
    weights += ["20 * contact.propensity", "contact.vip ? 12.25 : 3"]
    return {
        "code": f"O{number}",
        "label": f"Offer {number}",
        "category": f"c{number % 3}",
        "filter": " && ".join(chance.sample(conditions, chance.randint(0, 2))) or None,
        "contexts": [
            {"label": "All", "weight": chance.choice(weights)},
            {"label": "Here", "weight": "31", "filter": f"call.device == 'd{number}'"},
            {"label": "Desk", "weight": chance.choice(weights), "space": "desk"},
        ],
        "content": {"title": f"Offer {number}"},
        "representations": [{"space": name} for name in SPACES if chance.random() < 0.8],
        "caps": chance.sample(caps, chance.choice((0, 0, 1, 2))),
    }


def prove(make: Callable[[str], Installation]) -> str:
    here = make("replays")
    here.start()
    key = furnish(here)
    is_over = threading.Event()
    failed: list[Any] = []
    callers = [
        threading.Thread(target=call_on, args=(here, key, number, is_over, failed))
        for number in range(CALLERS)
    ]
    for each in callers:
        each.start()
    try:
        for number in range(1, RELEASES):
            stored = DECISIONS * number // RELEASES
            wait_for(partial(are_stored, here, stored), 300, f"no {stored} decisions")
            people(here, number, "--on-duplicate", "update", "--operation", "upsert")
            publish(here, number)
        wait_for(partial(are_stored, here, DECISIONS), 300, f"no {DECISIONS} decisions")
    finally:
        is_over.set()
        for each in callers:
            each.join()
    must(not failed, f"calls failed: {failed[:3]}")
    with here.database() as link:
        row = link.execute(
            "SELECT count(*), count(DISTINCT release),"
            " (SELECT count(*) FROM decisioning_transition) FROM decisioning_interaction"
        ).fetchone() or (0, 0, 0)
    must(row[1] >= RELEASES, f"only {row[1]} releases have decided")
    began = time.monotonic()
    said = run(here, "replay", "--sample", str(row[0]), "--fail-on-diff", seconds=600)
    must(said.startswith("0 diffs\n"), said)
    seconds = time.monotonic() - began
    here.stop()
    return (
        f"{row[0]:,} decisions of {row[1]} releases, {row[2]:,} changes of status among them and "
        f"everybody changed {RELEASES - 1} times: taken again in {seconds:.0f} s, 0 diffs"
    )


def furnish(here: Installation) -> str:
    run(here, "user", "create", "ada@example.org", "--role", "administrator")
    publish(here, 0)
    people(here, 0)
    words = ("--name", "shop", "--scopes", "decide,propositions", "--json")
    made = run(here, "apikey", "create", *words)
    return str(json.loads(made.splitlines()[-1])["key"])


def publish(here: Installation, number: int) -> None:
    file = here.data.with_suffix(".json")
    file.write_text(json.dumps(package(number)))
    run(here, "catalog", "apply", str(file), "--publish", "--prune", *BY)


def people(here: Installation, number: int, *options: str) -> None:
    """Everybody as they are from now on, and now and then without a value."""
    chance = random.Random(100 + number)  # noqa: S311 (no secret)
    lines = ["key;city;country;birth_date;points;vip;propensity;likes;joined"]
    for one in range(PEOPLE):
        values = [
            chance.choice(CITIES),
            chance.choice(("FR", "BE", "XX")),
            f"{chance.randint(1940, 2008)}-02-{chance.randint(1, 28):02}",
            str(chance.randint(-5, 80)),
            chance.choice(("true", "false")),
            f"{chance.random():.6f}",
            "|".join(chance.sample(("sun", "snow", "sea"), chance.randint(0, 3))),
            f"2025-{chance.randint(1, 12):02}-11T10:00:00.123456Z",
        ]
        known = [value if chance.random() < 0.9 else "" for value in values]
        lines.append(";".join([f"P{one}", *known]))
    file = here.data.with_suffix(".csv")
    file.write_text("\n".join(lines) + "\n")
    run(here, "import", "contacts", str(file), "--delimiter", ";", *options)


def are_stored(here: Installation, number: int) -> bool:
    with here.database() as link:
        row = link.execute("SELECT count(*) FROM decisioning_interaction").fetchone() or (0,)
    return int(row[0]) >= number


def call_on(
    here: Installation, key: str, number: int, is_over: threading.Event, failed: list[Any]
) -> None:
    """Ask for somebody in one or several spaces, and say what became of it."""
    client, chance = Client(here.port, key), random.Random(number)  # noqa: S311 (no secret)
    made: list[str] = []
    while not is_over.is_set():
        status, told = client.post("/decisions", asked(chance))
        if status != 200:
            failed.append((status, told))
            continue
        made += [one["token"] for slot in told["slots"] for one in slot["propositions"]]
        if made and chance.random() < 0.8:
            token = made.pop(chance.randrange(len(made)))
            body = {"status": chance.choice(STATUSES), "call": {"agent": number}}
            status, told = client.post(f"/propositions/{token}/status", body)
            if status != 200:
                failed.append((status, told))
        del made[:-50]


def asked(chance: random.Random) -> dict[str, Any]:
    who: dict[str, str] | None = {"key": f"P{chance.randrange(PEOPLE)}"}
    who = chance.choice((who, who, who, {"visitor": f"v{chance.randrange(40)}"}, None))
    slots: list[dict[str, Any]] = []
    for space in chance.sample(tuple(SPACES), chance.choice((1, 1, 2))):
        if chance.random() < 0.2:
            slots += [{"space": f"{space}_{rank}"} for rank in (1, 2)]
        else:
            slots.append({"space": space, "count": chance.randint(1, 4)})
            if chance.random() < 0.3:
                slots[-1]["categories"] = [f"c{chance.randrange(3)}"]
            if chance.random() < 0.1:
                slots[-1]["themes"] = ["sun"]
    call = {"device": chance.choice(("mobile", "d1", "d7")), "basket": chance.random() * 50}
    return {
        "environment": "shop",
        "target": who,
        "slots": slots,
        "call": {name: value for name, value in call.items() if chance.random() < 0.7},
        "deduplicate": chance.random() < 0.8,
    }
