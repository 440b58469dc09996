"""Records as they leave a reader, some thousands at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from transfers.reading.faults import FileFault, Refusal

ROW_LIMIT = 64 << 10  # bytes


@dataclass(slots=True)
class Place:
    """Where to go on: the byte, the physical line and the row that come next."""

    offset: int = 0
    line: int = 1
    row: int = 0


@dataclass(slots=True)
class Batch:
    """Some records. `rows` are those that could be read; `numbers` and `lines` say which."""

    place: Place
    rows: list[list[str]] = field(default_factory=list)
    numbers: Sequence[int] = ()
    lines: Sequence[int] = ()
    refused: list[Refusal] = field(default_factory=list)
    blank: int = 0
    fatal: FileFault | None = None
    # Nothing in it needs a second look: no control character, no backslash.
    is_plain: bool = False
    # The numbers and bytes of the records, where somebody asked for them.
    bodies: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def read(self) -> int:
        return len(self.rows) + len(self.refused)
