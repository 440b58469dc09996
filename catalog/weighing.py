"""What the edit of a space would reach: offers that stand there, in design and in live."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from catalog.gathering import Kind
from catalog.models import Representation, Revision, Space
from catalog.shapes import SpaceShape

OFFERS = (Kind.OFFER, Kind.FALLBACK_OFFER)


@dataclass(frozen=True)
class Impact:
    """The offers, by code, whose representations an edit of their space reaches."""

    design: Collection[str] = ()
    live: Collection[str] = ()

    @property
    def codes(self) -> set[str]:
        return {*self.design, *self.live}

    def __bool__(self) -> bool:
        return bool(self.codes)


def impact_of(space: Space, shape: SpaceShape) -> Impact:
    """The offers that another channel, a field less or another required field reaches."""
    before = {each["name"]: each["required"] for each in space.fields}
    after = {each.name: each.required for each in shape.fields}
    asks_more = any(required and not before.get(name) for name, required in after.items())
    if space.channel == shape.channel and before.keys() <= after.keys() and not asks_more:
        return Impact()
    design = Representation.objects.filter(space=space).values_list("offer__code", flat=True)
    live = (
        Revision.objects.filter(
            environment=space.environment_id,
            kind__in=OFFERS,
            body__representations__contains=[{"space": space.name}],
        )
        .current()
        .values_list("name", flat=True)
    )
    return Impact(tuple(sorted(design)), tuple(sorted(live)))
