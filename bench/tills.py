"""Calls that arrive at a steady rate, whether those before are answered or not."""

import http.client
import json
import queue
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]
Due = queue.SimpleQueue[tuple[float, Body | None] | None]
RATE = 200  # a second
CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Latencies:
    """In milliseconds from when a call was due."""

    median: float
    p95: float


def latencies(
    port: int, key: str, method: str, path: str, bodies: Sequence[Body | None]
) -> Latencies:
    """Make these calls, RATE of them a second; each must succeed."""
    due: Due = queue.SimpleQueue()
    tills = [Till(due, port, key, method, path) for _ in range(CONNECTIONS)]
    for till in tills:
        till.start()
    began = time.monotonic() + 0.2
    for number, body in enumerate(bodies):
        moment = began + number / RATE
        time.sleep(max(0.0, moment - time.monotonic()))
        due.put((moment, body))
    for _ in tills:
        due.put(None)
    for till in tills:
        till.join()
    taken = [each for till in tills for each in till.taken]
    failed = [each for till in tills for each in till.failed]
    if failed or len(taken) != len(bodies):
        raise RuntimeError(f"{len(failed)} of {len(bodies)} calls failed: {failed[:3]}")
    return Latencies(statistics.median(taken), statistics.quantiles(taken, n=20)[-1])


class Till(threading.Thread):
    """One connection that makes whichever call is due next."""

    def __init__(self, due: Due, port: int, key: str, method: str, path: str) -> None:
        super().__init__()
        self.due, self.port, self.method, self.path = due, port, method, path
        self.headers = {
            "Host": f"localhost:{port}",
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
        }
        self.taken: list[float] = []
        self.failed: list[str] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while (each := self.due.get()) is not None:
            moment, body = each
            text = json.dumps(body) if body else None
            connection.request(self.method, self.path, text, self.headers)
            answer = connection.getresponse()
            said = answer.read()
            self.taken.append((time.monotonic() - moment) * 1000)
            if answer.status >= http.HTTPStatus.MULTIPLE_CHOICES:
                self.failed.append(f"{answer.status}: {said[:200]!r}")
        connection.close()
