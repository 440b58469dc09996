"""The steps of a template that write, taken together: most templates are nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from catalog.rendering.compiling import Frame, Step, Value

MOST_FUSED = 16  # steps: so that no more is written at once than is measured


@dataclass(frozen=True, slots=True)
class Literal:
    """What stands there as it is."""

    text: str

    def __call__(self, frame: Frame) -> None:
        frame.write(self.text)


@dataclass(frozen=True, slots=True)
class Written:
    """A value, by the writer of its place."""

    value: Value
    writer: Callable[[Any], str]

    def __call__(self, frame: Frame) -> None:
        frame.spend(1)
        frame.write(self.writer(self.value(frame)))


def fused(steps: Iterable[Step]) -> list[Step]:
    """The same steps, those together that follow each other and only write."""
    found: list[Step] = []
    for writes, some in groupby(steps, lambda step: isinstance(step, Literal | Written)):
        mine = list(some)
        if not writes:
            found += mine
            continue
        starts = range(0, len(mine), MOST_FUSED)
        found += [several(mine[start : start + MOST_FUSED]) for start in starts]
    return found


def several(steps: Sequence[Step]) -> Step:
    if len(steps) == 1:
        return steps[0]
    pieces = [one.text if isinstance(one, Literal) else one for one in steps]
    places = [(at, one.value, one.writer) for at, one in enumerate(pieces) if type(one) is Written]
    texts = [one if type(one) is str else "" for one in pieces]

    def write(frame: Frame) -> None:
        frame.spend(len(places))
        parts = texts.copy()
        for at, value, writer in places:
            parts[at] = writer(value(frame))
        frame.write("".join(parts))

    return write
