"""What somebody may have meant who mistyped a word."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The known words, those first that are most like this one."""
    return sorted(known, key=lambda each: (apart(word.lower(), each.lower()), each))


def is_near(word: str, known: str) -> bool:
    """Whether a word may be a known one, or what follows the dot in it, mistyped."""
    rest = known.rpartition(".")[2]
    return any(apart(word.lower(), each.lower()) <= len(word) // 3 for each in (known, rest))


def apart(one: str, other: str) -> int:
    """How many letters to add, drop, change or swap with their neighbour make one the other."""
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        here = [row]
        for column, wanted in enumerate(other, 1):
            changed = above[column - 1] + (letter != wanted)
            cost = min(above[column] + 1, here[column - 1] + 1, changed)
            swaps = row > 1 and column > 1 and (one[row - 2], letter) == (wanted, other[column - 2])
            if swaps:
                cost = min(cost, before[column - 2] + 1)
            here.append(cost)
        before, above = above, here
    return above[-1]
