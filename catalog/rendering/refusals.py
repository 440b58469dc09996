"""How a template is refused: when it is written, and when it is rendered."""

from __future__ import annotations


class BadTemplate(ValueError):
    """A text that is no template of ours: a sentence for people, and where it is."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return self.message


class RenderingFailed(Exception):
    """A template that gave nothing usable for this person: the engine drops the offer.

    `field` is which one, once it is known.
    """

    field = ""


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Line and column of a character, both from one."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def bad_at(text: str, offset: int, message: str) -> BadTemplate:
    return BadTemplate(message, *place_of(text, offset))
