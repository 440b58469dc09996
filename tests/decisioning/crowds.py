"""A shop whose offers have rules, limits and contents that speak of people, with its customers."""

import json
import threading
from datetime import date
from typing import Any

from django.db import connection, transaction

from catalog.packages.applying import apply
from catalog.packages.reading import read
from contacts.models import Contact
from decisioning.asks import Ask
from decisioning.deciding import decide
from decisioning.live import engine_for, live_for
from decisioning.populations import ask_everybody
from decisioning.showing import Showing
from decisioning.storing import raise_clocks
from tests.build import NOON, make_attribute, make_contact
from tests.decisioning.http import forget
from tests.keeping import Kept

FIELDS = [{"name": "title", "required": True}, {"name": "destination_url"}]
RULES = [
    {
        "name": "twice",
        "label": "An offer at most twice in a month",
        "period": "30d",
        "scope": "offer",
        "max": 2,
    },
    {
        "name": "no",
        "label": "Nothing of a category after a no",
        "scope": "category",
        "statuses": ["rejected"],
        "max": 1,
    },
]


def space(name: str, **more: Any) -> dict[str, Any]:
    told = {"name": name, "label": name, "channel": "web", "default_count": 2}
    return {**told, "fields": FIELDS, "unitary": True, "status_on_proposition": "presented", **more}


def offer(code: str, weight: str, **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "label": code,
        "category": "rest",
        "contexts": [{"label": "All", "weight": weight}],
        "content": {"title": code, "destination_url": f"https://shop.example/{code}"},
        "representations": [{"space": "hero"}, {"space": "desk"}],
        **more,
    }


OFFERS = [
    offer("GOLD", "9", filter="contact.points > 50"),
    offer("NAMED", "8.5", content={"title": "{{ contact.first_name }}"}),
    offer("LINKED", "8", content={"title": "L", "destination_url": "{{ contact.city }}"}),
    offer("POINTS", "contact.points / 10.0"),
    offer("TIE1", "5", category="ties"),
    offer("TIE2", "5", category="ties"),
    offer("OF_ITSELF", "4", filter="offer.code.startsWith('OF')"),
    offer("MOBILE", "6", filter="call.device == 'mobile'"),
    offer("ONCE", "7", caps=[{"limit": 1, "per": "contact"}]),
    offer("SHARED", "3", caps=[{"limit": 5, "per": "total"}]),
    offer("LAST", "1"),
]


def open_shop() -> list[int]:
    """What is live from now on, and the primary keys of its customers."""
    forget()
    SHOP.bring()
    return list(Contact.objects.order_by("pk").values_list("pk", flat=True))


def make_shop() -> None:
    make_attribute("points", "int")
    package = {
        "format": "overture-catalog/1",
        "environment": {
            "name": "contacts",
            "label": "Shop",
            "timezone": "Europe/Paris",
            "call_data": {"device": {"type": "string", "label": "Device"}},
        },
        "filters": [{"name": "rich", "label": "Rich", "rule": "contact.points >= 60"}],
        "spaces": [space("hero"), space("desk", tie_policy="sticky", record=False)],
        "categories": [{"name": "rest", "label": "Rest"}, {"name": "ties", "label": "Ties"}],
        "offers": OFFERS,
        "presentation_rules": RULES,
    }
    with transaction.atomic():
        apply(read(json.dumps(package).encode()), publish=True, by=None, at=NOON)
    for number in range(12):
        make_contact(
            f"C{number:02}",
            points=number * 10,
            first_name="Ada" if number % 3 else None,
            city="https://city.example" if number % 2 else "Paris",
            language=["en", "fr", None][number % 3],
            birth_date=date(1990, 1, 1),
        )


SHOP = Kept(make_shop)


def got(chosen):
    return {one.key: [made.offer for made in one.made] for one in chosen}


def alone(pk, at=NOON, **more):
    """One decision, as a call makes it."""
    population = ask_everybody("hero", **more)
    live = live_for(population.environment, 1)
    slots = {slot.slot: slot for slot in population.slots}
    return decide(
        Ask(
            environment=population.environment,
            engine_for=engine_for,
            slots=population.slots,
            at=at,
            target=pk,
            identification="explicit",
            also=frozenset(live.columns),
            show=Showing(live=live, slots=slots, identification="explicit", at=at).show,
        )
    )


def meanwhile(monkeypatch, work):
    """Do something once, after a decision was taken and before it is stored."""
    times = iter([True])

    def later(drawn):
        if next(times, False):
            work()
        return raise_clocks(drawn)

    monkeypatch.setattr("decisioning.storing.raise_clocks", later)


def elsewhere(work):
    """What somebody else does who has a connection of their own."""

    def whole():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=whole)
    thread.start()
    thread.join()
