"""Whether offers can be shown to people, and where they lead, without writing each of them out.

What says the same to everybody is tried once; only what speaks of the person is tried for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from catalog.rendering import BadContent, Plan, Rendered, Template, person_names
from decisioning.asks import Draft, Made, Shown
from decisioning.showing import Showing, written

OF_THE_PERSON = re.compile(r"\b(contact|proposition)\b")
OF_THE_LINKS = re.compile(r"\b(contact|proposition|links)\b")  # which are another for everybody
Key = tuple[str, str, bool, bool, Any]
NOTHING_TO_SAY = Shown()


class Fitting:
    """Shows drafts of one release to many people: only what is stored of that is made."""

    def __init__(self, showing: Showing) -> None:
        self.showing = showing
        self.live = showing.live
        self.base_url = settings.BASE_URL
        self.keeps_data = {
            name: bool(stored.names) for name, stored in self.live.stored_on_proposition.items()
        }
        told = repr([(name, slot.call) for name, slot in showing.slots.items()])
        self.known: dict[Key, Rendered | None] = self.live.fits.setdefault(told, {})
        self.personal: set[Key] = set()

    def show(self, draft: Draft) -> Shown:
        facts = draft.person.facts
        unusable: dict[str, frozenset[str]] = {}
        destinations: dict[UUID, str] = {}
        data: dict[UUID, Mapping[str, Any]] = {}
        for made in draft.made:
            found = self.fit(made, facts)
            if found is None:
                unusable[made.slot] = unusable.get(made.slot, frozenset()) | {made.offer}
                continue
            destination = found.content.get("destination_url")
            if destination:
                destinations[made.id] = destination
            if made.is_recorded and self.keeps_data[made.space]:
                data[made.id] = self.showing.stored(made, self.live, facts)
        if unusable or destinations or data:
            return Shown(unusable=unusable, destinations=destinations, data=data)
        return NOTHING_TO_SAY

    def fit(self, made: Made, facts: Mapping[str, Any]) -> Rendered | None:
        """What an offer shows to somebody, or to everybody; None when it cannot be shown."""
        language = facts.get("language")
        key = (made.offer, made.slot, made.is_fallback, made.is_recorded, language)
        if key in self.known:
            return self.known[key]
        names = person_names(
            facts,
            self.showing.slots[made.slot].call,
            language or self.live.environment.language,
        )
        found = written(made, self.live, names, language, self.base_url)
        if key not in self.personal:
            if self.is_personal(made, language):
                self.personal.add(key)
            else:
                self.known[key] = found
        return found

    def is_personal(self, made: Made, language: str | None) -> bool:
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
