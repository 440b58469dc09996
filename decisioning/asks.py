"""What is asked of a decision, and what it answers, above the engine: people, rows, tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from decisioning.engine.decide import Engine
from decisioning.engine.records import immutable
from decisioning.engine.values import Answer, Decision, Question, Slot
from decisioning.tokens import token_of

if TYPE_CHECKING:
    from decisioning.past import Before  # which is above

EngineFor = Callable[[int, int], Engine]  # (environment, number of its release)
NOTHING: Mapping[str, Any] = {}


@immutable
class Person:
    """Whom a decision is for, as they were when it was taken; nobody has no `pk`."""

    pk: int | None = None
    key: str = ""
    is_visitor: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)  # of `contact.…`; lists are tuples


@immutable
class Made:
    """One offer in one slot. Slots that show the same rank of one decision share it."""

    name: str  # its id
    slot: str
    space: str
    offer: str
    rank: int
    weight: Decimal
    context: str
    status: int
    is_fallback: bool = False
    is_recorded: bool = False

    @property
    def token(self) -> str:
        """What its links and the status call carry."""
        return token_of(self.name)


@immutable
class Draft:
    """A decision that is not stored yet: contents are made from it, and links from its tokens."""

    name: str  # the id that its interaction will have
    engine: Engine
    person: Person
    decision: Decision
    made: tuple[Made, ...]


@immutable
class Shown:
    """What became of the contents of a draft.

    Where a slot cannot show an offer it is decided again without it. The others' destinations
    and values are stored with them, by the names of `Draft.made`.
    """

    unusable: Mapping[str, frozenset[str]] = field(default_factory=dict)  # offers by slot
    destinations: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def show_nothing(draft: Draft) -> Shown:
    return Shown()


@immutable
class Ask:
    """Who asks for what, when.

    `target` is a contact or a visitor, by primary key. `seed` and `tie_target` are the
    interaction's id and the person's key unless they are given.
    """

    environment: int
    engine_for: EngineFor
    slots: tuple[Slot, ...]
    at: datetime
    target: int | None = None
    identification: str = "anonymous"
    deduplicate: bool = True
    seed: str | None = None
    tie_target: str | None = None
    record: bool = True
    consent: bool = True  # without it nothing is stored
    explain: bool = False
    unrecorded: frozenset[str] = frozenset()  # spaces whose propositions are not kept
    also: frozenset[str] = frozenset()  # attributes that contents want, besides those of rules
    show: Callable[[Draft], Shown] = show_nothing
    first: Before | None = None  # what has been read of the target already

    @property
    def is_recorded(self) -> bool:
        return self.record and self.consent

    def keeps(self, space: str) -> bool:
        """Whether what is proposed there is stored."""
        return self.is_recorded and space not in self.unrecorded


@immutable
class Decided:
    """What was decided, and whether it is stored."""

    name: str  # the id of its interaction
    environment: str
    release: int
    person: Person
    answers: tuple[Answer, ...]  # slots of unknown spaces have none
    made: tuple[Made, ...]
    recorded: bool
    question: Question  # as the engine was asked in the end

    @property
    def interaction(self) -> UUID:
        return UUID(self.name)
