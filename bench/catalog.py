"""Pages among ten thousand offers, for everybody and for somebody who lacks a label."""

from collections.abc import Iterator

from bench.figures import Figure
from bench.programs import figures_of


def measure() -> Iterator[Figure]:
    yield from figures_of("bench.catalogued")
