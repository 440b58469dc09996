"""Commands that borrow the servers, as processes of their own on a data directory of their own."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from offers_site.embedded import lending, locks, notes
from offers_site.embedded.lending import needs_servers, take_options
from offers_site.embedded.locks import is_held
from offers_site.embedded.places import Places

ROOT = Path(__file__).parent.parent.parent
USER = """
import sys, time
from pathlib import Path
from offers_site.embedded.lending import borrowed
from offers_site.embedded.places import Places
with borrowed(Places(Path(sys.argv[1])), ["postgres", "redis"], make_tables=False):
    sys.stdout.write("borrowed\\n"); sys.stdout.flush()
    sys.stdin.read()
"""


class Borrower:
    """A command that borrows the servers until it is told to end."""

    def __init__(self, places):
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(places.data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )

    def has_borrowed(self):
        return self.process.stdout.readline() == b"borrowed\n"

    def end(self):
        self.process.communicate(timeout=30)

    def kill(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    places = Places(tmp_path_factory.mktemp("lending"))
    places.run.mkdir()
    return places


def serving(places):
    with psycopg.connect(host=str(places.sockets), dbname="overture", user="overture") as found:
        return found.execute("SELECT pg_backend_pid() > 0").fetchone() == (True,)


def processes(places):
    """Whatever runs on the data directory."""
    name = str(places.data)
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.cwd()]
        except (psutil.Error, OSError):
            continue
        if process.pid != os.getpid() and any(name in word for word in words):
            found.append(process)
    return found


def nothing_is_left(places):
    return processes(places) == [] and not is_held(places.keeping) and not places.sockets.exists()


def wait_until(question, seconds=15):
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_servers_run_for_as_long_as_the_command(places):
    command = Borrower(places)
    assert command.has_borrowed()
    assert serving(places)

    command.end()

    assert nothing_is_left(places)
    assert "FATAL" not in places.servers_log.read_text()


def test_commands_at_once_share_the_servers_and_the_last_ends_them(places):
    commands = [Borrower(places) for _ in range(4)]
    assert all(command.has_borrowed() for command in commands)
    keeper = notes.read(places.keeper_note)

    for command in commands[:-1]:
        command.end()

    assert serving(places)
    assert notes.read(places.keeper_note) == keeper
    commands[-1].end()
    assert nothing_is_left(places)


def test_the_servers_outlive_the_killed_command_that_started_them(places):
    first = Borrower(places)
    assert first.has_borrowed()
    second = Borrower(places)
    assert second.has_borrowed()

    first.kill()

    time.sleep(0.5)
    assert serving(places)
    second.end()
    assert nothing_is_left(places)


def test_the_servers_do_not_outlive_the_last_command_though_it_was_killed(places):
    command = Borrower(places)
    assert command.has_borrowed()

    command.kill()

    wait_until(lambda: nothing_is_left(places))


def test_the_next_command_comes_to_itself_when_the_keeper_was_killed(places):
    first = Borrower(places)
    assert first.has_borrowed()
    os.kill(notes.read(places.keeper_note), 9)

    second = Borrower(places)

    assert second.has_borrowed()
    assert serving(places)
    first.end()
    second.end()
    assert nothing_is_left(places)


def test_ctrl_c_while_the_servers_start_leaves_nothing(places):
    for moment in (0.15, 0.25, 0.35):
        command = Borrower(places)
        time.sleep(moment)
        command.process.send_signal(2)
        command.process.communicate(timeout=30)

        wait_until(lambda: nothing_is_left(places))


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        ("user list", True),
        ("migrate", True),
        ("dbshell", True),
        ("user create --help", False),
        ("user -h", False),
        ("", False),
        ("--version", False),
        ("help user", False),
        ("up --port 8000", False),
        ("makemigrations --check", False),
        ("compilemessages", False),
        ("collectstatic --no-input", False),
    ],
)
def test_only_commands_that_ask_a_database_get_one(words, needed):
    assert needs_servers(["manage.py", *words.split()]) is needed


@pytest.mark.parametrize(
    "options",
    [["--data-dir", "some/where", "--port", "8123"], ["--port=8123", "--data-dir=some/where"]],
)
def test_the_options_of_up_hold_before_the_settings_are_read(options, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVERTURE_DATA_DIR", "/elsewhere")
    monkeypatch.delenv("BASE_URL", raising=False)
    monkeypatch.setattr(os, "environ", dict(os.environ))

    take_options([*options, "--no-demo"])

    assert os.environ["OVERTURE_DATA_DIR"] == f"{tmp_path}/some/where"
    assert os.environ["BASE_URL"] == "http://localhost:8123"


def test_a_host_that_is_none_becomes_no_setting(monkeypatch):
    monkeypatch.setattr(os, "environ", {})

    take_options(["--host", "[::1]"])

    assert "BASE_URL" not in os.environ


def test_a_command_writes_links_to_the_up_that_runs(tmp_path, monkeypatch):
    places = Places(tmp_path)
    places.run.mkdir(parents=True)
    notes.write(places.up_note, {"pid": 1, "url": "http://localhost:8123"})
    monkeypatch.setattr(os, "environ", {})

    lending.take_address(places)
    after_a_crash = os.environ.get("BASE_URL")
    with locks.held_alone(places.up):
        lending.take_address(places)

    assert after_a_crash is None
    assert os.environ["BASE_URL"] == "http://localhost:8123"


@pytest.mark.parametrize("options", [["--port"], ["--data-dir"], ["--unknown"], []])
def test_nonsense_is_left_to_the_command(options, monkeypatch):
    monkeypatch.setattr(os, "environ", {"OVERTURE_DATA_DIR": "/elsewhere"})

    take_options(options)

    assert os.environ["OVERTURE_DATA_DIR"] == "/elsewhere"


def test_a_server_that_is_given_is_not_started(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://somewhere/overture")
    monkeypatch.delenv("REDIS_URL", raising=False)

    assert lending.wanted_servers() == ["redis"]
