"""Who needs a coupon that is to be deleted, archived or named otherwise: rooms above say so.

They know us and we do not know them, so they leave their function here when they are loaded
(`apps.ready`), and whoever takes a coupon away asks them all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from accounts.journal import Actor
from coupons.models import Coupon

# (coupon, who asks) -> sentences, each naming what uses it as far as they may see that.
Blocker = Callable[[Coupon, Actor], Collection[str]]
_blockers: list[Blocker] = []


def ask_before_retiring(blocker: Blocker) -> Blocker:
    """Ask this function before a coupon goes; to leave it twice is to leave it once."""
    if blocker not in _blockers:
        _blockers.append(blocker)
    return blocker


def blockers_of(coupon: Coupon, by: Actor) -> list[str]:
    """Everything that keeps a coupon from going away, in sentences."""
    return [sentence for blocker in _blockers for sentence in blocker(coupon, by)]
