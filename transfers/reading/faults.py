"""What can be wrong with a file, with a row, or with a value."""

from dataclasses import dataclass, field
from typing import Any

SHOWN = 100  # characters of a value in a report
# C0 and C1 controls but TAB, LF and CR; directions of text; characters without width.
CONTROLS = (
    "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f"
    "\\u061c\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2064\\u2066-\\u2069\\ufeff"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a value. `detail` fills the placeholders of its sentence."""

    code: str
    column: str = ""
    value: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


class FileFault(Exception):
    """The file cannot be read from here on. `counts`: the row where it ends was begun."""

    def __init__(self, code: str, *, line: int = 0, counts: bool = False, **detail: Any) -> None:
        super().__init__(code)
        self.code = code
        self.line = line
        self.counts = counts
        self.value = str(detail.pop("value", ""))
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is not taken, with all that is wrong with it; or a warning about one that is."""

    number: int
    line: int
    faults: tuple[Fault, ...]


def shown(value: str) -> str:
    r"""A value as a report shows it: short, with what cannot be seen written as \x00."""
    if len(value) <= SHOWN and value.isprintable():
        return value
    text = "".join(escaped(c) for c in value[: SHOWN + 1])
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def escaped(character: str) -> str:
    code = ord(character)
    if character == " " or character.isprintable():
        return character
    return (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )
