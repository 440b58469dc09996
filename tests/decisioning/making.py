"""The bank of tests/engine with its rows: an environment whose release is 1, and customers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from catalog.models import Environment
from contacts.models import Contact
from decisioning.asks import Ask
from decisioning.caps import key_of
from decisioning.engine.compiled import Release
from decisioning.engine.decide import Engine
from decisioning.engine.values import Cap, Offer, PresentationRule, Slot, Status
from decisioning.models import Interaction, Proposition
from decisioning.partitions import make_month
from offers_site.identifiers import uuid7_at
from tests.build import NOON, make_contact
from tests.engine.bank import EVERYWHERE, SPACES, catalogue, context

AT = NOON


def make_environment(name: str = "contacts", **columns: Any) -> Environment:
    columns = {"label": name, "people": "contacts", "release_number": 1} | columns
    return Environment.objects.create(name=name, created_at=NOON, changed_at=NOON, **columns)


def cap(limit: int, offer: str = "TOP", **more: Any) -> Cap:
    made = Cap(key="", limit=limit, **more)
    return Cap(key=key_of(offer, made), limit=limit, **more)


def offer(code: str, weight: int, *caps: Cap, category: str | None = None) -> Offer:
    return Offer(
        code=code,
        category=category,
        spaces=EVERYWHERE,
        contexts=(context(str(weight)),),
        caps=caps,
    )


def engine_of(*offers: Offer, rules: tuple[PresentationRule, ...] = (), **more: Any) -> Engine:
    """A small release without attributes: these offers in the bank's spaces."""
    return Engine(Release(catalogue(offers=offers, rules=rules, categories=(), **more)))


def ask_for(
    environment: Environment,
    engine: Engine,
    target: Contact | None,
    *,
    space: str = "webHero",
    count: int = 1,
    at: datetime = AT,
    **more: Any,
) -> Ask:
    slots = more.pop("slots", (Slot(slot="hero", space=space, count=count),))
    return Ask(
        environment=environment.pk,
        engine_for=lambda _environment, _number: engine,
        slots=slots,
        at=at,
        target=target.pk if target else None,
        identification="explicit" if target else "anonymous",
        **more,
    )


def make_decision(
    environment: Environment, contact: Contact | None, *, at: datetime = AT, **columns: Any
) -> Interaction:
    """A stored decision that found nothing; propositions are made beside it."""
    make_month(at)
    slot = {"slot": "hero", "space": "webHero", "count": 1, "categories": [], "themes": []}
    given = {
        "at": at,
        "release": 1,
        "seed": "t1",
        "identification": "explicit" if contact else "anonymous",
        "deduplicate": True,
        "slots": [{**slot, "call": {}}],
        "inputs": '{"target": "t", "contact": {}, "history": [], "used": []}',
    }
    return Interaction.objects.create(
        id=uuid7_at(at), environment=environment, contact=contact, **{**given, **columns}
    )


def make_proposition(
    environment: Environment,
    offer: str = "TOP",
    contact: Contact | None = None,
    *,
    at: datetime = AT,
    **columns: Any,
) -> Proposition:
    """One that is stored, presented unless it says otherwise."""
    make_month(at)
    given = {
        "at": at,
        "changed_at": at,
        "status": Status.PRESENTED,
        "rank": 1,
        "weight": 9,
        "release": 1,
        "is_fallback": False,
        "space": "webHero",
        "channel": "web",
        "slot": "hero",
        "category": "",
        "category_path": "",
        "context": "",
        "identification": "explicit" if contact else "anonymous",
        "destination_url": "",
    }
    return Proposition.objects.create(
        id=uuid7_at(at),
        environment=environment,
        offer=offer,
        contact=contact,
        **{**given, **columns},
    )


__all__ = [
    "AT",
    "SPACES",
    "ask_for",
    "cap",
    "engine_of",
    "make_contact",
    "make_decision",
    "make_environment",
    "make_proposition",
    "offer",
]
