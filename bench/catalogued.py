"""Ten thousand offers in five hundred categories, a tenth of them labelled, and their pages.

`bench.catalog` runs this in an installation of its own. What it prints is JSON: for each figure
what was measured, the milliseconds, what it is held against, and its milliseconds. A page is held
against the same page of an environment of 25 offers: what is left is what the others cost.
"""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402 (after the setup)
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils.timezone import now  # noqa: E402

from accounts.models import AccessLabel, Role, User  # noqa: E402
from bench.tenthousand import fill, offer, publish_all, publishing_one, written  # noqa: E402
from catalog.models import Category, Environment, Offer  # noqa: E402
from catalog.packages.exporting import design_package, live_package  # noqa: E402
from catalog.packages.writing import write  # noqa: E402
from catalog.shapes import EnvironmentShape, Package, SpaceShape  # noqa: E402
from offers_site.keysets import Keyset  # noqa: E402

TIMES = 9
HIDDEN_CATEGORIES, HIDDEN_OFFERS = 50, 1_000
PAGES = {
    "the list of offers": "offers/",
    "the list of offers, searched": "offers/?q=Offer+77",
    "the list of offers by name, 100 on a page": "offers/?sort=label&size=100",
    "the list of offers by name, from its middle on": "offers/?sort=label&after={middle}",
    "fallback offers": "fallback-offers/",
    "the tree of categories": "categories/",
    "one offer": "offers/O25/",
}


def main() -> None:
    settings.ALLOWED_HOSTS = ["*"]
    small, big = few(), fill()
    hide_some(big)
    for figure in figures(small, big):
        print(json.dumps(figure), flush=True)


def few() -> Environment:
    """An environment of 25 offers in two spaces."""
    small: Environment = written(None, [EnvironmentShape(name="small", label="Small")])[0]
    fields = ({"name": "title", "required": True}, {"name": "html", "required": True})
    for name in ("t0", "t1"):
        space = {"name": name, "label": name, "channel": "web", "fields": fields}
        written(small, [SpaceShape.model_validate(space)])
    shapes = [offer(number) for number in range(1, 26)]
    places = tuple(
        one.model_copy(update={"space": name})
        for one, name in zip(shapes[0].representations, ("t0", "t1"), strict=False)
    )
    changed = {"category": None, "filter": None, "representations": places}
    written(small, [shape.model_copy(update=changed) for shape in shapes])
    return small


def hide_some(environment: Environment) -> None:
    label = AccessLabel.objects.create(code="secret", name="Secret")
    categories = Category.objects.filter(environment=environment).order_by("-pk")
    Category.access_labels.through.objects.bulk_create(
        Category.access_labels.through(category=row, accesslabel=label)
        for row in categories[:HIDDEN_CATEGORIES]
    )
    offers = Offer.objects.filter(environment=environment).order_by("-pk")
    Offer.access_labels.through.objects.bulk_create(
        Offer.access_labels.through(offer=row, accesslabel=label) for row in offers[:HIDDEN_OFFERS]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def figures(small: Environment, big: Environment) -> Iterator[tuple[str, float, str, float]]:
    publish_all(big)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    people = {
        "for an administrator": person("administrator"),
        "for somebody without a label": person("offer_manager"),
    }
    for who, client in people.items():
        for what, path in PAGES.items():
            many, queries = page(client, big, path)
            one, there = page(client, small, path)
            beside = f"the same of 25 offers ({there} queries)"
            yield f"{what}, {who} ({queries} queries)", many, beside, one
        client.post("/side/", {"side": "live", "next": "/"})
        many, queries = page(client, big, "offers/")
        yield f"the list of what is live, {who} ({queries} queries)", many, "a bare query", bare()
        client.post("/side/", {"side": "design", "next": "/"})
    taken = [publishing_one(number) for number in range(TIMES // 2)]
    yield "the approval that publishes one offer", median(taken), "a bare query", bare()
    for what, make in (("the design", design_package), ("what is live", live_package)):
        package = make(Environment.objects.get(pk=big.pk))
        tree = json.loads(write(package))
        dumping = once(partial(json.dumps, tree, ensure_ascii=False, indent=2))
        whole = once(partial(exported, make, big))
        yield f"exporting {what}", whole, "json.dumps of the same tree", dumping


def exported(make: Callable[[Environment], Package], environment: Environment) -> str:
    return write(make(Environment.objects.get(pk=environment.pk)))


def person(role: str) -> Client:
    user = User.objects.create(email=f"{role}@example.org", created_at=now())
    user.roles.add(Role.objects.get(code=role))
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, environment: Environment, path: str) -> tuple[float, int]:
    """The median milliseconds of a page, and its queries."""
    asked = path.format(middle=middle(environment)) if "{middle}" in path else path
    address = f"/catalogue/{environment.name}/{asked}"

    def get() -> Any:
        answer = client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")
        return answer

    get()
    with CaptureQueriesContext(connection) as captured:
        get()
        queries = len(captured)  # now: the next request begins the connection's log anew
    return median(once(get) for _number in range(TIMES)), queries


def middle(environment: Environment) -> str:
    """The place in the list by name with as many offers before it as after it."""
    offers = Offer.objects.filter(environment=environment)
    keys = Keyset(offers, "label", name="offers.label", descending=False)
    return keys.cursor(keys.ordered(backwards=False)[offers.count() // 2])


def bare() -> float:
    with connection.cursor() as cursor:
        return median(once(lambda: cursor.execute("SELECT 1")) for _number in range(TIMES))


def once(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
