"""Making, changing and deleting spaces."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.journal import Actor
from catalog.accepting import accept
from catalog.deleting import check_space_unused, forget, out_of_live
from catalog.gathering import Kind
from catalog.models import Environment, Space
from catalog.saving import hold
from catalog.shapes import SpaceShape
from catalog.weighing import Impact, impact_of


@dataclass
class NeedsConfirmation(Exception):
    """An edit would reach representations that somebody has to look at first."""

    impact: Impact


@transaction.atomic(durable=True)
def create_space(environment: Environment, shape: SpaceShape, *, by: Actor, at: datetime) -> Space:
    """Add a space; raises NotAcceptable or NameTaken."""
    made: Space = accept(None, shape, environment=environment, by=by, at=at)
    return made


@transaction.atomic(durable=True)
def edit_space(
    space: Space,
    shape: SpaceShape,
    *,
    version: int,
    confirmed: Collection[str] = (),
    by: Actor,
    at: datetime,
) -> Space:
    """Change a space as read at `version`; raises Stale too.

    Another channel, a field less or one more that is required reach the offers that stand in the
    space: raises NeedsConfirmation unless the codes of all these are `confirmed`.
    """
    environment = hold(space.environment)
    impact = impact_of(space, shape)
    if not impact.codes <= set(confirmed):
        raise NeedsConfirmation(impact)
    edited: Space = accept(space, shape, environment=environment, version=version, by=by, at=at)
    return edited


@transaction.atomic(durable=True)
def delete_space(space: Space, *, by: Actor, at: datetime) -> None:
    """Delete a space that nothing uses, in design or in live, or raise StillUsed."""
    environment = hold(space.environment)
    check_space_unused(space, by)
    out_of_live(environment, Kind.SPACE, [space.name], by=by, at=at)
    forget(space, "space.deleted", by=by, at=at)
