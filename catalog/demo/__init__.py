"""A bank and its travel club: the catalogue of the demo, live, and six people to decide for.

The packages beside this module are ordinary ones: `catalog export` wrote them.
"""

from __future__ import annotations

from datetime import date, datetime
from importlib.resources import files
from typing import Any

from django.db import transaction

from catalog.packages.applying import apply
from catalog.packages.reading import read
from catalog.pictures import Picture, keep
from contacts.actions.contacts import create_contact
from contacts.models import Contact

# The spaces for contacts pass unidentified people on to the one for visitors: that comes first.
PACKAGES = ("visitors", "contacts")
SIZE = (1200, 480)
PEOPLE: tuple[dict[str, Any], ...] = (
    {
        "key": "C1",
        "first_name": "Ada",
        "last_name": "Moreau",
        "birth_date": date(2002, 2, 11),
        "language": "fr",
        "has_account": False,
        "income": "low",
        "home_owner": False,
        "frequent_traveller": False,
        "partner_opt_in": True,
    },
    {
        "key": "C2",
        "first_name": "Bruno",
        "last_name": "Keller",
        "birth_date": date(1984, 9, 30),
        "language": "en",
        "has_account": True,
        "income": "high",
        "home_owner": True,
        "propensity_home": 0.8,
        "frequent_traveller": True,
        "partner_opt_in": True,
    },
    {
        "key": "C3",
        "first_name": "Chloé",
        "last_name": "Nadeau",
        "birth_date": date(1991, 3, 21),
        "language": "fr",
        "has_account": True,
        "income": "mid",
        "home_owner": True,
        "propensity_home": 0.1,
        "frequent_traveller": True,
        "partner_opt_in": True,
    },
    {
        "key": "C4",
        "first_name": "Diego",
        "last_name": "Ferri",
        "birth_date": date(1967, 11, 5),
        "language": "en",
        "has_account": False,
        "income": "high",
        "home_owner": True,
        "frequent_traveller": False,
        "partner_opt_in": False,
    },
    {
        "key": "C5",
        "first_name": "Emi",
        "last_name": "Sato",
        "birth_date": date(1997, 1, 17),
        "language": "en",
        "has_account": True,
        "income": "mid",
        "home_owner": False,
        "frequent_traveller": False,
        "partner_opt_in": True,
    },
    {
        "key": "C6",
        "first_name": "Farid",
        "last_name": "Benali",
        "birth_date": date(1958, 8, 23),
        "language": "fr",
        "has_account": True,
        "income": "low",
        "home_owner": False,
        "frequent_traveller": False,
        "partner_opt_in": False,
    },
)


def load_catalogue(*, at: datetime) -> int:
    """Apply and publish the demo's packages and add its people; says how many people are new.

    What is there already stays: a second time does what the first has left.
    """
    keep_pictures(at=at)
    for name in PACKAGES:
        with transaction.atomic(durable=True):
            apply(read(package(name)), publish=True, by=None, at=at)
    there = set(Contact.objects.values_list("key", flat=True).filter(key__in=KEYS))
    new = [person for person in PEOPLE if person["key"] not in there]
    for person in new:
        create_contact({**person, "email": address(person)}, by=None, at=at)
    return len(new)


@transaction.atomic(durable=True)
def keep_pictures(*, at: datetime) -> None:
    """What the offers show, drawn for them. The packages name each by what is in its file."""
    for file in files(__name__).joinpath("pictures").iterdir():
        keep(Picture("image/webp", *SIZE, file.read_bytes()), name=file.name, at=at)


KEYS = [person["key"] for person in PEOPLE]


def package(name: str) -> bytes:
    return files(__name__).joinpath(f"{name}.json").read_bytes()


def address(person: dict[str, Any]) -> str:
    return f"{person['first_name']}.{person['last_name']}@example.org".lower().replace("é", "e")
