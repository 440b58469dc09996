"""Decisions of many at once are exact: caps and presentation rules, whatever is killed meanwhile.

Four processes of sixteen threads each call the server. What was stored is then gone through person
by person, in the order of their clocks, and every rule and cap is counted again from nothing.
"""

import http.client
import json
import multiprocessing
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from proofs.installation import Installation, must, wait_for

SECONDS = 600
PROCESSES, THREADS = 4, 16
CALLERS = PROCESSES * THREADS
TOTAL = 1_000
PEOPLE = 200
STATUSES = ("presented", "interested", "accepted", "rejected")
PACKAGE: dict[str, Any] = {
    "format": "overture-catalog/1",
    "environment": {
        "name": "shop",
        "label": "Shop",
        "audience": "contacts",
        "timezone": "Europe/Paris",
    },
    "spaces": [
        {
            "name": name,
            "label": name,
            "channel": channel,
            "unitary": True,
            "default_count": 1,
            "fields": [{"name": "title", "required": True}],
            "record": True,
            "status_on_proposition": "presented",
        }
        for name, channel in (("hero", "web"), ("desk", "call_center"))
    ],
    "categories": [{"name": name, "label": name} for name in ("capped", "travel", "bank", "rest")],
    "presentation_rules": [
        {
            "name": "offer_twice",
            "label": "An offer at most twice",
            "applies_to": "offer.category in ['travel', 'bank']",
            "scope": "offer",
            "max": 2,
        },
        {
            "name": "one_yes",
            "label": "No more of a category after a yes",
            "applies_to": "offer.category in ['travel', 'bank']",
            "scope": "category",
            "statuses": ["accepted"],
            "max": 1,
        },
        {
            "name": "two_noes",
            "label": "Nothing of these after two noes",
            "applies_to": "offer.category in ['travel', 'bank']",
            "scope": "rule",
            "statuses": ["rejected"],
            "max": 2,
        },
        {
            "name": "web_pressure",
            "label": "Five of these on the web",
            "applies_to": "offer.category in ['travel', 'bank']",
            "channel": "web",
            "same_channel": True,
            "scope": "rule",
            "max": 5,
        },
    ],
}


def an_offer(code: str, category: str, weight: int, *caps: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": code,
        "label": code,
        "category": category,
        "contexts": [{"label": "All", "weight": str(weight)}],
        "content": {"title": code},
        "representations": [{"space": "hero"}, {"space": "desk"}],
        "caps": list(caps),
    }


OFFERS = [
    an_offer("ONCE", "capped", 90, {"limit": 1, "per": "contact"}),
    an_offer("SHARED", "capped", 80, {"limit": TOTAL, "per": "total"}),
    an_offer("NEXT", "rest", 1),
    *(an_offer(f"T{n}", "travel", 20 - n) for n in range(4)),
    *(an_offer(f"B{n}", "bank", 20 - n) for n in range(4)),
]
# Everything again from nothing: what each person had had when they were shown something.
CHECK = f"""
from collections import Counter, defaultdict
from django.db.models import Sum
from decisioning.models import *
shown = defaultdict(list)
for one in Interaction.objects.filter(ticks__isnull=False).iterator():
    shown[one.contact_id].append((one.ticks, "shown", one.id))
made, first = defaultdict(list), {{}}
for p in Proposition.objects.iterator():
    made[p.interaction].append(p)
of = {{p.id: p for rows in made.values() for p in rows}}
for t in Transition.objects.order_by("-number"):
    first[t.proposition] = t.before
    shown[of[t.proposition].contact_id].append((t.ticks, "went", t))
assert all(made[i] for rows in shown.values() for _n, what, i in rows if what == "shown")
for person, events in shown.items():
    events.sort(key=lambda one: one[0])
    assert [one[0] for one in events] == list(range(1, len(events) + 1)), (person, events)
    past, status = [], {{}}
    for _ticks, what, one in events:
        if what == "went":
            assert status[one.proposition] == one.before
            status[one.proposition] = one.after
            continue
        for p in made[one]:
            if p.category in ("travel", "bank"):
                assert sum(q.offer == p.offer for q in past) < 2, (person, p.offer)
                ours = [q for q in past if q.category == p.category]
                assert not any(status[q.id] == 3 for q in ours), (person, p.category)
                theirs = [q for q in past if q.category in ("travel", "bank")]
                assert sum(status[q.id] == 5 for q in theirs) < 2, person
                if p.channel == "web":
                    assert sum(q.channel == "web" for q in theirs) < 5, person
        for p in made[one]:
            status[p.id] = first.get(p.id, p.status)
            past.append(p)
    assert sum(p.offer == "ONCE" for p in past) <= 1, person
    assert all(status[p.id] == p.status for p in past), person
count = Counter(p.offer for p in of.values())
assert count["SHARED"] <= {TOTAL}, count
used = CapTotalUse.objects.aggregate(Sum("used"))["used__sum"] or 0
assert used == count["SHARED"], (used, count["SHARED"])
assert sum(CapUse.objects.values_list("used", flat=True)) == count["ONCE"]
print(f"checked {{len(of)}} {{count['SHARED']}}")
"""


