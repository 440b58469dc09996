"""In which order categories of one parent stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.models import Category, Environment

Facts = dict[str, Any]


def beside(category: Category) -> list[Category]:
    """The categories of one parent, this one among them, in their order."""
    rows = Category.objects.filter(environment=category.environment_id, parent=category.parent_id)
    return list(rows.order_by("position", "label", "pk"))


def place(category: Category, position: int | None) -> tuple[Facts, Facts] | None:
    """Put a category at a place among those beside it; says how they stood and stand, if other."""
    rows = beside(category)
    before = [row.name for row in rows]
    (this,) = (row for row in rows if row.pk == category.pk)
    rows.remove(this)
    rows.insert(len(rows) if position is None else position, this)
    after = [row.name for row in rows]
    number(rows)
    return None if before == after else ({"order": before}, {"order": after})


def number(rows: Sequence[Category]) -> None:
    wrong = [row for at, row in enumerate(rows) if row.position != at]
    for at, row in enumerate(rows):
        row.position = at
    Category.objects.bulk_update(wrong, ["position"], batch_size=500)


def number_again(environment: Environment) -> None:
    """Give the categories of each parent places from nought on, in the order in which they are."""
    below: dict[int | None, list[Category]] = {}
    rows = Category.objects.filter(environment=environment).order_by("position", "label", "pk")
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)
    for beside_each_other in below.values():
        number(beside_each_other)


def in_wrong_order(rows: Sequence[Category], wanted: Sequence[str]) -> Mapping[str, list[str]]:
    """By name of the parent ("" at the top): the order of those that stand otherwise than wanted.

    Categories that `wanted` does not name keep their places.
    """
    rank = {name: at for at, name in enumerate(wanted)}
    found: dict[str, list[str]] = {}
    children: dict[str, list[Category]] = {}
    for row in sorted(rows, key=lambda row: (row.position, row.label, row.pk)):
        children.setdefault(row.parent.name if row.parent else "", []).append(row)
    for parent, siblings in children.items():
        named = iter(sorted((s.name for s in siblings if s.name in rank), key=rank.__getitem__))
        order = [next(named) if s.name in rank else s.name for s in siblings]
        if order != [s.name for s in siblings]:
            found[parent] = order
    return found


def put_in_order(environment: Environment, wanted: Sequence[str]) -> None:
    """Give the categories that `wanted` names its order among those of their parent."""
    rows = list(Category.objects.filter(environment=environment).select_related("parent"))
    by_name = {row.name: row for row in rows}
    wrong: list[Category] = []
    for order in in_wrong_order(rows, wanted).values():
        for at, name in enumerate(order):
            if by_name[name].position != at:
                by_name[name].position = at
                wrong.append(by_name[name])
    Category.objects.bulk_update(wrong, ["position"], batch_size=500)
