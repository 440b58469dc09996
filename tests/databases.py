"""The database of each process of the tests: made once and copied, and emptied quickly."""

import fcntl
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.state import ProjectState

# All rows go, so that no order of foreign keys, and no trigger, is to be minded. A table without a
# single page was never written to.
EMPTY = """
DO $$
DECLARE
    one regclass;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR one IN
        SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
        AND relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
    LOOP
        EXECUTE format('DELETE FROM %s', one);
    END LOOP;
END
$$
"""
# The attributes are gone with their rows; what they declared is DDL, and stays otherwise.
DROP_DECLARED_COLUMNS = """
DO $$
DECLARE
    one name;
BEGIN
    FOR one IN
        SELECT attname FROM pg_attribute WHERE attrelid = 'contacts_contact'::regclass
        AND attname ~ '^attr_[0-9]+$' AND NOT attisdropped
    LOOP
        EXECUTE format('ALTER TABLE contacts_contact DROP COLUMN %I', one);
    END LOOP;
END
$$
"""


def migrate_once() -> None:
    """On a server of ours one process migrates the database `overture`, and all copy that.

    `tests.servers` starts a process for it, which is mostly done when tests have been collected.
    """
    with (settings.PLACES.data / "migrated").open("a+") as note:
        fcntl.flock(note, fcntl.LOCK_EX)
        note.seek(0)
        if not note.read():
            with rendering_neighbours_alone():
                call_command("migrate", verbosity=0)
            connection.close()  # a database that is in use cannot be copied
            note.write("yes")
    connection.settings_dict["TEST"]["TEMPLATE"] = connection.settings_dict["NAME"]


@contextmanager
def rendering_neighbours_alone() -> Iterator[None]:
    """With every step Django renders anew all models that hang together with one, which is all.

    To write a table nobody needs more than the models next to it; a function is given all anyway.
    """
    found = ProjectState._find_reload_model  # type: ignore[attr-defined] # Django's own

    def neighbours(state: Any, app: str, name: str, delay: bool = False) -> Any:
        return found(state, app, name, delay=True)

    ProjectState._find_reload_model = neighbours  # type: ignore[attr-defined]
    try:
        yield
    finally:
        ProjectState._find_reload_model = found  # type: ignore[attr-defined]


def are_ours() -> bool:
    """Whether the server was started for these tests, and ends with them."""
    return bool(settings.EMBEDS_POSTGRES)


def end_other_connections() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@functools.cache
def is_superuser() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        return bool(cursor.fetchone()[0])


def empty_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute(EMPTY)


def drop_declared_columns() -> None:
    with connection.cursor() as cursor:
        cursor.execute(DROP_DECLARED_COLUMNS)


def put_roles_back() -> None:
    """Everybody counts on the roles that a migration made."""
    import_module("accounts.migrations.0002_built_in_roles").add_roles(apps, None)


@contextmanager
def taken_back() -> Iterator[None]:
    """Nothing that is written in the block stays. Actions commit in it as they do in a test."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined] # what is durable may stand in it
    with block:
        yield
        transaction.set_rollback(True)


if __name__ == "__main__":
    django.setup()
    migrate_once()
