"""The caps that everybody shares, while many people are decided for one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from decisioning.asks import Made
from decisioning.caps import caps_of
from decisioning.engine.compiled import Release
from decisioning.engine.decide import counts_at_once
from decisioning.engine.values import Cap
from decisioning.needs import needs_of
from decisioning.pasts import Periods, Used

LITTLE = 100  # uses that are left: from here on each decision is told how many
Want = tuple[Cap, str, int]  # a cap, the space it is counted for or "", and what is taken now


class Room:
    """What is left of them.

    `used` is what a decision is told: what is used of each, or, where people share out what is left
    (`shares`), of those only of which little is left. It changes with everybody who takes.
    """

    def __init__(
        self, release: Release, totals: Sequence[Sequence[Any]], at: datetime, *, shares: bool
    ) -> None:
        self.caps = needs_of(release).caps
        self.counted = Periods(release, needs_of(release), at).used(totals)
        self.used: Used = {}
        for key in self.counted:
            if not shares or self.is_scarce(key):
                self.used[key] = self.counted[key]

    def is_scarce(self, key: tuple[str, str]) -> bool:
        cap, _space = key
        return self.caps[cap].limit - self.counted[key] <= LITTLE

    def take(self, wants: Iterable[Want]) -> None:
        """What one person's propositions take of caps."""
        for cap, space, taken in wants:
            if taken and not cap.per_contact:
                key = cap.key, space
                self.counted[key] = self.counted.get(key, 0) + taken
                if self.is_scarce(key):
                    self.used[key] = self.counted[key]


def wants_of(release: Release, made: Made) -> tuple[Want, ...]:
    """As `decisioning.caps.wanted_by`, of one proposition; of each person's own caps as well."""
    if made.is_fallback:
        return ()
    return tuple(
        (cap, made.space if cap.each_space else "", int(counts_at_once(cap, made.status)))
        for cap in caps_of(release, made.offer)
        if counts_at_once(cap, made.status) or not cap.per_contact
    )
