"""Tills of many processes at once: one use of one code, and limits taken to the last and no more.

Five processes of a hundred threads each call the server; their calls wait for each other's start.
"""

import http.client
import json
import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from proofs.installation import Installation, must

PROCESSES, THREADS = 5, 100
CALLS = PROCESSES * THREADS
# Anonymous coupons, a pool with one code that was sent, and pools whose codes may be used as they
# stand: as the product itself would make them.
COUPONS = """
from datetime import UTC, datetime
from django.db import transaction
from coupons.actions.codes import add_code
from coupons.actions.coupons import create_coupon
from coupons.models import Standing
from coupons.moving import moving
at = datetime.now(UTC)
def make(code, **values):
    return create_coupon({"label": code, **values}, code=code, by=None, at=at)
make("TOTAL", max_redemptions_total=100)
make("EACH", max_redemptions_per_customer=3)
pool = make("POOL", type="individual")
code = add_code(pool, "Trynow", by=None, at=at)
with transaction.atomic(), moving("reserve", pool, by=None, at=at):
    given = Standing.objects.create(
        code=code, coupon=pool, shelf=code.shelf, status="reserved", reserved_at=at, changed_at=at
    )
    given.status, given.issued_at = "issued", at
    given.save()
often = make("OFTEN", type="individual", max_redemptions_per_code=100, accept_unissued=True)
add_code(often, "Again", by=None, at=at)
kept = make("KEPT", type="individual", accept_unissued=True)
for number in range(250):
    add_code(kept, f"K{number}", by=None, at=at)
"""
CHECK = "from coupons.checking import check; assert check() == [], check()"
Body = dict[str, str]


def prove(make: Callable[[str], Installation]) -> str:
    here = make("redemptions")
    here.start()
    run(here, "shell", "-v0", "-c", COUPONS)
    scopes = "coupons:redeem,coupons:rollback"
    key = json.loads(
        run(here, "apikey", "create", "--name", "tills", "--scopes", scopes, "--json").splitlines()[
            -1
        ]
    )["key"]

    once = told(here, key, [{"code": "Trynow", "redemption_id": f"A{n}"} for n in range(CALLS)])
    must(once == {"201": 1, "already_redeemed": CALLS - 1}, f"one code, one use: {once}")
    total = told(here, key, [{"code": "TOTAL", "redemption_id": f"B{n}"} for n in range(CALLS)])
    must(total == {"201": 100, "limit_total": CALLS - 100}, f"100 uses in all: {total}")
    customers = [
        {"code": "EACH", "redemption_id": f"C{n}", "customer_key": f"C-{n % 50}"}
        for n in range(CALLS)
    ]
    each = told(here, key, customers)
    must(each == {"201": 150, "limit_customer": CALLS - 150}, f"50 customers, 3 uses: {each}")
    same = told(here, key, [{"code": "EACH", "redemption_id": "D", "customer_key": "C-x"}] * CALLS)
    must(same == {"200": CALLS - 1, "201": 1}, f"one name, one use: {same}")
    often = told(here, key, [{"code": "Again", "redemption_id": f"E{n}"} for n in range(CALLS)])
    must(often == {"201": 100, "already_redeemed": CALLS - 100}, f"one code, 100 uses: {often}")
    each_half = range(CALLS // 2)
    used = [{"code": f"K{n}", "redemption_id": f"F{n}"} for n in each_half]
    kept = told(here, key, [*used, *({"code": f"K{n}", "name": f"G{n}"} for n in each_half)])
    must(kept.pop("201") == CALLS // 2, f"250 codes, each used or held: {kept}")
    must(kept.keys() <= {"on_hold", "already_redeemed"}, f"250 codes, each used or held: {kept}")
    run(here, "shell", "-v0", "-c", CHECK)
    here.stop()
    return (
        f"{CALLS} calls of {PROCESSES} processes: one code once, 100 of 100 in all, "
        f"3 of each of 50 customers, one name once, 100 of 100 of one code, each of 250 codes "
        f"used or held; nothing drifted"
    )


def run(here: Installation, *words: str) -> str:
    command = here.command(*words)
    said, _nothing = command.communicate(timeout=120)
    must(command.returncode == 0, f"exit status {command.returncode}: {said}")
    return said


def told(here: Installation, key: str, bodies: list[Body]) -> dict[str, int]:
    """How many of each status, or reason, when all bodies are posted at once."""
    context = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(CALLS), context.Queue()
    tills = [
        context.Process(
            target=till,
            args=(here.port, key, bodies[n::PROCESSES], gate, answers),
        )
        for n in range(PROCESSES)
    ]
    for each in tills:
        each.start()
    found: Counter[str] = Counter()
    for _each in tills:
        found.update(answers.get(timeout=120))
    for each in tills:
        each.join()
    return dict(sorted(found.items()))


def till(port: int, key: str, bodies: list[Body], gate: Any, answers: Any) -> None:
    said: list[str] = []

    def call(body: Body) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=100)
        connection.connect()
        gate.wait()
        said.append(post(connection, key, body))

    threads = [threading.Thread(target=call, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.put(said)


def post(connection: http.client.HTTPConnection, key: str, body: Body) -> str:
    headers = {
        "Host": f"localhost:{connection.port}",
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
    }
    way = "holds" if "name" in body else "redemptions"
    try:
        connection.request("POST", f"/api/v1/coupons/{way}", json.dumps(body), headers)
        answer = connection.getresponse()
        told = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        return repr(error)
    finally:
        connection.close()
    return str(answer.status) if answer.status < 400 else str(told["code"])
