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
from decisioning.engine.values import Cap, Offer, PresentationRule, Slot
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


__all__ = [
    "AT",
    "SPACES",
    "ask_for",
    "cap",
    "engine_of",
    "make_contact",
    "make_environment",
    "offer",
]
