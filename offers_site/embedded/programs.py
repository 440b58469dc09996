"""The programs that make up Overture, as `up` runs them on one machine."""

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from offers_site.embedded import postgres
from offers_site.embedded.addresses import is_loopback, names_of_this_machine
from offers_site.embedded.children import Program
from offers_site.embedded.datadir import ROOT
from offers_site.embedded.places import Places
from offers_site.embedded.privileges import launching
from offers_site.embedded.servers import Server

PATIENCE_WITH_SERVERS = 3.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line of `up` asked for."""

    host: str
    address: str
    port: int
    workers: int
    slots: int
    demo: bool
    browser: bool


def processors() -> int:
    """Those that this process may use: a container is often given fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 2


def default_workers() -> int:
    return max(2, min(4, processors()))


def web_processes() -> int:
    """One thread each: measured, four to eight such processes answer most."""
    return max(2, min(4, processors()))


def of_server(server: Server) -> Program:
    """An embedded server as a child."""
    return Program(
        name=server.name,
        command=server.command,
        environment=postgres.environment(),
        directory=Path("/"),
        stops_by=server.stops_by,
        patience=PATIENCE_WITH_SERVERS,
        killed_by=server.ends_by,
        before=server.clear,
    )


def of_application(places: Places, wishes: Wishes, base_url: str) -> list[Program]:
    """Web, workers and the clock."""
    environment = environment_of_children(places, wishes, base_url)

    def program(name: str, *command: str) -> Program:
        bound = launching([sys.executable, *command], dies_by=signal.SIGTERM)
        return Program(name, bound, environment, ROOT)

    celery = ("-m", "celery", "--app", "offers_site.celery", "--quiet")
    return [
        program("web", *web_command(wishes)),
        program("interactive", *celery, *worker_options("interactive", ["interactive"], 2)),
        program("bulk", *celery, *worker_options("bulk", ["bulk", "send"], wishes.workers)),
        program("beat", *celery, "beat", "--schedule", str(places.beat_schedule), "--pidfile="),
    ]


def web_command(wishes: Wishes) -> list[str]:
    return [
        *("-m", "granian", "--interface", "wsgi", "offers_site.wsgi:application"),
        *("--host", wishes.address, "--port", str(wishes.port)),
        *("--workers", str(web_processes()), "--blocking-threads", "1"),
        # A permit is held for as long as a connection lives, browsers keep several open.
        *("--backlog", "1024", "--backpressure", "512"),
        *("--respawn-failed-workers", "--respawn-interval", "0.5"),
        *("--workers-kill-timeout", "5", "--no-access-log", "--log-level", "warning"),
        *("--no-ws", "--http", "1"),
    ]


def worker_options(name: str, queues: list[str], processes: int) -> list[str]:
    return [
        *("worker", "--hostname", f"{name}@%h", "--queues", ",".join(queues)),
        *("--concurrency", str(processes), "--pool", "prefork"),
        *("--without-mingle", "--without-gossip", "--loglevel", "INFO"),
    ]


def environment_of_children(places: Places, wishes: Wishes, base_url: str) -> dict[str, str]:
    given = dict(os.environ)
    ours = {
        "OVERTURE_DATA_DIR": str(places.data),
        "OVERTURE_SLOTS": str(wishes.slots),
        "PROMETHEUS_MULTIPROC_DIR": str(places.metrics),
        "BASE_URL": base_url,
        # Celery would check everything in each worker, and look at nothing that it finds.
        "CELERY_SKIP_CHECKS": "yes",
        # Celery warns root of pickle, which we do not use.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    }
    if not is_loopback(wishes.address):
        ours["ALLOWED_HOSTS"] = given.get("ALLOWED_HOSTS") or ",".join(names_of_this_machine())
    return given | ours
