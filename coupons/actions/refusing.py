"""Why something that was asked for is not done; each carries a sentence for people."""

from __future__ import annotations


class FieldRefused(Exception):
    """A value cannot stand in this field: the name of the field, a code, and a sentence."""

    def __init__(self, name: str, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name, self.code = name, code


class NotInState(Exception):
    """It is not, or no longer, in the state that this needs."""


class StillUsed(Exception):
    """Something else needs it."""


class CodeTaken(Exception):
    """The code is there already. It may say where, and what became of it."""

    def __init__(self, sentence: str, *, status: str = "") -> None:
        super().__init__(sentence)
        self.status = status
