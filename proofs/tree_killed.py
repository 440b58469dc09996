"""When everything is killed at any moment, the next `up` recovers without help."""

import contextlib
import random
import time
from collections.abc import Callable

import psutil

from proofs.installation import Installation, must

MOMENTS = (0.3, 0.9, 1.4, 2.0)  # of a first start: checks, initdb, migration, the web


def prove(make: Callable[[str], Installation]) -> str:
    here = make("tree")
    for moment in MOMENTS:
        here.launch()
        time.sleep(moment)
        kill_tree(here)
    first = here.start()
    for number in range(3):
        here.write_row(number)
        kill_tree(here)
        slowest = max(first, here.start())
        must(here.rows() == list(range(number + 1)), f"rows are missing: {here.rows()}")
    here.stop()
    return f"{len(MOMENTS) + 3} times; slowest start after it {slowest:.1f} s"


def kill_tree(here: Installation) -> None:
    """Every process of the installation is killed, in any order."""
    victims = here.tree()
    random.shuffle(victims)
    for process in victims:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    here.up.wait()
