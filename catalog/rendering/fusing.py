"""The steps of a template that write, taken together: most templates are nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

from catalog.rendering.compiling import LARGEST_RESULT, Frame, Step, Value
from catalog.rendering.refusals import RenderingFailed

MOST_FUSED = 16  # steps: so that no more is written at once than is measured


@dataclass(frozen=True, slots=True)
class Literal:
    """What stands there as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """A value, by the writer of its place."""

    value: Value
    writer: Callable[[Any], str]


Read = Step | Literal | Written  # as a template is read, node by node


def fused(steps: Iterable[Read]) -> list[Step]:
    """The steps of a template: what only writes is taken together where it follows each other."""
    found: list[Step] = []
    for writes, some in groupby(steps, lambda step: isinstance(step, Literal | Written)):
        if not writes:
            found += cast("Iterable[Step]", some)
            continue
        mine = cast("list[Literal | Written]", list(some))
        starts = range(0, len(mine), MOST_FUSED)
        found += [Fused(mine[start : start + MOST_FUSED]) for start in starts]
    return found


class Fused:
    """Texts, and values in their places."""

    __slots__ = ("places", "texts")

    def __init__(self, steps: Sequence[Literal | Written]) -> None:
        self.texts = [one.text if isinstance(one, Literal) else "" for one in steps]
        self.places = [
            (at, one.value, one.writer) for at, one in enumerate(steps) if isinstance(one, Written)
        ]

    def text(self, frame: Frame) -> str:
        parts = self.texts.copy()
        for at, value, writer in self.places:
            parts[at] = writer(value(frame))
        text = "".join(parts)
        if len(text) > LARGEST_RESULT:
            raise RenderingFailed("too large")
        return text

    def __call__(self, frame: Frame) -> None:
        frame.spend(len(self.places))
        frame.write(self.text(frame))
