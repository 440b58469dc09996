"""Ten thousand offers in five hundred categories as a package: planned, applied, exported.

`bench.packages` runs this in an installation of its own. What it prints is JSON: for each figure
what was measured, the milliseconds, what it is held against, and its milliseconds.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import django

django.setup()

from django.db import connection, transaction  # noqa: E402 (after the setup)
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils.timezone import now  # noqa: E402

from catalog.models import Context, Environment, Offer, Representation  # noqa: E402
from catalog.packages.applying import apply  # noqa: E402
from catalog.packages.exporting import design_package  # noqa: E402
from catalog.packages.planning import make_plan  # noqa: E402
from catalog.packages.reading import read  # noqa: E402
from catalog.packages.writing import write  # noqa: E402

OFFERS, CATEGORIES, TOP, SPACES, FILTERS = 10_000, 500, 10, 10, 50
PARAGRAPH = "<p>" + "Half price until the end of the month, at home and away. " * 10 + "</p>"


def main() -> None:
    for figure in figures(json.dumps(package()).encode()):
        print(json.dumps(figure), flush=True)


def package() -> dict[str, Any]:
    fields = [{"name": "title", "required": True}, {"name": "html", "required": True}]
    return {
        "format": "overture-catalog/1",
        "environment": {"name": "big", "label": "Big", "timezone": "Europe/Paris"},
        "filters": [
            {"name": f"f{n}", "label": f"Filter {n}", "rule": 'contact.country in ["FR", "BE"]'}
            for n in range(FILTERS)
        ],
        "spaces": [
            {"name": f"s{n}", "label": f"Space {n}", "channel": "web", "fields": fields}
            for n in range(SPACES)
        ],
        "categories": [category(number) for number in range(CATEGORIES)],
        "offers": [offer(number) for number in range(OFFERS)],
    }


def category(number: int) -> dict[str, Any]:
    parent = None if number < TOP else f"c{number % TOP if number < 60 else TOP + number % 50}"
    return {"name": f"c{number}", "label": f"Category {number}", "parent": parent}


def offer(number: int) -> dict[str, Any]:
    return {
        "code": f"O{number}",
        "label": f"Offer {number}",
        "category": f"c{number % CATEGORIES}",
        "start": "2026-05-01",
        "filter": f"filter('f{number % FILTERS}') && contact.city != 'City {number}'",
        "contexts": [
            {"label": "All", "weight": f"{number % 40 + 1}"},
            {"label": "Young", "weight": "25", "filter": "years(contact.birth_date) < 26"},
        ],
        "content": {
            "title": f"Offer {number}",
            "html": PARAGRAPH.replace("Half", f"{number}: half", 1),
            "destination_url": f"https://shop.example/{number}",
        },
        "representations": [{"space": f"s{(number + step) % SPACES}"} for step in range(3)],
        "caps": [{"limit": 3, "per": "contact", "every": {"weeks": 1}}],
        "tags": [f"tag{number % 20}"],
    }


def figures(data: bytes) -> Iterator[tuple[str, float, str, float]]:
    parsing, loading = once(lambda: json.loads(data)), "json.loads of the same text"
    yield "reading a package of 10,000 offers", once(lambda: read(data)), loading, parsing
    yield (
        "planning it where nothing is",
        once(lambda: make_plan(read(data), by=None)),
        loading,
        parsing,
    )
    copied = copies()
    rows = "the bare rows of offers, weights and representations"
    yield "applying it where nothing is", once(lambda: applied(data)), rows, copied
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    yield "applying it again, which changes nothing", once(lambda: applied(data)), loading, parsing
    other = data.replace(b'"limit": 3', b'"limit": 4')
    yield "applying it with another cap on every offer", once(lambda: applied(other)), rows, copied
    environment = Environment.objects.get(name="big")
    text = write(design_package(environment))
    tree = json.loads(text)
    dumping = once(lambda: json.dumps(tree, ensure_ascii=False, indent=2))
    yield (
        f"exporting it ({statements(environment)} statements)",
        once(lambda: write(design_package(environment))),
        "json.dumps of the same tree",
        dumping,
    )


def once(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def applied(data: bytes) -> None:
    with transaction.atomic():
        apply(read(data), by=None, at=now())


def statements(environment: Environment) -> int:
    with CaptureQueriesContext(connection) as queries:
        design_package(environment)
    return len(queries)


def copies() -> float:
    """Milliseconds of inserting as many rows as the package has, with nothing around them."""
    shop = Environment.objects.create(
        name="bare", label="Bare", people="contacts", created_at=now(), changed_at=now()
    )
    space = shop.spaces.create(
        name="bare", label="Bare", channel="web", created_at=now(), changed_at=now()
    )
    content = {"title": "Offer", "html": PARAGRAPH}

    def insert() -> None:
        offers = Offer.objects.bulk_create(
            [
                Offer(
                    environment=shop,
                    code=f"B{number}",
                    label="Bare",
                    content=content,
                    created_at=now(),
                    changed_at=now(),
                )
                for number in range(OFFERS)
            ],
            batch_size=1_000,
        )
        weights = [Context(offer=each, label="All") for each in offers for _n in range(2)]
        Context.objects.bulk_create(weights, batch_size=1_000)
        places = [Representation(offer=each, space=space) for each in offers]
        Representation.objects.bulk_create(places, batch_size=1_000)

    with transaction.atomic():
        taken = once(insert)
        transaction.set_rollback(True)
    space.delete()
    shop.delete()
    return taken


if __name__ == "__main__":
    main()
