"""Who needs an offer that is to be deleted: rooms above this one say so, one function each.

They know us and we do not know them, so they leave their function here when they are loaded
(`apps.ready`), and whoever deletes asks them all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from catalog.models import Offer

# (offers) -> sentences, each naming what still uses one of them; none when nothing does.
Blocker = Callable[[Collection[Offer]], Collection[str]]
_blockers: list[Blocker] = []


def ask_before_deleting(blocker: Blocker) -> Blocker:
    """Ask this function before an offer is deleted; to leave it twice is to leave it once."""
    if blocker not in _blockers:
        _blockers.append(blocker)
    return blocker


def blockers_of(offers: Collection[Offer]) -> list[str]:
    """Everything that keeps these offers from being deleted, in sentences."""
    return [sentence for blocker in _blockers for sentence in blocker(offers)]
