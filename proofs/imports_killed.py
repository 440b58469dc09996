"""A file of contacts whose worker is killed; see `proofs.killing`."""

from collections.abc import Callable

from proofs.imports import ROWS, People
from proofs.installation import Installation
from proofs.killing import BAD, SECONDS, prove_killed

__all__ = ["SECONDS", "prove"]


def prove(make: Callable[[str], Installation]) -> str:
    here = make("imports")
    told = prove_killed(here, People(ROWS, BAD))
    here.stop()
    return told
