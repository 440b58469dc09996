"""Servers for the tests: one PostgreSQL and one Redis for the session, a database for each process.

Loaded with `-p tests.servers`, before Django reads its settings. With DATABASE_URL and REDIS_URL
set the tests use those servers and start none.
"""

import gc
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from offers_site.embedded.places import Places
from offers_site.embedded.servers import temporary_servers

IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
stack = ExitStack()


def start() -> None:
    """Start what is not given, in a directory of this session, and name it in the environment."""
    data = Path(tempfile.mkdtemp(prefix="overture-tests-"))
    stack.callback(shutil.rmtree, data, ignore_errors=True)
    (data / "static").mkdir()
    os.environ["OVERTURE_DATA_DIR"] = str(data)
    os.environ.setdefault("SECRET_KEY", "only-for-tests")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    if not ("DATABASE_URL" in os.environ and "REDIS_URL" in os.environ):
        stack.enter_context(temporary_servers(data, durable=False))
        begin_to_migrate()


def begin_to_migrate() -> None:
    """Tests are collected meanwhile. Whoever wants the database waits, and is told if it failed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.databases"],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "offers_site.settings"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(process.wait)
    stack.callback(process.kill)


# Hardly anything that is loaded from here on, or collected, becomes garbage; see `tests.conftest`.
gc.disable()
if not IS_WORKER:
    start()
elif "REDIS_URL" not in os.environ:
    # Each process has a Redis database of its own, so that queues and caches do not mix.
    number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw")) + 1
    places = Places(Path(os.environ["OVERTURE_DATA_DIR"]))
    os.environ["REDIS_URL"] = places.redis_url.replace("db=0", f"db={number}")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not IS_WORKER:
        stack.close()
