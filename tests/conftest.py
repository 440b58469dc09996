"""Few fixtures: what every test stands on."""

import functools
import os

import hypothesis
import pytest
import redis
import structlog
from django.conf import settings
from django.db import connection, transaction
from django.test import TransactionTestCase

from accounts.rights import BuiltIn
from tests.build import built_in

# People's machines look for new cases in every run; the one that decides tries the same ones again.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """A thread that a test forgot must not keep the databases from being dropped at the end."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


STAYS = {"django_migrations", "django_content_type", "auth_permission"}  # as migrations left them


@pytest.fixture(scope="session", autouse=True)
def empty_only_what_is_full():
    """After a test that commits, Django truncates every table there is: a quarter of a second.

    Few of them have rows, and to delete those takes a hundredth of that. It wants a superuser; on
    a server of somebody else's the tables are truncated.
    """
    truncate = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined] # Django's own

    def empty(case):
        if is_superuser():
            empty_tables()
        else:
            truncate(case)
        drop_declared_columns()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


@functools.cache
def is_superuser():
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        return cursor.fetchone()[0]


def empty_tables():
    tables = set(connection.introspection.table_names()) - STAYS
    asked = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM {connection.ops.quote_name(table)})"
        for table in sorted(tables)
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(asked)
        full = [connection.ops.quote_name(table) for (table,) in cursor.fetchall()]
        # All rows go, so no order of foreign keys, and no trigger, is to be minded.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in full:
            cursor.execute(f"DELETE FROM {table}")


def drop_declared_columns():
    """The attributes are gone with their rows; what they declared is DDL, and stays otherwise."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'contacts_contact'::regclass"
            " AND attname ~ '^attr_[0-9]+$' AND NOT attisdropped"
        )
        for (column,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE contacts_contact DROP COLUMN {column}")


@pytest.fixture(autouse=True)
def plain_static_files(settings):
    """Tests serve files from where they stand, without collecting them first."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.WHITENOISE_AUTOREFRESH = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def broker():
    """An empty broker of this process alone."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture(autouse=True)
def no_request_before():
    """The thread of a test that made requests remembers the last one; a command's does not."""
    structlog.contextvars.clear_contextvars()


@pytest.fixture(autouse=True)
def built_in_roles(request):
    """A migration made them, but a test that commits has emptied the tables for those after it."""
    mark = request.node.get_closest_marker("django_db")
    if mark:
        request.getfixturevalue("transactional_db" if mark.kwargs.get("transaction") else "db")
        for code in BuiltIn:
            built_in(code)
