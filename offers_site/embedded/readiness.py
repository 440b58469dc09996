"""Everything the application needs before it may answer: servers, tables, static files, a demo."""

import hashlib
import importlib
import importlib.util
import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import django
import redis
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.timezone import now

from offers_site.embedded import notes
from offers_site.embedded.places import Places
from offers_site.embedded.refusals import (
    cannot_migrate,
    newer_overture,
    old_server,
    unreachable,
)

# Any number of machines may start at once: one migrates, the others wait for it. Never reuse it.
MIGRATING = 0x4F564552_00000001
OLDEST_POSTGRES = 15
OLDEST_REDIS = 6
SECONDS_TO_REACH = 3

SignIn = tuple[str, str, str]
Answer = TypeVar("Answer")


def check_database() -> None:
    """The database answers and is new enough. Raises `CannotStart`."""
    deadline = time.monotonic() + SECONDS_TO_REACH
    while not is_database_reached(deadline):
        time.sleep(0.2)
    if connection.pg_version < OLDEST_POSTGRES * 10_000:  # type: ignore[attr-defined] # of PostgreSQL's wrapper
        raise old_server("PostgreSQL", OLDEST_POSTGRES)


def is_database_reached(deadline: float) -> bool:
    try:
        connection.ensure_connection()
    except OperationalError as reason:
        if time.monotonic() > deadline:
            raise unreachable("database", "DATABASE_URL", str(reason)) from None
        return False
    return True


def check_redis() -> None:
    """Redis answers and is new enough. Raises `CannotStart`."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5) as client:
            version = str(client.info("server")["redis_version"])
    except (redis.RedisError, OSError) as reason:
        raise unreachable("Redis", "REDIS_URL", str(reason)) from None
    if int(version.partition(".")[0]) < OLDEST_REDIS:
        raise old_server("Redis", OLDEST_REDIS)


def migrate(places: Places, say: Callable[[str], None]) -> None:
    """The database has this version's tables. Raises `CannotStart` if it has a newer version's."""
    executor = MigrationExecutor(connection)
    refuse_unknown(places, executor)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("Bringing the database up to date")
        try:
            with migrating_alone():
                call_command("migrate", verbosity=0, interactive=False)
        except DatabaseError as reason:
            raise cannot_migrate(str(reason)) from reason
    places.tables_made.touch()


def refuse_unknown(places: Places, executor: MigrationExecutor) -> None:
    loader = executor.loader
    known = {*loader.disk_migrations, *loader.replacements}
    for migration in loader.replacements.values():
        known.update(migration.replaces)
    if unknown := [key for key in loader.applied_migrations if key not in known]:
        where = str(places.data) if settings.EMBEDS_POSTGRES else "The database of DATABASE_URL"
        raise newer_overture(where, ".".join(max(unknown)))


@contextmanager
def migrating_alone() -> Iterator[None]:
    """Nobody else migrates this database meanwhile. Needs a connection that stays ours."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATING])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATING])


def collect_static(places: Places, say: Callable[[str], None]) -> None:
    """What browsers fetch lies in STATIC_ROOT, in the state of the sources."""
    root = Path(settings.STATIC_ROOT)
    found = {"root": str(root), "sources": fingerprint_of_static()}
    note = places.run / "static.json"
    if notes.read(note) == found and (root / "staticfiles.json").exists():
        return
    say("Collecting the files that browsers fetch")
    # Our own directory is emptied first; another may hold more than our files.
    call_command("collectstatic", verbosity=0, interactive=False, clear=root == places.static)
    notes.write(note, found)


def fingerprint_of_static() -> str:
    """Changes when a file does, or is added or removed."""
    digest = hashlib.sha256(django.__version__.encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            state = os.stat(storage.path(name))
            digest.update(f"{name}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def load_demo(say: Callable[[str], None]) -> None:
    """A database without people has the demo's; the shop of a demo follows the address."""
    if "load_demo" not in get_commands():
        return
    if not get_user_model().objects.exists():
        say("Loading the demo")
    call_command("load_demo", verbosity=0, stdout=io.StringIO())


def demo_sign_ins() -> list[SignIn]:
    """The people of the demo: role, email address, password."""
    return asked_of("accounts.demo", lambda demo: list(demo.sign_ins())) or []


def has_demo_shop() -> bool:
    """Is there a shop to look at?"""
    return bool(asked_of("decisioning.demo", lambda demo: demo.shop_at(now())))


def asked_of(demo: str, ask: Callable[[ModuleType], Answer]) -> Answer | None:
    if importlib.util.find_spec(demo) is None:
        return None
    try:
        return ask(importlib.import_module(demo))
    except DatabaseError:  # it has just gone away: no reason for `up` to go too
        return None
    finally:
        connection.close()
