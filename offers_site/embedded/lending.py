"""Any command works whether `up` runs or not: it borrows the servers of the data directory.

Read before there are settings, so it looks at the environment itself.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.core.management import call_command
from django.db import DatabaseError, OperationalError

from offers_site.embedded import datadir, notes
from offers_site.embedded.addresses import can_be_a_host, local_url
from offers_site.embedded.locks import Lock, held_alone, is_held
from offers_site.embedded.output import hold_standard_files
from offers_site.embedded.places import Places
from offers_site.embedded.probes import postgres_answers, redis_answers
from offers_site.embedded.refusals import (
    CannotStart,
    cannot_write,
    no_tables,
    server_failed,
    server_slow,
)
from offers_site.environment import env_text

# These ask nothing of a database; `up` has servers of its own.
WITHOUT_SERVERS = {
    *("up", "help", "version", "check", "collectstatic", "findstatic", "compilemessages"),
    *("makemessages", "makemigrations", "startapp", "diffsettings"),
}
# These make the tables themselves, or look at what is there.
WITHOUT_TABLES = {
    *("migrate", "showmigrations", "sqlmigrate", "squashmigrations", "optimizemigration"),
    *("dbshell", "inspectdb", "flush", "postgres"),
}
UNDEFINED = {"42P01", "42703"}  # a table, a column
SECONDS_FOR_UP = 60
SECONDS_TO_STOP = 30
READY = "ready"


@contextmanager
def servers_for(argv: list[str]) -> Iterator[None]:
    """The servers that the command `argv` needs answer, for as long as the block lasts.

    Raises `CannotStart` with a sentence for the person who typed the command.
    """
    hold_standard_files()
    command = argv[1] if len(argv) > 1 else ""
    if command == "up":
        take_options(argv[2:])
    places = datadir.places_of_environment()
    wanted = wanted_servers()
    if command == "up" or wanted or not env_text("SECRET_KEY"):
        datadir.open_directory(places)
    if command == "up" and not asks_for_help(argv):
        datadir.check_marker(places)
        datadir.check_room(places)
    if not wanted or not needs_servers(argv):
        yield
        return
    take_address(places)
    with borrowed(places, wanted, make_tables=command not in WITHOUT_TABLES):
        yield


def take_address(places: Places) -> None:
    """Links that a command writes lead to the `up` of its data directory, while that runs."""
    if not env_text("BASE_URL") and is_held(places.up):
        note = notes.read(places.up_note) or {}
        if url := note.get("url"):
            os.environ["BASE_URL"] = url


def take_options(options: list[str]) -> None:
    """The options of `up` that settings depend on hold before settings are read."""
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--data-dir")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default="8000")
    try:
        given, _ = parser.parse_known_args(options)
    except argparse.ArgumentError:
        return  # the command itself will say what is wrong
    if given.data_dir:
        os.environ["OVERTURE_DATA_DIR"] = given.data_dir
        os.environ["OVERTURE_DATA_DIR"] = str(datadir.places_of_environment().data)
    if env_text("BASE_URL") or not can_be_a_host(given.host):
        return  # `up` itself says which hosts there are
    if given.port.isdigit() and int(given.port) < 2**16:
        os.environ["BASE_URL"] = local_url(given.host, int(given.port))


def wanted_servers() -> list[str]:
    """The embedded servers that these settings use."""
    variables = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}
    return [name for name, variable in variables.items() if not env_text(variable)]


def needs_servers(argv: list[str]) -> bool:
    words = argv[1:]
    if not words or words[0].startswith("-") or words[0] in WITHOUT_SERVERS:
        return False
    return not asks_for_help(argv)


def asks_for_help(argv: list[str]) -> bool:
    return not {"-h", "--help"}.isdisjoint(argv)


@contextmanager
def borrowed(places: Places, wanted: list[str], *, make_tables: bool) -> Iterator[None]:
    """The `wanted` servers of `places` answer, and if we are the last to use them, stop after."""
    using = Lock(places.using)
    try:
        with held_alone(places.starting):
            using.share()
            if not is_anybody_serving(places, wanted):
                start_keeper(places, wanted)
            if make_tables and "postgres" in wanted:
                make_first_tables(places)
        yield
    finally:
        give_back(places, using)


def is_anybody_serving(places: Places, wanted: list[str]) -> bool:
    """Whether the servers answer, be it after `up`, which runs them, has restarted one."""
    deadline = time.monotonic() + SECONDS_FOR_UP
    while not answer(places, wanted):
        if not is_held(places.up):
            return False
        if time.monotonic() > deadline:
            raise server_slow("The database of the running `up`", SECONDS_FOR_UP)
        time.sleep(0.05)
    return True


def answer(places: Places, wanted: list[str]) -> bool:
    probes = {"postgres": postgres_answers, "redis": redis_answers}
    return all(probes[name](places) for name in wanted)


def start_keeper(places: Places, wanted: list[str]) -> None:
    """A keeper runs the `wanted` servers until their last user is gone. Raises `CannotStart`."""
    datadir.check_marker(places)
    datadir.check_room(places)
    module = ["-m", "offers_site.embedded.keeper", str(places.data), ",".join(wanted)]
    try:
        with places.keeper_log.open("wb") as log:
            keeper = subprocess.Popen(
                [sys.executable, *module],
                cwd=datadir.ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
    except OSError as reason:
        raise cannot_write(places.data, reason) from None
    said = keeper.stdout.readline().decode().strip() if keeper.stdout else ""
    if said != READY:
        raise CannotStart(said) if said else server_failed("Overture", read(places.keeper_log))


def read(log: Path) -> str:
    return log.read_text(errors="replace")


def make_first_tables(places: Places) -> None:
    """A database that nobody has used has its tables."""
    if places.tables_made.exists():
        return
    sys.stderr.write("Making the tables of a new installation…\n")
    django.setup()
    call_command("migrate", verbosity=0, interactive=False, stdout=sys.stderr)
    places.tables_made.touch()


def give_back(places: Places, using: Lock) -> None:
    """We use the servers no more. If nobody else does, those that commands started have stopped."""
    if using.try_take():
        stop_keeper(places)
    else:
        using.share()  # waits while a keeper that saw the last user go stops the servers
    using.close()


def stop_keeper(places: Places) -> None:
    keeping = Lock(places.keeping)
    if not keeping.try_take():
        # Its holder has written the note, and nobody else can start one while we hold `using`.
        os.kill(notes.read(places.keeper_note), signal.SIGTERM)
        keeping.take_within(SECONDS_TO_STOP)
    keeping.close()


def sentence_about(error: DatabaseError) -> str | None:
    """What an error that ended a command means to whoever typed it; None if it is our fault."""
    state = getattr(error.__cause__, "sqlstate", None)
    if state in UNDEFINED:
        return str(no_tables(str(error)))
    if state and not isinstance(error, OperationalError):
        return None
    what = "gave up" if state else "cannot be reached"
    return f"The database {what}: {' '.join(str(error).split())}"
