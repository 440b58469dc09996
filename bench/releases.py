"""Releases among ten thousand offers: publishing one, taking a category off line, going back."""

from collections.abc import Iterator

from bench.figures import Figure
from bench.programs import figures_of


def measure() -> Iterator[Figure]:
    yield from figures_of("bench.tenthousand")
