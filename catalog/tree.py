"""The categories of an environment as a tree. It is small: it is read whole and walked here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import prod
from typing import Protocol

from catalog.models import Category

Window = tuple[datetime | None, datetime | None]


class Windowed(Protocol):
    """Whatever has a beginning and an end of its own."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class Tree:
    """Who stands below whom. Categories of one parent are in the order of people."""

    by_key: Mapping[int, Category]
    below: Mapping[int | None, Sequence[Category]]

    def chain(self, key: int | None) -> list[Category]:
        """A category with all above it, the topmost first; of None nothing."""
        found: list[Category] = []
        while key is not None and len(found) <= len(self.by_key):
            category = self.by_key[key]
            found.append(category)
            key = category.parent_id
        return found[::-1]

    def subtree(self, key: int) -> list[Category]:
        """A category and all below it, each before what is below it."""
        return [self.by_key[key], *(c for c, _depth in self.walk(key))]

    def subtree_of(self, name: str) -> list[int]:
        """The keys of the category of a name and of all below it; nothing of a name unknown."""
        found = (each for each in self.by_key.values() if each.name == name)
        top = next(found, None)
        return [each.pk for each in self.subtree(top.pk)] if top else []

    def walk(self, key: int | None = None, depth: int = 0) -> Iterator[tuple[Category, int]]:
        """All below a category (None: everything) with how deep they stand."""
        for category in self.below.get(key, ()):
            yield category, depth
            yield from self.walk(category.pk, depth + 1)

    # --- what stands above says ---

    def window(self, key: int | None, *within: Windowed) -> Window:
        """What the dates of a category, of all above it and of what stands in it leave."""
        windows: list[Windowed] = [*self.chain(key), *within]
        starts = [each.start for each in windows if each.start is not None]
        ends = [each.end for each in windows if each.end is not None]
        return max(starts, default=None), min(ends, default=None)

    def is_on(self, key: int | None) -> bool:
        """Is neither a category nor one above it disabled?"""
        return all(each.enabled for each in self.chain(key))

    def multiplier(self, key: int | None, at: datetime) -> Decimal:
        """By what the weights below are multiplied at a moment."""
        boosts = (boost_of(each, at) for each in self.chain(key))
        return prod(boosts, start=Decimal(1))


def boost_of(category: Category, at: datetime) -> Decimal:
    """What one category multiplies by at a moment; starts are in, ends are not."""
    window = (category.multiplier_start, category.multiplier_end)
    return category.multiplier if is_in(window, at) else Decimal(1)


def is_in(window: Window, at: datetime) -> bool:
    start, end = window
    return (start is None or start <= at) and (end is None or at < end)


def is_empty(window: Window) -> bool:
    start, end = window
    return start is not None and end is not None and start >= end


def tree_of(categories: Iterable[Category]) -> Tree:
    below: dict[int | None, list[Category]] = {}
    by_key = {category.pk: category for category in categories}
    for category in sorted(by_key.values(), key=lambda c: (c.position, c.label, c.pk)):
        below.setdefault(category.parent_id, []).append(category)
    return Tree(by_key, below)
