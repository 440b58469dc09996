"""Clients that ask one after another without pause, from processes of their own."""

import multiprocessing
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import quantiles

PROCESSES, THREADS = 4, 4
CLIENTS = PROCESSES * THREADS
ENDS = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Load:
    """How a view bore up: answers a second, and how long somebody waited, in milliseconds."""

    rate: float
    waits: tuple[float, ...]

    def percentile(self, percent: int) -> float:
        return quantiles(self.waits, n=100)[percent - 1]

    @classmethod
    def of(cls, several: Sequence["Load"]) -> "Load":
        """Of several rounds of the same length."""
        rate = sum(each.rate for each in several) / len(several)
        return cls(rate, tuple(wait for each in several for wait in each.waits))


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked of whom: each client has people of its own, so that no two meet."""

    port: int
    path: str
    key: str
    body: str  # with %d for the number of a person, from 1
    people: int
    holds: tuple[tuple[bytes, int], ...]  # what stands in every answer, and how often

    def asked(self, client: int, number: int) -> bytes:
        each = self.people // CLIENTS
        return (self.body % (1 + client * each + number % each)).encode()


def load(target: Target, seconds: float, start: int) -> Load:
    """What 16 clients get; raises RuntimeError where an answer is not what it must be.

    `start` is who of their people they ask for first: those of other rounds have had their share.
    """
    context = multiprocessing.get_context("fork")
    with context.Pool(PROCESSES) as pool:
        asked = [(target, number, seconds, start) for number in range(PROCESSES)]
        found = pool.starmap(ask_together, asked)
    waits = [wait for each in found for wait in each]
    return Load(len(waits) / seconds, tuple(waits))


def ask_together(target: Target, process: int, seconds: float, start: int) -> list[float]:
    def ask(number: int) -> list[float]:
        return ask_on(target, process * THREADS + number, seconds, start)

    with ThreadPoolExecutor(THREADS) as threads:
        return [wait for waits in threads.map(ask, range(THREADS)) for wait in waits]


def ask_on(target: Target, client: int, seconds: float, start: int) -> list[float]:
    head = (
        f"POST {target.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {target.key}\r\nContent-Length: "
    ).encode()
    waits, number = [], start
    with socket.create_connection(("127.0.0.1", target.port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = time.perf_counter() + seconds
        while (began := time.perf_counter()) < end:
            body = target.asked(client, number)
            connection.sendall(head + str(len(body)).encode() + ENDS + body)
            check(target, read(connection))
            waits.append((time.perf_counter() - began) * 1000)
            number += 1
    return waits


def read(connection: socket.socket) -> bytes:
    """One answer, whole."""
    data = b""
    while ENDS not in data:
        data += received(connection)
    head, _ends, body = data.partition(ENDS)
    lines = head.lower().split(b"\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
    while len(body) < length:
        body += received(connection)
    return head + ENDS + body


def received(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise RuntimeError("the server hung up")
    return data


def check(target: Target, answer: bytes) -> None:
    is_right = answer.startswith(b"HTTP/1.1 200") and all(
        answer.count(words) == times for words, times in target.holds
    )
    if not is_right:
        raise RuntimeError(f"{target.path} answered {answer[:2000]!r}")
