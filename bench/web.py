"""What the house itself costs: requests a second, beside the cheapest answer it can give."""

import http.client
import threading
import time
from collections.abc import Iterator

from bench.figures import Figure
from bench.installation import Installation, running

CLIENTS = 16
SECONDS = 4.0


def measure() -> Iterator[Figure]:
    with running() as installation:
        headers = {"Authorization": f"Bearer {installation.key('journal')}"}
        floor = requests_a_second(installation, "/healthz", {})
        for what, path, sent in [
            ("sign-in page", "/sign-in/", {}),
            ("database, broker and migrations asked", "/readyz", {}),
            ("an API call with a key, a page of the journal", "/api/v1/journal", headers),
        ]:
            measured = requests_a_second(installation, path, sent)
            yield Figure(what, measured, "requests/s", "/healthz, through all middlewares", floor)


def requests_a_second(installation: Installation, path: str, headers: dict[str, str]) -> float:
    """Requests answered with 200 a second, asked by clients that keep their connections."""
    counts = [0] * CLIENTS
    end = time.monotonic() + SECONDS

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", installation.port, timeout=10)
        while time.monotonic() < end:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != http.HTTPStatus.OK:
                raise RuntimeError(f"{path} answered {answer.status}")
            counts[number] += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS
