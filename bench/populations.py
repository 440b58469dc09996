"""Populations: everybody decided for and stored. `BENCH_CONTACTS` makes it smaller."""

from collections.abc import Iterator

from bench.figures import Figure
from bench.programs import figures_of


def measure() -> Iterator[Figure]:
    yield from figures_of("bench.audience", "--workers", "1", unit="s")
