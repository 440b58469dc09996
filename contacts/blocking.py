"""Who asks for an attribute or an audience that is to go: rooms above say so.

They know us and we do not know them, so they leave their function here when they are loaded
(`apps.ready`), and whoever takes away an attribute or an audience asks them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse

from accounts.journal import Actor
from contacts.models import Attribute, Audience

SHOWN = 20  # of those on a page


@dataclass(frozen=True, order=True)
class Use:
    """Something that asks for it, as it is being written, or as it is live."""

    place: str  # the label of where it stands
    label: str
    name: str
    page: str  # where it is looked at or mended, and what the address of that takes
    arguments: tuple[str, ...] = ()
    is_live: bool = False
    is_seen: bool = True  # by who asks: what is not seen is counted and not named

    @property
    def thing(self) -> tuple[object, ...]:
        """The same for one thing, as it is being written and as it is live."""
        return self.page, self.arguments, self.name

    @property
    def address(self) -> str:
        return reverse(self.page, args=self.arguments)


Asker = Callable[[Attribute | Audience, Actor], Iterable[Use]]
Holder = Callable[[], None]
_askers: list[Asker] = []
_holders: list[Holder] = []


def ask_before_taking_away(asker: Asker) -> Asker:
    """Ask this function before one goes; to leave it twice is to leave it once."""
    if asker not in _askers:
        _askers.append(asker)
    return asker


def hold_before_taking_away(holder: Holder) -> Holder:
    """Call this function first in a transaction that takes one away: see `hold_still`."""
    if holder not in _holders:
        _holders.append(holder)
    return holder


def hold_still() -> None:
    """Let nobody begin to ask for what goes, until the transaction ends.

    It comes before every other lock: whoever writes rules holds theirs first as well.
    """
    for holder in _holders:
        holder()


def uses_of(wanted: Attribute | Audience, by: Actor) -> list[Use]:
    """Everything that asks for it besides audiences, each as often as it stands somewhere."""
    return sorted({use for asker in _askers for use in asker(wanted, by)})


@dataclass(frozen=True)
class Asking:
    """What pages show of what asks for something: the first few, each once."""

    uses: tuple[tuple[Use, bool], ...]  # and whether it asks in live
    more: int  # besides them, those included that may not be seen


def asking(found: Sequence[Use]) -> Asking:
    live = {use.thing for use in found if use.is_live}
    each = {use.thing: use for use in reversed(found)}
    shown = sorted(use for use in each.values() if use.is_seen)[:SHOWN]
    told = tuple((use, use.thing in live) for use in shown)
    return Asking(told, more=len(each) - len(shown))
