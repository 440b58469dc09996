"""A piece of a page that is drawn once and filled in for many rows.

A template takes milliseconds for what differs from row to row in a name. So the piece is drawn with
holes, words that stand nowhere else, and each row only puts its own in their place:

    row = Stencil.cut(("key", "name"), lambda holes: template.render(Context(holes)))
    row.filled(key="O1", name="Half <b> price")

A hole can stand in text, in an attribute and in an address; what is filled in is escaped unless it
is safe already. In an address only words that are written there as they are can be filled in, such
as our names and codes.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import get_script_prefix, get_urlconf
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

MARK = f"x{secrets.token_hex(10)}"  # nobody learns it: every hole is filled before it is shown
REST = MARK[:8]  # what is left of one that was cut short
HOLE = re.compile(rf"{MARK}x(\d+)x")


class Damaged(Exception):
    """A hole did not come through the drawing as it was: a filter has cut or changed it."""


@dataclass(frozen=True)
class Stencil:
    """The text between the holes, and which hole comes after each piece of it but the last."""

    pieces: Sequence[str]
    holes: Sequence[str]

    @classmethod
    def cut(cls, names: Sequence[str], draw: Callable[[Mapping[str, str]], str]) -> Stencil:
        """What `draw` makes of the holes of these names."""
        holes = {name: f"{MARK}x{number}x" for number, name in enumerate(names)}
        pieces = HOLE.split(draw(holes))
        if any(REST in piece.lower() for piece in pieces[::2]):
            raise Damaged(", ".join(names))
        return cls(pieces[::2], [names[int(number)] for number in pieces[1::2]])

    def filled(self, **values: Any) -> SafeString:
        texts = {name: conditional_escape(value) for name, value in values.items()}
        parts = [self.pieces[0]]
        for name, piece in zip(self.holes, self.pieces[1:], strict=True):
            parts.append(texts[name])
            parts.append(piece)
        return mark_safe("".join(parts))  # noqa: S308 (a rendered template, and what is escaped)


def surroundings() -> tuple[str | None, str, object]:
    """What every drawing depends on beside what it is given: its words, and where links lead."""
    return get_language(), get_script_prefix(), get_urlconf() or settings.ROOT_URLCONF
