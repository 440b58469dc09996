import subprocess
import sys

import pytest

from offers_site.embedded.locks import Lock, held_alone, is_held

HOLDER = """
import sys, time
from pathlib import Path
from offers_site.embedded.locks import Lock
Lock(Path(sys.argv[1])).take()
sys.stdout.write("held\\n"); sys.stdout.flush(); time.sleep(60)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.lock"


def test_one_at_a_time(path):
    first, second = Lock(path), Lock(path)

    assert first.try_take()
    assert not second.try_take()
    first.release()
    assert second.try_take()


def test_many_share_and_the_last_takes_it(path):
    first, second = Lock(path), Lock(path)
    first.share()
    second.share()

    assert not first.try_take()
    second.close()
    assert first.try_take()


def test_waiting_ends(path):
    with held_alone(path):
        assert not Lock(path).take_within(0.1)


def test_looking_does_not_take(path):
    assert not is_held(path)
    with held_alone(path):
        assert is_held(path)
    assert not is_held(path)


def test_the_kernel_releases_what_a_killed_process_held(path):
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    assert is_held(path)

    holder.kill()
    holder.communicate()

    assert not is_held(path)


def test_a_child_does_not_keep_the_lock_of_its_parent(path):
    lock = Lock(path)
    lock.take()
    child = subprocess.Popen(["sleep", "60"])
    lock.close()

    assert not is_held(path)
    child.kill()
    child.wait()
