"""What propositions show: their content, written for one person, and their links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from django.conf import settings

from catalog.rendering import BadContent, Plan, Rendered, RenderingFailed, person_names
from contacts.facts import read_person
from decisioning.asks import Decided, Draft, Made, Shown
from decisioning.engine.pressure import past_facts
from decisioning.engine.slots import space_of
from decisioning.engine.values import Answer, Past, Slot, Status, microseconds_at
from decisioning.live import Live, live_for

log = structlog.get_logger("overture.decisioning")
HTML_ALONE = frozenset({"html"})
WORDS = {status.value: status.name.lower() for status in Status}


class Links(NamedTuple):
    """The token of a proposition, and where a person goes from it."""

    token: str
    ways: Mapping[str, str]


def links_of(made: Made, base_url: str) -> Links:
    """What is not stored has nowhere to be noted."""
    token = made.token
    if not made.is_recorded:
        return Links(token, {})
    start = f"{base_url}/o/{token}/"
    ways = {"click": f"{start}click", "accept": f"{start}accept", "reject": f"{start}reject"}
    return Links(token, ways)


class Outdated(Exception):
    """A space is not as it was when the call was routed: another release is live."""

    def __init__(self, environment: int, number: int) -> None:
        super().__init__(environment, number)
        self.environment = environment
        self.number = number


@dataclass(kw_only=True)
class Showing:
    """Writes the contents of drafts, and keeps those of the last."""

    live: Live  # as the call was routed
    slots: Mapping[str, Slot]
    identification: str
    at: datetime
    language: str | None = None  # what the caller asks for
    accepted: str | None = None  # what the browser reads
    rendered: dict[tuple[str, str], Rendered] = field(default_factory=dict)
    links: dict[str, Links] = field(default_factory=dict)

    def show(self, draft: Draft) -> Shown:
        """Where a template fails, the offer gives its slot to the next; raises Outdated."""
        live = self.live_of(draft)
        facts = self.facts_of(draft, live)
        self.rendered, self.links = {}, {}
        people: dict[str, dict[str, Any]] = {}
        unusable: dict[str, frozenset[str]] = {}
        destinations: dict[str, str] = {}
        data: dict[str, Mapping[str, Any]] = {}
        base_url = settings.BASE_URL
        language = self.language or facts.get("language") or self.accepted
        for made in draft.made:
            if made.slot not in people:
                call = self.slots[made.slot].call
                people[made.slot] = person_names(facts, call, language or live.environment.language)
            links = self.links.get(made.name)
            if links is None:
                links = self.links[made.name] = links_of(made, base_url)
            found = written(made, live, people[made.slot], language, base_url, links)
            if found is None:
                unusable[made.slot] = unusable.get(made.slot, frozenset()) | {made.offer}
                continue
            self.rendered[made.name, made.slot] = found
            destinations[made.name] = found.content.get("destination_url") or ""
            if made.is_recorded and live.stored_on_proposition[made.space].names:
                data[made.name] = self.stored(made, live, facts)
        return Shown(unusable=unusable, destinations=destinations, data=data)

    def live_now(self, number: int) -> Live:
        """The release that has decided."""
        return (
            self.live if self.live.number == number else live_for(self.live.environment_pk, number)
        )

    def live_of(self, draft: Draft) -> Live:
        live = self.live_now(draft.decision.release)
        if live is not self.live:
            for slot in self.slots.values():
                space, _rank = space_of(live.engine.release.spaces, slot.space)
                name = space.name if space else ""
                if live.spaces.get(name) != self.live.spaces.get(name) or not name:
                    raise Outdated(live.environment_pk, live.number)
        return live

    def facts_of(self, draft: Draft, live: Live) -> Mapping[str, Any]:
        """What contents may say of the person: a release that is newer may name more."""
        pk = draft.person.pk
        if pk is None or live.columns.keys() <= self.live.columns.keys():
            return draft.person.facts
        return read_person(pk, live.columns)

    def stored(self, made: Made, live: Live, facts: Mapping[str, Any]) -> dict[str, Any]:
        """What the space keeps with a proposition."""
        space = live.engine.release.spaces[made.space]
        offer = live.engine.release.by_code.get(made.offer)
        past = Past(
            offer=made.offer,
            space=made.space,
            channel=space.channel,
            status=made.status,
            microseconds=microseconds_at(self.at),
            category=offer.offer.category if offer else None,
            weight=float(made.weight),
            rank=made.rank,
        )
        return live.stored_on_proposition[made.space].values_for(
            {
                "contact": facts,
                "call": self.slots[made.slot].call,
                "space": {"name": space.name, "channel": space.channel},
                "identification": {"": self.identification},
                "offer": offer.facts if offer else {"code": made.offer},
                "proposition": past_facts(past),
            },
            self.at,
            live.engine.release.zone,
        )


def written(
    made: Made,
    live: Live,
    person: Mapping[str, Any],
    language: str | None,
    base_url: str,
    links: Links | None = None,
) -> Rendered | None:
    """What an offer shows; None when it gives nothing usable."""
    proposition = {
        "rank": made.rank,
        "status": WORDS[made.status],
        "space": made.space,
    }
    try:
        plan = live.plan(
            made.offer,
            made.space,
            language,
            is_fallback=made.is_fallback,
            base_url=base_url,
        )
        ways = (links or links_of(made, base_url)).ways
        found = plan.render(
            person,
            proposition=proposition,
            links=ways or unnoted(plan, {**person, "proposition": proposition}),
            ways=ways_of(live, made.space),
        )
    except (RenderingFailed, BadContent) as error:
        log.warning("content.unusable", offer=made.offer, space=made.space, error=str(error))
        return None
    if found.missing:
        log.warning("content.missing", offer=made.offer, space=made.space, fields=found.missing)
        return None
    return found


def ways_of(live: Live, space: str) -> frozenset[str]:
    """In which ways a space has its offers written: in HTML unless it says otherwise."""
    found = live.ways.get(space)
    if found is None:
        render = live.spaces[space].render
        said = {"html": render.html, "text": render.text, "json": render.json_}
        found = frozenset(way for way, template in said.items() if template) or HTML_ALONE
        live.ways[space] = found
    return found


def unnoted(plan: Plan, names: Mapping[str, Any]) -> dict[str, str]:
    """A proposition that is not stored leads straight to where its offer leads."""
    template = plan.fields.get("destination_url")
    if template is None:
        return {}
    return {"click": template.render({**plan.known, **names, "links": {}})}


# --- as an answer says it ---


def described(answer: Answer, decided: Decided, showing: Showing) -> list[dict[str, Any]]:
    """The propositions of a slot, in their order."""
    mine = {one.offer: one for one in decided.made if one.slot == answer.slot}
    live = showing.live_now(decided.release)
    return [
        describe(made, live, showing.rendered[made.name, answer.slot], showing.links[made.name])
        for made in (mine[one.offer] for one in answer.propositions)
    ]


def describe(made: Made, live: Live, rendered: Rendered, links: Links) -> dict[str, Any]:
    ways = ways_of(live, made.space)
    return {
        "token": links.token,
        "offer": made.offer,
        "label": live.offer(made.offer, is_fallback=made.is_fallback).label,
        "rank": made.rank,
        "weight": float(made.weight),
        "context": made.context,
        "fallback": made.is_fallback,
        "status": WORDS[made.status],
        "content": rendered.content,
        "html": rendered.html if "html" in ways else None,
        "text": rendered.text if "text" in ways else None,
        "json": rendered.json if "json" in ways else None,
        "links": {
            "click": links.ways.get("click") or rendered.content.get("destination_url") or None,
            "accept": links.ways.get("accept"),
            "reject": links.ways.get("reject"),
        },
        "coupon": None,
    }
