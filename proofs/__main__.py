"""`python -m proofs [NAME…]` runs the proofs whose names contain one of the words."""

import contextlib
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import SubprocessError
from types import FrameType, ModuleType

import psutil
import psycopg

from proofs import (
    children_restart,
    codes_killed,
    commands_borrow,
    contact_by_contact,
    data_survives,
    decisions,
    first_start,
    imports_killed,
    imports_together,
    populations,
    redemptions,
    refusals,
    releases,
    replays,
    reservations,
    side_by_side,
    start_and_stop,
    supervisor_killed,
    tree_killed,
)
from proofs.installation import Disproved, Installation

MODULES = (
    first_start,
    start_and_stop,
    data_survives,
    children_restart,
    supervisor_killed,
    tree_killed,
    side_by_side,
    refusals,
    commands_borrow,
    imports_killed,
    imports_together,
    codes_killed,
    redemptions,
    reservations,
    decisions,
    populations,
    contact_by_contact,
    releases,
    replays,
)
SECONDS_FOR_ONE = 240

Maker = Callable[[str], Installation]


def main(words: list[str]) -> int:
    chosen = [module for module in MODULES if is_chosen(module.__name__, words)]
    if not chosen:
        sys.stderr.write(f"No proof is called {' or '.join(words)}.\n")
        return 2
    signal.signal(signal.SIGALRM, _too_long)
    failed = [module for module in chosen if not passes(module)]
    sys.stdout.write(f"{len(chosen) - len(failed)} of {len(chosen)} proofs hold.\n")
    return 1 if failed else 0


def is_chosen(name: str, words: list[str]) -> bool:
    return not words or any(word in name for word in words)


def passes(module: ModuleType) -> bool:
    """Whether the proof holds; one line says so, with what it measured."""
    name, prove = module.__name__, module.prove
    patience = getattr(module, "SECONDS", SECONDS_FOR_ONE)
    made: list[Installation] = []
    room = Path(tempfile.mkdtemp(prefix="overture-proof-")).resolve()

    def make(label: str) -> Installation:
        made.append(Installation(room / label))
        return made[-1]

    began = time.monotonic()
    signal.alarm(patience)
    try:
        verdict, said = "holds ", prove(make)
    except (Disproved, OSError, psutil.Error, psycopg.Error, SubprocessError) as reason:
        verdict, said = "FAILED", str(reason)
    finally:
        signal.alarm(0)
        for installation in made:
            installation.destroy()
    seconds = time.monotonic() - began
    sys.stdout.write(f"{verdict} {name.partition('.')[2]:<18} {seconds:6.1f} s  {said}\n")
    sys.stdout.flush()
    if verdict == "FAILED":
        sys.stdout.write(f"       its logs are in {room}\n")
    else:
        with contextlib.suppress(OSError):
            shutil.rmtree(room)
    return verdict != "FAILED"


def _too_long(order: int, frame: FrameType | None) -> None:
    raise Disproved("took far too long")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
