"""The categories of an environment as a tree. It is small: it is read whole and walked here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog.models import Category


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

    def walk(self, key: int | None = None, depth: int = 0) -> Iterator[tuple[Category, int]]:
        """All below a category (None: everything) with how deep they stand."""
        for category in self.below.get(key, ()):
            yield category, depth
            yield from self.walk(category.pk, depth + 1)


def tree_of(categories: Iterable[Category]) -> Tree:
    below: dict[int | None, list[Category]] = {}
    by_key = {category.pk: category for category in categories}
    for category in sorted(by_key.values(), key=lambda c: (c.position, c.label, c.pk)):
        below.setdefault(category.parent_id, []).append(category)
    return Tree(by_key, below)
