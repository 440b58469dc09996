"""What a list consists of beside its rows: columns, and what can be done to ticked ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from django.db.models.expressions import Combinable

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


@dataclass(frozen=True)
class Column:
    """One column. `sort` is a path or an expression; `pinned` columns are always shown.

    Columns of one kind may share the partial `cell_<drawn_as>`, which sees the `column` it is for.
    """

    name: str
    label: _StrOrPromise
    sort: str | Combinable | None = None
    pinned: bool = False
    shown: bool = True
    numeric: bool = False
    newest_first: bool = False  # the first click sorts downwards
    drawn_as: str = ""


@dataclass(frozen=True)
class Bulk:
    """What can be done to the ticked rows.

    `url` names a view, or is the address of one. It answers GET `?row=…&row=…` (see
    `http.picked_rows`) with `render_confirmation`; the confirmed POST comes to the same address,
    with the same `row`s.
    """

    name: str
    label: _StrOrPromise
    url: str
    right: str = ""
    danger: bool = False
    icon: str = ""


@dataclass(frozen=True)
class Head:
    """A column as people read it."""

    name: str
    label: str
    numeric: bool
    pinned: bool
    shown: bool


@dataclass(frozen=True)
class Action:
    """A bulk action as people read it."""

    label: str
    url: str
    danger: bool
    icon: str


@dataclass(frozen=True)
class Shape:
    """All that is alike on the pages of a list for people who see the same of it."""

    name: str
    heads: Sequence[Head]
    actions: Sequence[Action]

    @cached_property
    def dom_id(self) -> str:
        return f"list-{self.name}"

    @cached_property
    def shown(self) -> list[Head]:
        return [head for head in self.heads if head.shown]

    @cached_property
    def choices(self) -> list[Head]:
        """The columns that may be hidden."""
        return [head for head in self.heads if not head.pinned]


@dataclass(frozen=True)
class Heading:
    head: Head
    url: str | None
    direction: Literal["ascending", "descending", "none"] | None

    @property
    def icon(self) -> str:
        return "arrow-down" if self.direction == "descending" else "arrow-up"
