"""Few fixtures: what every test stands on."""

import pytest
import redis
from django.conf import settings


@pytest.fixture(autouse=True)
def plain_static_files(settings):
    """Tests serve files from where they stand, without collecting them first."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def broker():
    """An empty broker of this process alone."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield client
        client.flushdb()
