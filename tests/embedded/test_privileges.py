import json
import os
import signal
import subprocess
import sys
import time

import pytest

from offers_site.embedded import privileges
from offers_site.embedded.privileges import Account, is_reachable, launching, servers_account

NOBODY = Account("nobody", 65534, 65534)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has it")


def said_by(command):
    return subprocess.run(command, capture_output=True, text=True)


def test_an_ordinary_user_stays_who_they_are(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert servers_account() is None


def test_root_becomes_somebody_without_rights(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    assert servers_account() != Account("root", 0, 0)
    assert servers_account() is not None


def test_a_closed_directory_is_noticed(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    assert not is_reachable(closed / "data", Account("stranger", os.getuid() + 12345, 12345))
    assert is_reachable(closed, Account("owner", os.getuid(), 12345)) == is_reachable(
        tmp_path, Account("owner", os.getuid(), 12345)
    )


@as_root
@on_linux
def test_the_account_works_below_directories_that_are_closed_to_it(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "file").write_text("read")
    show = ["/bin/sh", "-c", f"id -u; cat {closed}/file"]

    done = said_by(launching(show, dies_by=None, account=NOBODY, reaching=(closed / "file",)))

    assert done.stdout == "65534\nread"
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
@on_linux
def test_programs_that_ask_whether_they_may_are_told_that_they_may(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    program = closed / "program"
    program.touch(mode=0o755)
    asked = f"import os; print(os.access({str(program)!r}, os.X_OK), os.getuid())"

    done = said_by(
        launching([sys.executable, "-c", asked], dies_by=None, account=NOBODY, reaching=(program,))
    )

    assert done.stdout == "True 65534\n"


@as_root
@on_linux
def test_the_account_gets_no_more_than_it_needs(tmp_path):
    show = ["/bin/sh", "-c", "grep -E 'Cap(Eff|Amb)' /proc/self/status; id -G"]

    done = said_by(launching(show, dies_by=None, account=NOBODY))

    assert done.stdout.split() == ["CapEff:", "0" * 16, "CapAmb:", "0" * 16, "65534"]


@as_root
def test_a_program_that_the_account_cannot_run_is_named(tmp_path):
    missing = tmp_path / "nothing"

    done = said_by(launching([str(missing)], dies_by=None, account=NOBODY, reaching=(missing,)))

    assert done.returncode == 126
    assert done.stderr == f"{tmp_path}/nothing: No such file or directory\n"


@on_linux
@pytest.mark.parametrize("account", [None, pytest.param(NOBODY, marks=as_root)])
def test_a_child_dies_with_who_started_it(account, tmp_path):
    child = launching(["/bin/sleep", "60"], dies_by=signal.SIGKILL, account=account)
    starter = (
        "import json, os, subprocess, sys, time\n"
        "words = json.loads(sys.argv[1])\n"
        "orders = json.loads(words[4]) | {'parent': os.getpid()}\n"
        "words[4] = json.dumps(orders)\n"
        "child = subprocess.Popen(words)\n"
        "time.sleep(0.5)\n"
        "sys.stdout.write(f'{child.pid}\\n'); sys.stdout.flush(); time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starter, json.dumps(child)], stdout=subprocess.PIPE, text=True
    )
    pid = int(parent.stdout.readline())
    assert is_alive(pid)

    parent.kill()
    parent.communicate()

    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(pid)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as state:
            return state.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_launcher_stands_where_it_is_looked_for():
    assert os.path.exists(privileges.LAUNCHER)
