"""Decisions for many, as COPY reads them. What does not tell people apart is written once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from decisioning.asks import Made, Person
from decisioning.deciding import row_of
from decisioning.engine.compiled import Release
from decisioning.engine.records import immutable
from decisioning.engine.values import Answer, Question, Slot
from decisioning.inputs import kept_of_person, kept_slot, kept_used
from decisioning.needs import needs_of
from decisioning.past import Before
from decisioning.sharing import Want

NULL = "\\N"
TAIL = (
    *("status", "rank", "weight", "is_fallback", "offer", "space", "channel", "slot"),
    *("category", "category_path", "context", "destination_url", "data"),
)
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
PLAIN = re.compile(r"[^\\\t\n\r]*")


@dataclass(frozen=True, eq=False)
class Piece:
    """What people get who are shown an offer at a rank of a slot; `made.id` is of one of them."""

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
    """What one person gets, with all that is stored of it."""

    before: Before
    question: Question
    answers: tuple[Answer, ...]
    name: str  # of the interaction
    pieces: Sequence[tuple[str, Piece]]  # in all slots, each with its id
    stored: Mapping[str, Piece]  # those that are, in the slot that showed them first
    wants: tuple[Want, ...]
    counts: bool  # whether it moves their history: what no rule counts does not

    @property
    def person(self) -> Person:
        return self.before.person

    @property
    def pk(self) -> int:
        assert self.before.person.pk is not None  # noqa: S101 (contacts have one)
        return self.before.person.pk

    @property
    def release(self) -> int:
        return self.before.release

    @property
    def interaction(self) -> UUID:
        return UUID(self.name)

    @property
    def made(self) -> tuple[Made, ...]:
        return tuple(replace(piece.made, id=UUID(name)) for name, piece in self.pieces)

    @property
    def is_kept(self) -> bool:
        """Whether anything is stored: also that there was nothing to offer."""
        return bool(self.stored) or not self.pieces


class Lines:
    """The lines of one storing."""

    def __init__(self, release: Release, environment: int, run: int | None, at: datetime) -> None:
        self.kinds = needs_of(release).kinds
        self.environment = environment
        self.run = NULL if run is None else run
        self.moment = at.isoformat()
        self.number = release.number
        self.slots: tuple[Slot, ...] = ()
        self.slots_text = ""

    def interaction(self, one: Drawn) -> str:
        question, before = one.question, one.before
        if question.slots is not self.slots:
            self.slots = question.slots
            self.slots_text = escaped(json.dumps([kept_slot(slot) for slot in question.slots]))
        seed = one.name if question.seed is one.name else escaped(question.seed)
        ticks = before.ticks + 1 if one.counts else NULL
        deduplicate = "t" if question.deduplicate else "f"
        return (
            f"{one.name}\t{self.environment}\t{one.pk}\t{self.moment}\t{self.number}\t{seed}"
            f"\t{question.identification}\t{deduplicate}\t{ticks}\t{self.slots_text}"
            f"\t{self.inputs(question.target, before)}\t{self.run}\n"
        )

    def inputs(self, target: str, before: Before) -> str:
        """As `decisioning.inputs` has them. Text in JSON has no need of another escape than one."""
        told = {
            "target": target,
            "contact": kept_of_person(before.person.facts, self.kinds),
            "used": kept_used(before.used),
        }
        text = f'{to_json(told).decode()[:-1]},"history":{before.rows_text}}}'
        return text.replace("\\", "\\\\")

    def of(self, one: Drawn) -> Iterator[str]:
        """Its propositions."""
        head = (
            f"\t{one.name}\t{self.environment}\t{one.pk}\t{self.moment}"
            f"\t{self.moment}\t{self.number}\t{one.question.identification}\t"
        )
        for name, piece in one.stored.items():
            yield f"{name}{head}{piece.tail}"


def escaped(text: str) -> str:
    return text if PLAIN.fullmatch(text) else text.translate(ESCAPES)
