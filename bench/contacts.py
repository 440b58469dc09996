"""Contacts at a million: the count of an audience and the search of the list."""

from collections.abc import Iterator

from bench.figures import Figure
from bench.programs import figures_of


def measure() -> Iterator[Figure]:
    yield from figures_of("bench.million")
