"""Commands work whether `up` runs or not, many at once, and leave nothing behind."""

import time
from collections.abc import Callable

from proofs.installation import Installation, must

QUESTION = ("migrate", "--check", "--verbosity", "0")
USERS = ("shell", "-v0", "-c", "from accounts.models import User; User.objects.count()")
SLOW = ("shell", "-v0", "-c", "import time; time.sleep(60)")


def prove(make: Callable[[str], Installation]) -> str:
    here = make("commands")
    together(here, USERS, 5)  # the first of them makes the tables
    here.must_be_gone(1)
    alone = together(here, QUESTION, 1)
    here.must_be_gone(1)
    for _ in range(3):
        together(here, USERS, 5)
        here.must_be_gone(1)
    kill_one(here)
    here.start()
    beside = together(here, QUESTION, 1)
    together(here, USERS, 5)
    must(here.is_ready(), "`up` was disturbed")
    here.stop()
    together(here, USERS, 2)
    here.must_be_gone(1)
    return f"one command: {alone:.1f} s without `up`, {beside:.1f} s beside it"


def together(here: Installation, words: tuple[str, ...], number: int) -> float:
    """Seconds until `number` of the same command, started at once, have all succeeded."""
    began = time.monotonic()
    commands = [here.command(*words) for _ in range(number)]
    for command in commands:
        said, _ = command.communicate(timeout=60)
        must(command.returncode == 0, f"exit status {command.returncode}: {said}")
    return time.monotonic() - began


def kill_one(here: Installation) -> None:
    """A command that started the servers is killed: another keeps them, and the last ends them."""
    first = here.command(*SLOW)
    time.sleep(3)
    second = here.command(*SLOW)
    time.sleep(3)
    first.kill()
    together(here, USERS, 3)
    must(second.poll() is None, "a command was disturbed by the death of another")
    second.kill()
    for command in (first, second):
        command.communicate(timeout=10)  # would not end if the keeper held its output
    here.must_be_gone(10)
