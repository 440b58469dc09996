"""An installation of its own for a benchmark, on a free port, gone afterwards."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 120  # seconds


@dataclass(frozen=True, slots=True)
class Installation:
    data: Path
    port: int
    settings: str

    @property
    def environment(self) -> dict[str, str]:
        ours = {"OVERTURE_DATA_DIR": str(self.data), "LOG_LEVEL": "ERROR"}
        return {**os.environ, **ours, "DJANGO_SETTINGS_MODULE": self.settings}

    def command(self, *arguments: str) -> str:
        """What a `manage.py` command prints on standard output."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.check_output(command, env=self.environment, text=True)

    def key(self, *scopes: str) -> str:
        """A fresh API key."""
        wanted = ["--name", "-".join(scopes), "--scopes", ",".join(scopes), "--json"]
        made = self.command("apikey", "create", *wanted)
        return str(json.loads(made.splitlines()[-1])["key"])


@contextmanager
def running(*arguments: str, settings: str = "offers_site.settings") -> Iterator[Installation]:
    """An installation that is ready, with `arguments` for its `up`."""
    data = Path(tempfile.mkdtemp(prefix="overture-bench-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    installation = Installation(data, port, settings)
    up = [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(port), "--no-browser"]
    process = subprocess.Popen(
        [*up, "--no-demo", *arguments], env=installation.environment, stdout=subprocess.DEVNULL
    )
    try:
        wait_until_ready(process, port)
        yield installation
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        shutil.rmtree(data, ignore_errors=True)


def wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError("the installation did not become ready")
