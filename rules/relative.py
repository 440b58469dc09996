"""Comparisons with the moment of the decision, as people think of them: the last 30 days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from rules.kinds import DURATION, INT
from rules.tree import Arithmetic, Call, Compare, Comparison, Compute, Literal, Name, Node

NOW = Name(("now",))
NOTHING = timedelta(0)
LONGEST_DAYS = 4_000_000
MIRRORED = {
    Comparison.LESS: Comparison.MORE,
    Comparison.AT_MOST: Comparison.AT_LEAST,
    Comparison.MORE: Comparison.LESS,
    Comparison.AT_LEAST: Comparison.AT_MOST,
}
LATER = {Comparison.MORE, Comparison.AT_LEAST}


class Way(StrEnum):
    LAST = "last"
    AGO = "ago"
    NEXT = "next"
    NEXT_OR_PAST = "next_or_past"
    AHEAD = "ahead"
    PAST = "past"
    FUTURE = "future"


@dataclass(frozen=True)
class Relative:
    """Where something lies, seen from now, and how far."""

    about: Node
    way: Way
    length: timedelta = NOTHING


def with_relatives(parts: Sequence[Node]) -> list[Node | Relative]:
    """The parts of a group, in which two bounds of one stretch of time are said as one."""
    found: list[Node | Relative] = []
    for part in parts:
        here = relative(part, among_others=True)
        together = joined(found[-1], here) if found and here is not None else None
        if together is not None:
            found[-1] = together
        else:
            found.append(part)
    return found


def joined(before: Node | Relative, here: Relative) -> Relative | None:
    """`x >= now - d && x <= now`, or the same about what is to come."""
    other = None if isinstance(before, Relative) else relative(before, among_others=True)
    if other is None or other.about != here.about:
        return None
    bounds = {other.way: other, here.way: here}
    for way, edge, whole in (
        (Way.LAST, Way.PAST, Way.LAST),
        (Way.NEXT_OR_PAST, Way.FUTURE, Way.NEXT),
    ):
        if bounds.keys() == {way, edge}:
            return Relative(here.about, whole, bounds[way].length)
    return None


def relative(node: Node, *, among_others: bool = False) -> Relative | None:
    """What a comparison says of now, or None when it says something else.

    That a day is not after today is said only together with another bound (`among_others`).
    """
    match node:
        case Compare(operator, left, right) if operator in MIRRORED:
            found = bound(operator, left, right) or bound(MIRRORED[operator], right, left)
            if found is not None and (found.length or among_others or not has_days(node)):
                return found
    return None


def has_days(node: Compare) -> bool:
    return any(isinstance(side, Call) for side in (node.left, node.right))


def bound(operator: Comparison, left: Node, right: Node) -> Relative | None:
    """`left operator right`, where the left side is the one that is asked about."""
    match left, right:
        case (Name() as about, Name(("now",))) if about != NOW:
            return seen(about, operator, NOTHING)
        case (
            Name() as about,
            Compute(Arithmetic.PLUS | Arithmetic.MINUS as sign, Name(("now",)), Literal() as by),
        ) if by.kind == DURATION and about != NOW:
            return seen(about, operator, signed(sign, by.value))
        case (Compute(Arithmetic.MINUS, Name(("now",)), Name() as about), Literal() as by) if (
            by.kind == DURATION
        ):
            return seen(about, MIRRORED[operator], signed(Arithmetic.MINUS, by.value))
        case (Compute(Arithmetic.MINUS, Name() as about, Name(("now",))), Literal() as by) if (
            by.kind == DURATION
        ):
            return seen(about, operator, signed(Arithmetic.PLUS, by.value))
        case (Call("days", (Name() as about, Name(("now",)))), Literal(int(days), kind)) if (
            kind == INT and abs(days) <= LONGEST_DAYS and about != NOW
        ):
            return seen(about, MIRRORED[operator], timedelta(days=-days))
        case (Call("days", (Name(("now",)), Name() as about)), Literal(int(days), kind)) if (
            kind == INT and abs(days) <= LONGEST_DAYS and about != NOW
        ):
            return seen(about, operator, timedelta(days=days))
    return None


def signed(sign: Arithmetic, length: object) -> timedelta:
    if not isinstance(length, timedelta):
        raise TypeError(f"not a duration: {length!r}")
    return length if sign == Arithmetic.PLUS else -length


def seen(about: Node, operator: Comparison, offset: timedelta) -> Relative:
    """What lies before or after the moment that is `offset` from now."""
    later = operator in LATER
    if not offset:
        return Relative(about, Way.FUTURE if later else Way.PAST)
    if offset < NOTHING:
        return Relative(about, Way.LAST if later else Way.AGO, -offset)
    return Relative(about, Way.AHEAD if later else Way.NEXT_OR_PAST, offset)
