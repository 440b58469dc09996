"""Ten thousand offers in five hundred categories, and how long it takes to change what is live.

`bench.releases` runs this in an installation of its own. What it prints is JSON: for each figure
what was measured, the milliseconds, what it is held against, and its milliseconds.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any

import django

django.setup()

from django.db import connection, transaction  # noqa: E402 (after the setup)
from django.utils.timezone import now  # noqa: E402

from catalog import comparing, publishing, releasing  # noqa: E402
from catalog.actions import approvals, releases  # noqa: E402
from catalog.approving import Side  # noqa: E402
from catalog.describing import offer_shape  # noqa: E402
from catalog.models import Category, Environment, Offer  # noqa: E402
from catalog.saving import save, save_all  # noqa: E402
from catalog.shapes import (  # noqa: E402
    CategoryShape,
    ContextShape,
    EnvironmentShape,
    FilterShape,
    OfferShape,
    PresentationRuleShape,
    RepresentationShape,
    Shape,
    SpaceShape,
)

OFFERS, CATEGORIES, TOP, SPACES, FILTERS, RULES = 10_000, 500, 10, 10, 50, 30
TIMES = 5
PARAGRAPH = "<p>" + "Half price until the end of the month, at home and away. " * 20 + "</p>"


def main() -> None:
    environment = fill()
    for figure in figures(environment):
        print(json.dumps(figure), flush=True)


def fill() -> Environment:
    """A catalogue as its authors would write it: through the forms."""
    environment: Environment = written(None, [EnvironmentShape(name="big", label="Big")])[0]
    fields = ({"name": "title", "required": True}, {"name": "html", "required": True})
    for number in range(SPACES):
        space = {"name": f"s{number}", "label": f"Space {number}", "channel": "web"}
        written(environment, [SpaceShape.model_validate({**space, "fields": fields})])
    country = 'contact.country in ["FR", "BE"]'
    written(
        environment,
        [FilterShape(name=f"f{n}", label=f"Filter {n}", rule=country) for n in range(FILTERS)],
    )
    tops = [CategoryShape(name=f"c{n}", label=f"Category {n}") for n in range(TOP)]
    written(environment, [*tops, *(below(number) for number in range(TOP, CATEGORIES))])
    rules = [
        PresentationRuleShape(name=f"r{n}", label=f"Rule {n}", recipients=f"filter('f{n}')")
        for n in range(RULES)
    ]
    written(environment, rules)
    written(environment, [offer(number) for number in range(OFFERS)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return environment


def below(number: int) -> CategoryShape:
    parent = f"c{number % TOP if number < 60 else TOP + number % 50}"
    return CategoryShape(name=f"c{number}", label=f"Category {number}", parent=parent)


def offer(number: int) -> OfferShape:
    return OfferShape(
        code=f"O{number}",
        label=f"Offer {number}",
        category="c0" if number < 1_000 else f"c{number % CATEGORIES}",
        filter=f"filter('f{number % FILTERS}') && contact.city != 'City {number}'",
        contexts=(
            ContextShape(label="All", weight=f"{number % 40 + 1}"),
            ContextShape(label="Young", weight="25", filter="years(contact.birth_date) < 26"),
        ),
        content={"title": f"Offer {number}", "html": PARAGRAPH},
        representations=tuple(
            RepresentationShape(space=f"s{(number + step) % SPACES}") for step in range(3)
        ),
    )


def written(environment: Environment | None, shapes: Sequence[Shape]) -> list[Any]:
    with transaction.atomic():
        return save_all(environment, [(None, shape) for shape in shapes], by=None, at=now())


def figures(environment: Environment) -> Iterator[tuple[str, float, str, float]]:
    floor = milliseconds(lambda: one_row(environment))
    beside = "one row changed in a transaction"
    yield (
        "publishing all 10,000 offers for the first time",
        once(lambda: publish_all(environment)),
        beside,
        floor,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    taken = [publishing_one(number) for number in range(TIMES)]
    yield "the approval that publishes one offer", median(taken), beside, floor
    category = Category.objects.select_related("environment").get(name="c0")
    yield (
        "disabling a category of 1,000 offers",
        milliseconds(lambda: switched(category)),
        beside,
        floor,
    )
    held = releasing.changed_since(environment, 3)
    yield (
        f"what changed since release 3 ({len(held[1])} objects)",
        milliseconds(lambda: releasing.changed_since(environment, 3)),
        beside,
        floor,
    )
    yield (
        "everything that is live",
        milliseconds(lambda: releasing.changed_since(environment, 0)),
        beside,
        floor,
    )
    fresh = Environment.objects.get(pk=environment.pk)
    yield (
        "the difference between two releases",
        milliseconds(lambda: comparing.difference(fresh, 1, fresh.release_number)),
        beside,
        floor,
    )
    yield "going back to the first release", once(lambda: back(fresh, 1)), beside, floor
    yield "one release as a package", once(lambda: releasing.live_package(fresh, 1)), beside, floor


def milliseconds(work: Callable[[], object]) -> float:
    """The median of several, after one that warms up."""
    work()
    return median(once(work) for _ in range(TIMES))


def once(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


@transaction.atomic
def one_row(environment: Environment) -> None:
    releasing.hold(environment)
    Environment.objects.filter(pk=environment.pk).update(changed_at=now())


@transaction.atomic
def publish_all(environment: Environment) -> None:
    held = releasing.hold(environment)
    made = publishing.approve_and_publish(held, environment.offers.all(), by=None, at=now())
    print("release", made and made.number, file=sys.stderr)


def publishing_one(number: int) -> float:
    row = Offer.objects.with_parts().get(code=f"O{number * 1_777}")
    shape = offer_shape(row)
    contexts = (shape.contexts[0].model_copy(update={"weight": "77"}), *shape.contexts[1:])
    with transaction.atomic():
        edited = save(
            row,
            shape.model_copy(update={"contexts": contexts}),
            environment=row.environment,
            by=None,
            at=now(),
        )

    def approve() -> None:
        outcome = approvals.approve(edited, Side.ELIGIBILITY, by=None, at=now())
        if outcome.release is None:
            raise RuntimeError(edited.code)

    return once(approve)


def switched(category: Category) -> None:
    enabled = not Category.objects.get(pk=category.pk).enabled
    releases.switch([category], enabled=enabled, by=None, at=now())


def back(environment: Environment, number: int) -> None:
    releases.roll_back(environment, number, by=None, at=now())


if __name__ == "__main__":
    main()
