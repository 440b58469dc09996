"""Where each slot of a call leads: to a space and a person, or to the reason why nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from accounts.models import ApiKey, User
from catalog.shapes import SpaceShape
from decisioning.calling import DecisionCall, SlotCall, Warned
from decisioning.current import live_of_space
from decisioning.engine.slots import space_of
from decisioning.identifying import ANONYMOUS, Found, Identity
from decisioning.live import Live
from decisioning.past import Before


@dataclass(frozen=True, slots=True)
class Caller:
    """Through which door a call comes, and from what."""

    by: ApiKey | User | None = None
    unseen: frozenset[str] = frozenset()  # offers that are not for their eyes
    accepted: str | None = None  # the language of the browser
    is_colleague: bool = False  # who may try spaces that answer no single calls
    vouches: bool = False  # for whom it names: as good as a signature

    @property
    def held(self) -> ApiKey | None:
        """A key that was only remembered: it has to be the same still."""
        return self.by if isinstance(self.by, ApiKey) and self.by.stamp else None

    def may_enter(self, live: Live) -> bool:
        """A sandbox is for colleagues, and for programs that may try things out."""
        may_try = isinstance(self.by, ApiKey) and self.by.may(ApiKey.Scope.DECIDE_AT)
        return self.is_colleague or may_try or not live.environment.sandbox

    def may_use(self, space: str) -> bool:
        return not isinstance(self.by, ApiKey) or self.by.may_use_space(space)


@dataclass(frozen=True, slots=True)
class Route:
    """A slot on its way: to a space and a person, or to the reason why nothing can be shown."""

    name: str
    asked: SlotCall
    space: str  # as the answer says it
    live: Live | None = None
    shape: SpaceShape | None = None
    ranked: str = ""  # the name of the space with the rank that was asked for
    found: Found = ANONYMOUS
    reason: str = ""


@dataclass
class Work:
    """A call, with what has been found out about it."""

    call: DecisionCall
    caller: Caller
    at: datetime
    live: Live
    identity: Identity
    warnings: list[Warned] = field(default_factory=list)
    first: Before | None = None  # of the contact whose key is told


def names(call: DecisionCall) -> Iterator[str]:
    """What the answer calls each slot: two that nobody named are told apart."""
    given = {one.slot for one in call.slots}
    taken: set[str] = set()
    for one in call.slots:
        name, number = one.name, 1
        while name in taken or (number > 1 and name in given):
            number += 1
            name = f"{one.name}-{number}"
        taken.add(name)
        yield name


def route(work: Work, slot: SlotCall, name: str) -> Route:
    space, rank = space_of(work.live.engine.release.spaces, slot.space)
    if space is None or not work.caller.may_use(space.name):
        return Route(name, slot, slot.space, reason="unknown_space")
    shape = work.live.spaces[space.name]
    if not (shape.unitary or work.caller.is_colleague):
        return Route(name, slot, space.name, reason="unitary_disabled")
    if work.live.environment.audience == "visitors":
        return to_space(work, slot, name, shape, rank, work.live, ANONYMOUS)
    found = work.identity.in_space(shape)
    if found.contact is not None:
        return to_space(work, slot, name, shape, rank, work.live, found)
    return to_anonymous(work, slot, name, shape, rank)


def to_anonymous(
    work: Work, slot: SlotCall, name: str, shape: SpaceShape, rank: int | None
) -> Route:
    """One hop, to the space for people whom we do not know."""
    other, caller = shape.anonymous_space, work.caller
    live = live_of_space(other) if other else None
    if other is None or live is None or other not in live.spaces or not caller.may_enter(live):
        return Route(name, slot, shape.name, reason="not_identified")
    anonymous = live.spaces[other]
    if not anonymous.unitary:
        return Route(name, slot, other, reason="unitary_disabled")
    return to_space(work, slot, name, anonymous, rank, live, ANONYMOUS)


def to_space(
    work: Work,
    slot: SlotCall,
    name: str,
    shape: SpaceShape,
    rank: int | None,
    live: Live,
    found: Found,
) -> Route:
    ranked = f"{shape.name}_{rank}" if rank else shape.name
    return Route(name, slot, shape.name, live, shape, ranked, found)
