"""Few fixtures: what every test stands on."""

import os

import hypothesis
import pytest
import redis
import structlog
from django.conf import settings
from django.db import connection

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
