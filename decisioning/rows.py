"""Decisions for many, as COPY reads them. What does not tell people apart is written once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from decisioning.asks import Ask, Made
from decisioning.deciding import row_of
from decisioning.engine.compiled import Release
from decisioning.engine.records import immutable
from decisioning.engine.values import Answer, Question, Slot
from decisioning.inputs import kept_of_person, kept_slot, kept_used
from decisioning.needs import needs_of
from decisioning.past import Before
from decisioning.sharing import Want
from offers_site.jsonbytes import to_stored_json

NULL = "\\N"
TAIL = (
    *("status", "rank", "weight", "is_fallback", "offer", "space", "channel", "slot"),
    *("category", "category_path", "context", "destination_url", "data"),
)
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
PLAIN = re.compile(r"[^\\\t\n\r]*")


@dataclass(frozen=True, eq=False)
class Piece:
    """What people get who are shown an offer at a rank of a slot; `made.name` is of one of them."""

    release: Release
    made: Made
    wants: tuple[Want, ...] = ()  # of caps
    is_usable: bool = True  # whether the slot can show it
    leads_to: str = ""
    data: Mapping[str, Any] | None = None  # what the space keeps with it

    @cached_property
    def tail(self) -> str:
        """How its rows end."""
        row = row_of(self.made, self.release, self.leads_to, self.data or {})
        row["is_fallback"] = "t" if self.made.is_fallback else "f"
        row["data"] = json.dumps(row["data"])
        return "\t".join(escaped(str(row[name])) for name in TAIL) + "\n"


@immutable
class Drawn:
    """What one person gets. Nothing else of them is kept: there are many."""

    pk: int
    key: str
    ticks: int  # of their clock
    release: int
    answers: tuple[Answer, ...]
    name: str  # of the interaction
    pieces: Sequence[tuple[str, Piece]]  # in all slots, each with its id
    stored: Mapping[str, Piece]  # those that are, in the slot that showed them first
    wants: tuple[Want, ...]
    counts: bool  # whether it moves their history: what no rule counts does not
    row: str = ""  # of the interaction, where one is stored

    @property
    def interaction(self) -> UUID:
        return UUID(self.name)

    @property
    def made(self) -> tuple[Made, ...]:
        return tuple(replace(piece.made, name=name) for name, piece in self.pieces)


class Rows:
    """Writes the lines of one storing."""

    def __init__(self, release: Release, ask: Ask, *, run: int | None) -> None:
        self.kinds = needs_of(release).kinds
        self.release = release.number
        self.environment = ask.environment
        self.identification = ask.identification
        self.moment = ask.at.isoformat()
        self.run = NULL if run is None else run
        self.slots: tuple[Slot, ...] = ()
        self.slots_text = ""

    def interaction(self, name: str, question: Question, before: Before, *, counts: bool) -> str:
        if question.slots is not self.slots:
            self.slots = question.slots
            self.slots_text = escaped(json.dumps([kept_slot(slot) for slot in question.slots]))
        seed = name if question.seed is name else escaped(question.seed)
        ticks = before.ticks + 1 if counts else NULL
        deduplicate = "t" if question.deduplicate else "f"
        return (
            f"{name}\t{self.environment}\t{before.owner}\t{self.moment}\t{self.release}\t{seed}"
            f"\t{self.identification}\t{deduplicate}\t{ticks}\t{self.slots_text}"
            f"\t{self.inputs(question.target, before)}\t{self.run}\n"
        )

    def inputs(self, target: str, before: Before) -> str:
        """As `decisioning.inputs` has them. Text in JSON has no need of another escape than one."""
        told = {
            "target": target,
            "contact": kept_of_person(before.person.facts, self.kinds),
            "used": kept_used(before.used),
        }
        text = f'{to_stored_json(told).decode()[:-1]},"history":{before.rows_text}}}'
        return text.replace("\\", "\\\\")

    def propositions(self, one: Drawn) -> Iterator[str]:
        head = (
            f"\t{one.name}\t{self.environment}\t{one.pk}\t{self.moment}"
            f"\t{self.moment}\t{self.release}\t{self.identification}\t"
        )
        for name, piece in one.stored.items():
            yield f"{name}{head}{piece.tail}"


def escaped(text: str) -> str:
    return text if PLAIN.fullmatch(text) else text.translate(ESCAPES)
