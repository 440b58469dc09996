"""A package of ten thousand offers: planned, applied and exported."""

from collections.abc import Iterator

from bench.figures import Figure
from bench.programs import figures_of


def measure() -> Iterator[Figure]:
    yield from figures_of("bench.packaged")
