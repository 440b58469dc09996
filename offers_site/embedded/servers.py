"""The embedded servers of one data directory, started and stopped by one process."""

import contextlib
import os
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from offers_site.embedded import leftovers, notes, postgres, redis
from offers_site.embedded.places import Places
from offers_site.embedded.privileges import Account, give, launching, servers_account
from offers_site.embedded.probes import postgres_answers, redis_answers
from offers_site.embedded.refusals import server_failed, server_slow, unsafe_directory

# Recovery after a loss of power reads the log that was written since the last checkpoint.
SECONDS_TO_START = 60
SECONDS_TO_STOP = 10
# PostgreSQL ends at once and the next one replays its log; a fast shutdown may have much to write.
POSTGRES_ENDS_BY = signal.SIGQUIT
REDIS_ENDS_BY = signal.SIGTERM


@dataclass(frozen=True, slots=True)
class Server:
    """How one server starts, answers and stops. `stops_by` is tried in order, gentle first."""

    name: str
    title: str
    command: list[str]
    clear: Callable[[], None]  # removes what a killed one left in the way of the next
    answers: Callable[[], bool]
    stops_by: tuple[signal.Signals, ...]
    ends_by: signal.Signals  # when whoever started it was killed: at once, but in order


def servers(places: Places, wanted: Collection[str], *, durable: bool = True) -> list[Server]:
    """The `wanted` servers of `places`, which can be started: their directories are made."""
    account = servers_account()
    prepare_sockets(places, account)
    found = []
    if "postgres" in wanted:
        found.append(_postgres(places, account, durable=durable))
    if "redis" in wanted:
        found.append(_redis(places, account))
    return found


def _postgres(places: Places, account: Account | None, *, durable: bool) -> Server:
    postgres.prepare(places, account, durable=durable)
    command = postgres.command(places, durable=durable)
    return Server(
        name="postgres",
        title="PostgreSQL",
        command=launching(
            command,
            dies_by=POSTGRES_ENDS_BY,
            account=account,
            reaching=(Path(command[0]), places.postgres, places.sockets),
        ),
        clear=partial(clear_postgres, places, account),
        answers=partial(postgres_answers, places),
        stops_by=(signal.SIGINT, signal.SIGQUIT, signal.SIGKILL),
        ends_by=POSTGRES_ENDS_BY,
    )


def clear_postgres(places: Places, account: Account | None) -> None:
    prepare_sockets(places, account)
    postgres.clear_stale_lock(places)


def _redis(places: Places, account: Account | None) -> Server:
    places.redis.mkdir(mode=0o700, exist_ok=True)
    give(places.redis, account)
    command = redis.command(places)
    return Server(
        name="redis",
        title="Redis",
        command=launching(
            command,
            dies_by=REDIS_ENDS_BY,
            account=account,
            reaching=(Path(command[0]), places.redis, places.sockets),
        ),
        clear=partial(prepare_sockets, places, account),
        answers=partial(redis_answers, places),
        stops_by=(signal.SIGTERM, signal.SIGKILL),
        ends_by=REDIS_ENDS_BY,
    )


def prepare_sockets(places: Places, account: Account | None) -> None:
    """The directory of the sockets exists and nobody else can enter it."""
    places.run.mkdir(parents=True, exist_ok=True)
    places.sockets.mkdir(mode=0o700, exist_ok=True)
    found = places.sockets.lstat()
    allowed = {os.geteuid()} | ({account.uid} if account else set())
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in allowed or found.st_mode & 0o077:
        raise unsafe_directory(places.sockets)
    give(places.sockets, account)


def spawn(server: Server, output: IO[bytes] | int) -> subprocess.Popen[bytes]:
    """The server's process, in a session of its own: a terminal's Ctrl-C does not reach it."""
    server.clear()
    return subprocess.Popen(
        server.command,
        cwd="/",
        env=postgres.environment(),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def wait_until_it_answers(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    """Raises `CannotStart` if the server dies first, or needs too long."""
    deadline = time.monotonic() + SECONDS_TO_START
    while not server.answers():
        if process.poll() is not None:
            raise server_failed(server.title, log.read_text(errors="replace"))
        if time.monotonic() > deadline:
            raise server_slow(server.title, SECONDS_TO_START)
        time.sleep(0.02)


def stop(server: Server, process: subprocess.Popen[bytes]) -> None:
    """The server's process has ended."""
    for order in server.stops_by:
        if process.poll() is not None:
            return
        process.send_signal(order)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS_TO_STOP)


@contextmanager
def running(places: Places, wanted: list[Server]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The servers answer for as long as the block lasts, and log to `places.servers_log`."""
    started: list[tuple[Server, subprocess.Popen[bytes]]] = []
    try:
        with places.servers_log.open("wb") as log:
            for server in wanted:
                started.append((server, spawn(server, log)))  # noqa: PERF401 (all that did start)
        leftovers.note(places, {server.name: process.pid for server, process in started})
        for server, process in started:
            wait_until_it_answers(server, process, places.servers_log)
        yield [process for _, process in started]
    finally:
        for server, process in reversed(started):
            stop(server, process)
        notes.remove(places.children_note)
        remove_sockets(places)


def remove_sockets(places: Places) -> None:
    """The directory of the sockets is gone, with whatever a killed server left in it."""
    with contextlib.suppress(FileNotFoundError):
        for left in places.sockets.iterdir():
            left.unlink(missing_ok=True)
        places.sockets.rmdir()


@contextmanager
def temporary_servers(data: Path, *, durable: bool = False) -> Iterator[Places]:
    """A PostgreSQL and a Redis in `data`, a directory of the caller's, while the block lasts."""
    places = Places(data.resolve())
    with running(places, servers(places, ("postgres", "redis"), durable=durable)):
        yield places
