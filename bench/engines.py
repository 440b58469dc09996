"""The engine by itself, over catalogues of three sizes whose offers are for some people alone."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from statistics import median
from typing import Any

from bench.figures import Figure
from decisioning.engine.compiled import Release
from decisioning.engine.decide import Engine
from decisioning.engine.values import (
    Cap,
    Catalogue,
    Category,
    Context,
    Offer,
    Past,
    PresentationRule,
    Question,
    Scope,
    Slot,
    Space,
    microseconds_at,
)
from rules.checking import Checked, check_rule, check_weight
from rules.keys import key_in
from rules.kinds import BOOL, DATE, INT, STRING
from rules.parsing import parse
from rules.vocabulary import vocabulary

SIZES = (100, 1_000, 10_000)
PEOPLE, ROUNDS, PAST = 300, 5, 20
AT = datetime(2026, 6, 15, 8, tzinfo=UTC)
CITIES = [f"City {number}" for number in range(400)]
SEGMENTS = [f"s{number}" for number in range(20)]
WORDS = vocabulary(
    contact={
        "age": INT,
        "birth_date": DATE,
        "city": STRING,
        "segment": STRING,
        "owner": BOOL,
        "client": BOOL,
    },
    call={"device": STRING},
)


def figures() -> Iterator[Figure]:
    engines = {size: Engine(Release(catalogue(size))) for size in SIZES}
    questions = [question(number) for number in range(PEOPLE)]
    taken: dict[int, list[float]] = {size: [] for size in SIZES}
    for number in range(ROUNDS + 1):  # in turn; the first compiles what is asked
        for size, engine in engines.items():
            began = time.perf_counter()
            for asked in questions:
                engine.decide(asked)
            if number:
                taken[size].append((time.perf_counter() - began) / PEOPLE * 1000)
    peer = median(taken[1_000])
    for size, found in taken.items():
        what = f"the engine alone, 3 of {size:,} offers"
        yield Figure(what, median(found), "ms", "the same of 1,000", peer)


def catalogue(size: int) -> Catalogue:
    chance = random.Random(size)  # noqa: S311 (no secret)
    return Catalogue(
        environment="shop",
        number=1,
        zone=UTC,
        categories=tuple(category(number) for number in range(40)),
        offers=tuple(offer(number, chance) for number in range(size)),
        rules=(
            PresentationRule(name="often", scope=Scope.OFFER, period=timedelta(days=10), max=3),
            PresentationRule(name="all", scope=Scope.ALL, period=timedelta(days=7), max=200),
        ),
        spaces=(Space(name="hero", channel="web"),),
    )


def category(number: int) -> Category:
    condition = rule(f"contact.age > {16 + number}") if number % 2 else None
    return Category(name=f"c{number}", filter=condition, multiplier=Decimal(1))


def offer(number: int, chance: random.Random) -> Offer:
    """Most are for a city or a segment, some for everybody of an age; all weigh differently."""
    text = chance.choice(
        [f"contact.city == '{chance.choice(CITIES)}' && contact.age > 17"] * 3
        + [f"contact.client && contact.segment in ['{chance.choice(SEGMENTS)}', 's1']"]
        + [f"years(contact.birth_date) < {chance.randint(20, 70)} && !contact.owner"]
    )
    return Offer(
        code=f"O{number}",
        category=f"c{chance.randrange(40)}",
        filter=rule(text),
        key=key_in(text),
        contexts=(
            Context(label="All", weight=weight(str(chance.randint(1, 500)))),
            line(f"call.device == 'd{number % 50}'", chance),
        ),
        spaces=frozenset({"hero"}),
        caps=(Cap(key=f"O{number}/life", limit=5, per_contact=True),) if number % 3 == 0 else (),
    )


def line(text: str, chance: random.Random) -> Context:
    heavy = weight(str(chance.randint(300, 800)))
    return Context(label="Here", weight=heavy, filter=rule(text), key=key_in(text))


@cache
def rule(text: str) -> Checked:
    return check_rule(parse(text), WORDS)


@cache
def weight(text: str) -> Checked:
    return check_weight(parse(text), WORDS)


def question(number: int) -> Question:
    chance = random.Random(number)  # noqa: S311 (no secret)
    known: dict[str, Any] = {
        "age": chance.randint(18, 80),
        "birth_date": date(1946 + chance.randrange(60), 3, 7),
        "city": chance.choice(CITIES),
        "segment": chance.choice(SEGMENTS),
        "owner": chance.random() < 0.5,
        "client": chance.random() < 0.8,
    }
    past = tuple(
        Past(
            f"O{chance.randrange(100)}",
            "hero",
            "web",
            1,
            microseconds_at(AT - timedelta(hours=25 * each)),
        )
        for each in range(PAST)
    )
    slot = Slot(slot="hero", space="hero", count=3, call={"device": f"d{number % 50}"})
    return Question(
        at=AT, target=f"C{number}", seed=f"t{number}", slots=(slot,), contact=known, history=past
    )
