"""One installation in a temporary directory, started and watched from outside."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from offers_site.embedded.places import Places

ROOT = Path(__file__).resolve().parent.parent
SECONDS_TO_START = 90
SECONDS_TO_STOP = 15
# What a person's shell may hold must not decide what is proved.
OURS = ("OVERTURE_", "DATABASE_URL", "REDIS_URL", "BASE_URL", "SECRET_KEY", "PROMETHEUS_")


class Disproved(Exception):
    """A promise was not kept; the message says how."""


def must(holds: object, otherwise: str) -> None:
    if not holds:
        raise Disproved(otherwise)


def wait_for(question: Callable[[], object], seconds: float, otherwise: str) -> None:
    """Returns when `question` is answered with yes. Raises `Disproved` when that takes too long."""
    deadline = time.monotonic() + seconds
    while not question():
        must(time.monotonic() < deadline, f"{otherwise} within {seconds:g} s")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Installation:
    """A data directory, a port, and the `up` that runs there."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.places = Places(data)
        self.log = data.with_suffix(".log")
        self.settings: dict[str, str] = {}
        self._up: subprocess.Popen[bytes] | None = None

    # --- Starting and stopping ---

    def launch(self, *options: str) -> subprocess.Popen[bytes]:
        """`up` has been started and is left to itself."""
        with self.log.open("ab") as log:
            self._up = subprocess.Popen(
                [*self._manage(), "up", "--no-demo", "--no-browser", *self._where(), *options],
                cwd=ROOT,
                env=environment() | self.settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self._up

    def start(self, *options: str) -> float:
        """Seconds until it was ready."""
        began = time.monotonic()
        up = self.launch(*options)
        wait_for(
            lambda: self.is_ready() or up.poll() is not None, SECONDS_TO_START, "`up` was not ready"
        )
        must(up.poll() is None, f"`up` ended: {self.last_words()}")
        return time.monotonic() - began

    def stop(self, order: signal.Signals = signal.SIGINT) -> float:
        """Seconds until `up` had ended and nothing of it was left."""
        up = self.up
        began = time.monotonic()
        up.send_signal(order)
        with contextlib.suppress(subprocess.TimeoutExpired):
            up.wait(SECONDS_TO_STOP)
        seconds = time.monotonic() - began
        must(up.poll() is not None, f"`up` had not ended {SECONDS_TO_STOP} s after {order.name}")
        must(up.returncode == 0, f"`up` ended with exit status {up.returncode}")
        self.must_be_gone(1)
        return seconds

    @property
    def up(self) -> subprocess.Popen[bytes]:
        must(self._up, "`up` was never started")
        return self._up  # type: ignore[return-value] # `must` has seen to it

    def refusal(self, *options: str, data: Path | None = None, port: int | None = None) -> str:
        """What an `up` says that refuses to start; it must be one sentence and status 1."""
        where = ["--data-dir", str(data or self.data), "--port", str(port or self.port)]
        done = subprocess.run(
            [*self._manage(), "up", "--no-browser", *where, *options],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        must(done.returncode == 1, f"exit status {done.returncode}: {done.stderr}")
        must(done.stderr.count("\n") == 1, f"not one sentence: {done.stderr}")
        return done.stderr.strip()

    def command(self, *words: str) -> subprocess.Popen[str]:
        """Another command of manage.py on this data directory."""
        return subprocess.Popen(
            [*self._manage(), *words],
            cwd=ROOT,
            env=environment() | {"OVERTURE_DATA_DIR": str(self.data)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _manage(self) -> list[str]:
        return [sys.executable, str(ROOT / "manage.py")]

    def _where(self) -> list[str]:
        return ["--data-dir", str(self.data), "--port", str(self.port)]

    # --- Looking ---

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz", headers={"Host": f"localhost:{self.port}"})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def must_be_ready(self, seconds: float = 40) -> None:
        wait_for(self.is_ready, seconds, "/readyz was not good again")

    def processes(self) -> list[psutil.Process]:
        """Every process that has to do with the data directory, whoever its parent is."""
        return [process for process in psutil.process_iter() if self._concerns(process)]

    def _concerns(self, process: psutil.Process) -> bool:
        if process.pid == os.getpid():
            return False
        name = str(self.data)
        with contextlib.suppress(psutil.Error):
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            if any(name in word for word in process.cmdline()):
                return True
        with contextlib.suppress(psutil.Error, OSError):
            if process.cwd().startswith(name):
                return True
        with contextlib.suppress(psutil.Error, OSError):
            return process.environ().get("OVERTURE_DATA_DIR") == name
        return False

    def tree(self) -> list[psutil.Process]:
        """`up` and all its descendants."""
        with contextlib.suppress(psutil.NoSuchProcess):
            top = psutil.Process(self.up.pid)
            return [top, *top.children(recursive=True)]
        return []

    def child(self, word: str) -> psutil.Process:
        """The direct child of `up` whose command line holds `word`."""
        for process in psutil.Process(self.up.pid).children():
            with contextlib.suppress(psutil.Error):
                if any(word in part for part in process.cmdline()):
                    return process
        raise Disproved(f"`up` has no child that runs {word}")

    def must_be_gone(self, seconds: float) -> None:
        """No process and no socket is left."""
        wait_for(lambda: not self.processes(), seconds, f"left running: {self.processes()}; gone")
        left = list(self.places.sockets.glob("*")) if self.places.sockets.exists() else []
        must(not [path for path in left if path.is_socket()], f"sockets are left: {left}")

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return " / ".join(lines[-5:])

    # --- Data ---

    @contextmanager
    def database(self) -> Iterator[psycopg.Connection]:
        address = f"host='{self.places.sockets}' dbname=overture user=overture connect_timeout=5"
        with psycopg.connect(address, autocommit=True) as connection:
            yield connection

    @contextmanager
    def paced(self, table: str) -> Iterator[Callable[[], None]]:
        """Nobody writes into a table; each call lets whoever waits for it go one transaction on."""
        with self.database() as connection, connection.transaction():
            lock = f"LOCK TABLE {table} IN EXCLUSIVE MODE"
            connection.execute(lock)

            def step() -> None:
                connection.execute("COMMIT AND CHAIN")
                connection.execute(lock)

            yield step

    def write_row(self, number: int) -> None:
        with self.database() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS proof (number int PRIMARY KEY)")
            connection.execute("INSERT INTO proof VALUES (%s)", [number])

    def rows(self) -> list[int]:
        with self.database() as connection:
            return [row[0] for row in connection.execute("SELECT number FROM proof ORDER BY 1")]

    def destroy(self) -> None:
        """Whatever a failed proof has left is ended."""
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()


def environment() -> dict[str, str]:
    """Ours without what would lead the installation elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