class Client:
    """A keep-alive connection that says what went wrong instead of raising."""

    def __init__(self, port: int, key: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {
            "Host": f"localhost:{port}",
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
        }

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        try:
            self.connection.request("POST", f"/api/v1{path}", json.dumps(body), self.headers)
            answer = self.connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.connection.close()
            return 0, {"detail": repr(error)}

    def decide(self, who: str, space: str = "hero", **more: Any) -> tuple[int, dict[str, Any]]:
        slot = {"slot": "one", "space": space, **more}
        body = {"environment": "shop", "target": {"key": who}, "slots": [slot]}
        return self.post("/decisions", body)

    def offers(self, who: str, space: str = "hero", **more: Any) -> list[str]:
        status, told = self.decide(who, space, **more)
        if status != 200:
            return [f"{status} {told.get('code') or told.get('detail')}"]
        return [one["offer"] for one in told["slots"][0]["propositions"]]


Work = Callable[[int, str, int, random.Random], Any]


def prove(make: Callable[[str], Installation]) -> str:
    here = make("decisions")
    here.start()
    key = furnish(here)

    once = Counter(one for got in together(here, key, ask_once) for one in got)
    must(once["ONCE"] == 1 and once["SHARED"] == CALLERS - 1, f"a limit of one: {dict(once)}")
    total = Counter(one for got in together(here, key, ask_shared) for one in got)
    expected = TOTAL - (CALLERS - 1)
    must(total["SHARED"] == expected, f"{expected} are left of {TOTAL}: {dict(total)}")
    must(total["NEXT"] == sum(total.values()) - expected, f"the next best: {dict(total)}")
    must_hold(here)

    stirred = sum(together(here, key, stir))
    must_hold(here)
    killed = kill_while_stirring(here, key)
    stored = must_hold(here)
    here.stop()
    return (
        f"{CALLERS} callers of {PROCESSES} processes: one of a limit of one, {TOTAL} of {TOTAL} "
        f"and then the next best; {stirred} calls about 16 people within every rule, and "
        f"{killed} more with the server killed; {stored} propositions gone through"
    )


def furnish(here: Installation, keys: list[str] | None = None) -> str:
    """The catalogue, the people, and a key."""
    package = {**PACKAGE, "offers": OFFERS}
    file = here.data.with_suffix(".json")
    file.write_text(json.dumps(package))
    people = here.data.with_suffix(".csv")
    if keys is None:
        keys = [f"P{n}" for n in range(PEOPLE)] + [f"S{n}" for n in range(16)]
        keys += [f"K{n}" for n in range(16)] + ["ADA"]
    people.write_text("key\n" + "\n".join(keys) + "\n")
    run(here, "user", "create", "ada@example.org", "--role", "administrator")
    run(here, "catalog", "apply", str(file), "--publish", "--by", "ada@example.org")
    run(here, "import", "contacts", str(people))
    made = run(
        here, "apikey", "create", "--name", "shop", "--scopes", "decide,propositions", "--json"
    )
    return str(json.loads(made.splitlines()[-1])["key"])


def run(here: Installation, *words: str, seconds: float = 120) -> str:
    command = here.command(*words)
    said, _nothing = command.communicate(timeout=seconds)
    must(command.returncode == 0, f"exit status {command.returncode}: {said}")
    return said


def must_hold(here: Installation) -> int:
    """How many propositions were gone through."""
    said = run(here, "shell", "-v0", "-c", CHECK)
    must("checked" in said, said)
    return int(said.split()[-2])


# --- what callers do ---


def ask_once(port: int, key: str, number: int, chance: random.Random) -> list[str]:
    return Client(port, key).offers("ADA", categories=["capped"])


def ask_shared(port: int, key: str, number: int, chance: random.Random) -> list[str]:
    """Somebody else each time: nobody has had ONCE, so two are asked for and the second counts."""
    client, got = Client(port, key), []
    for _call in range(25):
        who = f"P{chance.randrange(PEOPLE)}"
        found = client.offers(who, categories=["capped", "rest"], count=2)
        got += [one for one in found[: 2 if "ONCE" in found else 1] if one != "ONCE"]
    return got


def stir(port: int, key: str, number: int, chance: random.Random, who: str = "S") -> int:
    """Decide for one of sixteen people, and now and then say what they did with it."""
    client, made, calls = Client(port, key), [], 0
    until = time.monotonic() + 20
    while time.monotonic() < until:
        person = f"{who}{chance.randrange(16)}"
        space = chance.choice(("hero", "desk"))
        status, told = client.decide(person, space, count=chance.randint(1, 2))
        calls += status == 200
        if status == 200:
            made += [one["token"] for one in told["slots"][0]["propositions"]]
        if made and chance.random() < 0.7:
            token = made.pop(chance.randrange(len(made)))
            body = {"status": chance.choice(STATUSES)}
            calls += client.post(f"/propositions/{token}/status", body)[0] == 200
    return calls


def stir_others(port: int, key: str, number: int, chance: random.Random) -> int:
    return stir(port, key, number, chance, "K")


def kill_while_stirring(here: Installation, key: str) -> int:
    """Web processes are killed, one and then all, in the middle of the calls."""
    calls: list[int] = []
    caller = threading.Thread(target=lambda: calls.extend(together(here, key, stir_others)))
    caller.start()
    time.sleep(6)
    for _time in range(3):
        web = here.child("granian")
        for process in web.children(recursive=True)[-1:] or [web]:
            process.kill()
        time.sleep(3)
    here.child("granian").kill()
    caller.join()
    wait_for(here.is_ready, 60, "/readyz was not good again")
    return sum(calls)


def together(here: Installation, key: str, work: Work) -> list[Any]:
    """What every caller found, all of them having begun at once."""
    context = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(CALLERS), context.Queue()
    processes = [
        context.Process(target=callers, args=(number, here.port, key, work, gate, answers))
        for number in range(PROCESSES)
    ]
    for each in processes:
        each.start()
    found: list[Any] = []
    for _each in processes:
        found += answers.get(timeout=240)
    for each in processes:
        each.join()
    must(len(found) == CALLERS, f"{CALLERS - len(found)} callers found nothing: {found[:3]}")
    return found


def callers(process: int, port: int, key: str, work: Work, gate: Any, answers: Any) -> None:
    found: list[Any] = []

    def call(number: int) -> None:
        gate.wait()
        found.append(work(port, key, number, random.Random(number)))  # noqa: S311 (no secret)

    numbers: Sequence[int] = range(process * THREADS, (process + 1) * THREADS)
    threads = [threading.Thread(target=call, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.put(found)
