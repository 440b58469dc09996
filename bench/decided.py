"""Two hundred live offers with rules, people with a history, and one decision taken apart.

`bench.decisions` runs this in an installation of its own. It prints what callers have to know, as
JSON, and leaves in the data directory the statements that `bench.bare` executes.
"""

import json
from http import HTTPStatus
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402 (after the setup)
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils.timezone import now  # noqa: E402

from accounts.authenticating import hash_secret, make_secret  # noqa: E402
from accounts.models import ApiKey  # noqa: E402
from bench.bare import KEPT  # noqa: E402
from catalog.models import Environment  # noqa: E402
from catalog.packages.applying import apply  # noqa: E402
from catalog.packages.reading import read  # noqa: E402
from contacts.models import Contact  # noqa: E402
from offers_site import statements  # noqa: E402

OFFERS, PEOPLE, PAST = 200, 20_000, 20
CITIES = ("Paris", "Lyon", "Lille", "Nantes", "Nice", "Rennes", "Tours", "Brest", "Metz", "Pau")
PARAGRAPH = "Half price until the end of the month, at home and away, for you and for two friends. "


def package() -> dict[str, Any]:
    return {
        "format": "overture-catalog/1",
        "environment": {
            "name": "shop",
            "label": "Shop",
            "timezone": "Europe/Paris",
            "call_data": {"device": {"type": "string", "label": "Device"}},
        },
        "spaces": [
            {
                "name": "hero",
                "label": "Hero",
                "channel": "web",
                "unitary": True,
                "default_count": 3,
                "fields": [
                    {"name": "title", "required": True},
                    {"name": "html", "required": True},
                    {"name": "destination_url", "required": True},
                ],
                "render": {"html": '<a href="{{ links.click }}">{{ title }}</a>{{ html }}'},
                "status_on_proposition": "presented",
            }
        ],
        "categories": [
            {"name": f"c{n}", "label": f"Category {n}", "filter": category_filter(n)}
            for n in range(10)
        ],
        "offers": [offer(number) for number in range(OFFERS)],
        "presentation_rules": [
            {"name": "often", "label": "An offer", "scope": "offer", "period": "10d", "max": 60},
            {
                "name": "refused",
                "label": "A category that was refused",
                "scope": "category",
                "period": "30d",
                "statuses": ["rejected"],
                "max": 2,
            },
            {"name": "all", "label": "All", "scope": "all", "period": "7d", "max": 1_000},
        ],
    }


def category_filter(number: int) -> str | None:
    return None if number % 2 else f"contact.city != '{CITIES[number]}'"


def offer(number: int) -> dict[str, Any]:
    city = CITIES[number % len(CITIES)]
    return {
        "code": f"O{number}",
        "label": f"Offer {number}",
        "category": f"c{number % 7}",
        "filter": f"years(contact.birth_date) >= {18 + number % 50} && contact.city != '{city}'",
        "contexts": [
            {"label": "Everybody", "weight": str(1 + number * 7 % 90)},
            {"label": "Mobile", "weight": "95", "filter": f"call.device == 'm{number}'"},
            {
                "label": "French",
                "weight": f"2 + {number % 90}",
                "filter": "contact.country == 'FR'",
            },
        ],
        "content": {
            "title": f"{{{{ contact.first_name }}}}, take offer {number}",
            "html": f"<p>{PARAGRAPH * 3}</p>",
            "destination_url": f"https://shop.example/offers/{number}?for={{{{ contact.key }}}}",
        },
        "representations": [{"space": "hero"}],
        "caps": [{"limit": 1_000, "per": "contact", "every": {"weeks": 1}}] if number < 5 else [],
    }


def fill() -> Environment:
    with transaction.atomic():
        apply(read(json.dumps(package()).encode()), by=None, at=now(), publish=True)
    environment = Environment.objects.get(name="shop")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contacts_contact (public_id, kind, key, first_name, language, birth_date,"
            " city, country) SELECT gen_random_uuid(), 'contact', 'B' || n, 'Ada', 'en',"
            " date '1960-01-01' + n %% 15000, (%s::text[])[1 + n %% 10],"
            " CASE WHEN n %% 3 = 0 THEN 'FR' ELSE 'BE' END FROM generate_series(1, %s) AS n",
            [list(CITIES), PEOPLE],
        )
        cursor.execute(
            "INSERT INTO decisioning_proposition (id, contact_id, environment_id, at, changed_at,"
            " status, rank, weight, is_fallback, offer, space, channel, slot, category,"
            " category_path, context, identification, destination_url, data)"
            " SELECT overlay(gen_random_uuid()::text placing"
            "     left(decisioning_first_id(m)::text, 13) from 1)::uuid,"
            "   c.id, %s, m, m, CASE WHEN n = 1 THEN 5 ELSE 1 END, 1 + n %% 3, 10, false,"
            "   'O' || (n * 9 + c.id) %% 200, 'hero', 'web', 'hero', 'c' || n %% 7, 'c' || n %% 7,"
            "   'Everybody', 'explicit', 'https://shop.example/', '{}'"
            " FROM contacts_contact c, generate_series(1, %s) AS n,"
            "   LATERAL (SELECT now() - n * interval '25 hours' AS m) AS moments"
            " WHERE c.key LIKE 'B%%'",
            [environment.pk, PAST],
        )
        cursor.execute("VACUUM ANALYZE")
    return environment


def taken_apart(contact: Contact) -> dict[str, Any]:
    """A decision's statements as the product makes them, and what they were told."""
    told: dict[str, list[Any]] = {}
    execute = statements.execute

    def heard(statement: str, values: statements.Values) -> list[tuple[Any, ...]]:
        told[statement] = list(values)
        return execute(statement, values)

    secret = make_secret(publishable=False)
    ApiKey.objects.create(
        name="Bench",
        prefix=secret[:10],
        secret_hash=hash_secret(secret),
        scopes=["decide"],
        created_at=now(),
        last_used_at=now(),
    )
    call = {"environment": "shop", "target": {"key": contact.key}, "slots": [{"space": "hero"}]}
    client = Client(headers={"Authorization": f"Bearer {secret}", "Host": "localhost"})
    statements.execute = heard
    for _time in range(2):  # a process looks for columns and the like the first time
        told.clear()
        response = client.post("/api/v1/decisions", call, content_type="application/json")
        if response.status_code != HTTPStatus.OK:
            raise RuntimeError(response.content)
    ((reading, values), (writing, (words, inputs))) = told.items()
    return {
        "read": reading,
        "values": ["key" if value == contact.key else str(value) for value in values],
        "ticks": 5,
        "record": writing,
        "told": json.loads(words),
        "inputs": inputs,
    }


def main() -> None:
    fill()
    first, last = (Contact.objects.get(key=f"B{number}") for number in (1, PEOPLE))
    kept = {**taken_apart(last), "first": first.pk}
    (settings.PLACES.data / KEPT).write_text(json.dumps(kept))
    print(json.dumps({"people": PEOPLE}))


if __name__ == "__main__":
    main()
