"""A catalogue for many: two hundred offers with rules, limits and contents, and their customers."""

import random
from typing import Any

OFFERS, COUNT, CATEGORIES = 200, 2, 8
ATTRIBUTES = (
    ("points", "int", "n * 37 %% 5000"),
    ("orders", "int", "n %% 40"),
    ("spend", "double", "(n %% 100000) / 7.0"),
    ("propensity", "double", "(n * 13 %% 1000) / 1000.0"),
    ("tier", "string", "(ARRAY['bronze','silver','gold'])[1 + n %% 3]"),
    ("is_partner", "bool", "n %% 4 = 0"),
    ("has_account", "bool", "n %% 3 = 0"),
)
CONDITIONS = (
    *(f"years(contact.birth_date) < {age}" for age in range(20, 80, 4)),
    *(f"contact.points > {points}" for points in range(500, 5_000, 500)),
    *(f"contact.orders >= {orders}" for orders in range(2, 40, 4)),
    *(f'contact.tier == "{tier}"' for tier in ("bronze", "silver", "gold")),
    *(f'contact.country in ["{one}", "DE"]' for one in ("FR", "BE", "CH")),
    *("contact.is_partner", "!contact.has_account", "contact.propensity > 0.5"),
)


def package(people: int, offers: int = OFFERS) -> dict[str, Any]:
    chance = random.Random(5)  # noqa: S311 (no secret)
    return {
        "format": "overture-catalog/1",
        "environment": {"name": "crowd", "label": "Crowd", "timezone": "Europe/Paris"},
        "spaces": [
            {
                "name": "hero",
                "label": "Hero",
                "channel": "web",
                "unitary": True,
                "default_count": COUNT,
                "fields": [
                    {"name": "title", "required": True},
                    {"name": "destination_url", "required": True},
                ],
                "status_on_proposition": "presented",
            }
        ],
        "categories": [{"name": f"c{n}", "label": f"Category {n}"} for n in range(CATEGORIES)],
        "offers": [offer(number, chance, people) for number in range(offers)],
        "presentation_rules": [
            {
                "name": "pressure",
                "label": "An offer at most twice in thirty days",
                "period": "30d",
                "scope": "offer",
                "max": 2,
            },
            {
                "name": "no",
                "label": "Nothing of a category after a no",
                "period": "30d",
                "scope": "category",
                "statuses": ["rejected"],
                "max": 1,
            },
        ],
    }


def offer(number: int, chance: random.Random, people: int) -> dict[str, Any]:
    """One with a rule of two to three conditions; every twentieth has a limit."""
    conditions = chance.sample(CONDITIONS, chance.randint(2, 3))
    caps: list[dict[str, Any]] = []
    if number % 20 == 0:
        caps = [{"limit": max(people // 100, 10), "per": "total"}]
    elif number % 20 == 10:
        caps = [{"limit": 3, "per": "contact", "every": {"weeks": 1}}]
    return {
        "code": f"O{number}",
        "label": f"Offer {number}",
        "category": f"c{number % CATEGORIES}",
        "filter": " && ".join(conditions),
        "contexts": [
            {"label": "All", "weight": f"{chance.randint(1, 400) / 10}"},
            {
                "label": "Young",
                "weight": f"{chance.randint(100, 500) / 10}",
                "filter": "years(contact.birth_date) < 26",
            },
        ],
        "content": {
            "title": f"Offer {number}",
            "destination_url": f"https://shop.example/{number}",
        },
        "representations": [{"space": "hero"}],
        "caps": caps,
    }
