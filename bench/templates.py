"""Templates for one person: ours beside a format string, the library alone, and Django's."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from html import escape
from typing import Any

import django
import liquid
from django.template import Context, Engine

from bench.figures import Figure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "offers_site.settings")
os.environ.setdefault("SECRET_KEY", "of a benchmark, which serves nobody")
django.setup()

from catalog.rendering import Plan, Rendered, parse_template, person_names, plan_for  # noqa: E402
from catalog.shapes import FieldOfSpace, OfferShape, SpaceShape  # noqa: E402

ROUNDS = 3_000
WORDS = "Half price on every trip that begins before the end of June, and nothing to pay today. "
FIELDS = ("first_name", "last_name", "city", "country", "key", "points")
PERSON: dict[str, Any] = {
    "first_name": "Zoé",
    "last_name": "Martin & Co",
    "city": "Lyon",
    "country": "FR",
    "key": "C-1001",
    "points": 150,
    "sports": ["ski", "golf", "chess"],
}
BODY = (
    '<p style="color: #333">Dear {{ contact.first_name }} {{ contact.last_name }} of '
    "{{ contact.city }}, {{ contact.country }} ({{ contact.key }}, {{ contact.points }}).</p><ul>"
    "{% for sport in contact.sports %}<li>{{ sport }}</li>{% endfor %}</ul>"
    "{% if contact.points > 100 %}<p>Thank you.</p>{% endif %}<p>" + WORDS * 31 + "</p>"
)


def measure() -> Iterator[Figure]:
    body = parse_template(BODY, kind="html")
    known = person_names(PERSON, {}, "en")
    library = liquid.Environment(autoescape=True).from_string(BODY)
    pages = Engine().from_string(BODY)
    ours, by_hand = body.render(known), by_format()
    if not ours == by_hand == library.render(contact=PERSON):
        raise RuntimeError("they do not say the same")

    size = f"{len(BODY) / 1024:.0f} KB of HTML, 6 fields, a loop and a condition"
    rendered = microseconds(lambda: body.render(known))
    yield Figure(size, rendered, "µs", "a format string by hand", microseconds(by_format))
    yield Figure(
        size, rendered, "µs", "python-liquid", microseconds(lambda: library.render(contact=PERSON))
    )
    context = Context({"contact": PERSON})
    yield Figure(size, rendered, "µs", "Django", microseconds(lambda: pages.render(context)))
    yield from representations(known)


def representations(known: dict[str, Any]) -> Iterator[Figure]:
    fields = tuple(FieldOfSpace(name=name) for name in ("title", "html", "destination_url"))
    space = SpaceShape(name="hero", label="Hero", channel="web", fields=fields)
    personal = offer("Hello {{ contact.first_name }}", BODY)
    plain = offer("Hello", "<p>" + WORDS * 31 + "</p>")
    plans = [
        plan_for(each, space, language=None, default_language="en") for each in (personal, plain)
    ]
    each, static = (microseconds(partial(drawn, plan, known)) for plan in plans)
    yield Figure("an offer in a space, personal", each, "µs", "nothing personal in it", static)


def offer(title: str, body: str) -> OfferShape:
    content = {"title": title, "html": body, "destination_url": "https://shop.example/trips"}
    return OfferShape(code="A", label="A", content=content)


def drawn(plan: Plan, known: dict[str, Any]) -> Rendered:
    return plan.render(known, proposition={}, links={"click": "https://shop.example/o/1/click"})


def by_format() -> str:
    said = {name: escape(str(PERSON[name])) for name in FIELDS}
    items = "".join([f"<li>{escape(sport)}</li>" for sport in PERSON["sports"]])
    thanks = "<p>Thank you.</p>" if PERSON["points"] > 100 else ""
    return (
        f'<p style="color: #333">Dear {said["first_name"]} {said["last_name"]} of {said["city"]}, '
        f"{said['country']} ({said['key']}, {said['points']}).</p><ul>{items}</ul>{thanks}"
        f"<p>{WORDS * 31}</p>"
    )


def microseconds(work: Callable[[], object]) -> float:
    """The best of several rounds: whatever else the machine does only adds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best * 1_000_000
