"""What a space would show now, to somebody or to nobody, without anything being stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import User
from catalog import previewing
from catalog.models import Environment, Offer
from catalog.previewing import Person, Previewed
from contacts.models import Contact
from decisioning.asks import Ask, Made
from decisioning.calling import CallData
from decisioning.deciding import decide
from decisioning.engine.values import Question, Slot
from decisioning.identifying import Way
from decisioning.live import Live, NothingLive, engine_for, live_for
from decisioning.showing import Outdated, Showing

MOST_SHOWN = 12
MOST_READINGS = 5  # of what is live, while it changes from call to call


@dataclass(frozen=True, slots=True)
class Shown:
    """An offer in its place, with what it would say; `offer` is None where it may not be seen."""

    made: Made
    offer: Offer | None = None
    preview: Previewed | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What was decided, and from what."""

    live: Live
    question: Question
    shown: tuple[Shown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trying:
    """Whom a space is tried for: decided from all that is known, and written with as much of it
    as the reader may see.
    """

    contact: Contact | None = None
    person: Person | None = None
    call: Mapping[str, Any] = field(default_factory=dict)
    language: str | None = None
    count: int | None = None
    categories: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    seed: str | None = None

    @property
    def way(self) -> Way:
        """How the space would know them: a visitor is nobody whom we know."""
        return "explicit" if self.contact is not None and self.contact.is_contact else "anonymous"


def try_space(
    environment: Environment, space: str, trying: Trying, *, user: User, at: datetime
) -> Trial | None:
    """What is decided now; None where the space is not live."""
    number = environment.release_number
    for _reading in range(MOST_READINGS):
        try:
            live = live_for(environment.pk, number)
            return try_once(environment, live, space, trying, user, at)
        except Outdated as news:
            number = news.number
        except NothingLive:
            break
    return None


def try_once(
    environment: Environment, live: Live, space: str, trying: Trying, user: User, at: datetime
) -> Trial | None:
    if space not in live.spaces:
        return None
    call = CallData.of(live).read(trying.call, "/call", [])
    slot = Slot(
        slot=space,
        space=space,
        count=trying.count,
        categories=trying.categories,
        themes=trying.themes,
        call=call,
    )
    showing = Showing(
        live=live, slots={space: slot}, identification=trying.way, at=at, language=trying.language
    )
    ask = Ask(
        environment=environment.pk,
        engine_for=engine_for,
        slots=(slot,),
        at=at,
        target=trying.contact.pk if trying.contact else None,
        identification=trying.way,
        seed=trying.seed,
        record=False,
        also=frozenset(live.columns),
        show=showing.show,
    )
    decided = decide(ask)
    codes = [one.offer for one in decided.made]
    offers = Offer.objects.visible_to(user).filter(environment=environment, code__in=codes)
    seen = {offer.code: offer for offer in offers.with_parts().select_related("environment")}
    made = decided.made[:MOST_SHOWN]
    shown = tuple(shown_of(one, seen.get(one.offer), trying) for one in made)
    return Trial(showing.live_now(decided.release), decided.question, shown)


def shown_of(made: Made, offer: Offer | None, trying: Trying) -> Shown:
    subject = previewing.live_subject(offer) if offer else None
    if offer is None or subject is None:
        return Shown(made, offer)
    found = previewing.preview(
        subject,
        [made.space],
        person=trying.person,
        call=trying.call,
        language=trying.language,
    )
    return Shown(made, offer, found[0] if found else None)
