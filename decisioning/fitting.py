"""What people get who are shown an offer, without writing it out for each of them.

What says the same to everybody is written once; only what speaks of the person is written for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings

from catalog.rendering import BadContent, Plan, Template, person_names
from decisioning.asks import Made
from decisioning.deciding import made_as
from decisioning.engine.values import Proposition, Slot, Space
from decisioning.rows import Piece
from decisioning.sharing import wants_of
from decisioning.showing import Showing, written

OF_THE_PERSON = re.compile(r"\b(contact|proposition)\b")
OF_THE_LINKS = re.compile(r"\b(contact|proposition|links)\b")  # which are another for everybody
MOST_PIECES = 20_000  # more are only where weights hang on the person


class Fitting:
    """Makes the pieces of one release."""

    def __init__(self, showing: Showing, *, records: bool) -> None:
        self.showing = showing
        self.live = showing.live
        self.release = showing.live.engine.release
        self.base_url = settings.BASE_URL
        self.keeps = {name: records and space.record for name, space in self.live.spaces.items()}
        told = repr((records, [(name, slot.call) for name, slot in showing.slots.items()]))
        self.known: dict[Any, Piece] = self.live.fits.setdefault(told, {})
        self.personal: set[tuple[Any, ...]] = set()

    def piece(
        self, name: str, slot: Slot, space: Space, one: Proposition, facts: Mapping[str, Any]
    ) -> Piece:
        """What a proposition of this id is to somebody."""
        language = facts.get("language")
        key = (slot.slot, one.offer, one.rank, one.weight, one.context, one.is_fallback, language)
        found = self.known.get(key)
        if found is None:
            made = made_as(name, slot, space, one, is_recorded=self.keeps[space.name])
            found = self.written(made, facts)
            if not self.is_personal(made, language):
                if len(self.known) >= MOST_PIECES:
                    self.known.clear()
                self.known[key] = found
        return found

    def written(self, made: Made, facts: Mapping[str, Any]) -> Piece:
        language = facts.get("language")
        call = self.showing.slots[made.slot].call
        names = person_names(facts, call, language or self.live.environment.language)
        found = written(made, self.live, names, language, self.base_url)
        is_stored = made.is_recorded and bool(self.live.stored_on_proposition[made.space].names)
        return Piece(
            release=self.release,
            made=made,
            wants=wants_of(self.release, made),
            is_usable=found is not None,
            leads_to=(found.content.get("destination_url") or "") if found else "",
            data=self.showing.stored(made, self.live, facts) if is_stored and found else None,
        )

    def is_personal(self, made: Made, language: str | None) -> bool:
        key = (made.offer, made.slot, made.is_fallback, language)
        if key in self.personal:
            return True
        if self.speaks_of_people(made, language):
            self.personal.add(key)
            return True
        return False

    def speaks_of_people(self, made: Made, language: str | None) -> bool:
        if made.is_recorded and self.live.stored_on_proposition[made.space].names:
            return True
        try:
            plan = self.live.plan(
                made.offer,
                made.space,
                language,
                is_fallback=made.is_fallback,
                base_url=self.base_url,
            )
        except BadContent:
            return False
        return speaks(OF_THE_LINKS, plan.fields.values()) or speaks(OF_THE_PERSON, around(plan))


def around(plan: Plan) -> Iterable[Template | None]:
    return plan.html, plan.text, plan.json


def speaks(of: re.Pattern[str], templates: Iterable[Template | None]) -> bool:
    return any(one and one.fixed is None and of.search(one.source) for one in templates)
