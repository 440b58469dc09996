"""People to try the product with: one for each built-in role, and how to sign in as them."""

import json
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import TypedDict

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.journal import record
from accounts.models import AccessLabel, Role, User
from accounts.rights import BuiltIn

PEOPLE = (
    ("administrator@demo.example", "Ada", "Morel", BuiltIn.ADMINISTRATOR),
    ("offers@demo.example", "Octave", "Lindqvist", BuiltIn.OFFER_MANAGER),
    ("deliveries@demo.example", "Dalia", "Roussel", BuiltIn.DELIVERY_MANAGER),
    ("agent@demo.example", "Gaspard", "Okafor", BuiltIn.AGENT),
    ("analyst@demo.example", "Nina", "Halloran", BuiltIn.ANALYST),
)
LABELS = (
    ("brand-a", "Brand A", (BuiltIn.OFFER_MANAGER, BuiltIn.DELIVERY_MANAGER, BuiltIn.ANALYST)),
    ("brand-b", "Brand B", ()),
)


class SignIn(TypedDict):
    """How one person of the demo signs in, as long as the hash is still theirs."""

    role: str
    email: str
    password: str
    hash: str


def load_people(*, at: datetime) -> int:
    """Add the people and labels of the demo, and say how many; none where there are people."""
    with transaction.atomic():
        if User.objects.exists():
            return 0
        password = pronounceable()
        roles = {role.code: role for role in Role.objects.built_in()}
        kept = []
        for email, first_name, last_name, role in PEOPLE:
            person = User.objects.create(
                email=email,
                first_name=first_name,
                last_name=last_name,
                password=make_password(password),
                created_at=at,
            )
            person.roles.add(roles[role])
            record("person.created", person, by=None, at=at, after={"roles": [role.value]})
            kept.append(SignIn(role=role, email=email, password=password, hash=person.password))
        for code, name, holders in LABELS:
            label = AccessLabel.objects.create(code=code, name=name)
            label.roles.set([roles[holder] for holder in holders])
            record("label.created", label, by=None, at=at)
        keep(kept)
    return len(kept)


def sign_ins() -> list[tuple[str, str, str]]:
    """(role, address, password) of those whose password is still the one made for the demo."""
    if not kept_in().exists():
        return []
    kept: list[SignIn] = json.loads(kept_in().read_text())
    emails = [each["email"] for each in kept]
    people = User.objects.able_to_sign_in().filter(email__in=emails)
    current = dict(people.values_list("email", "password"))
    return [
        (str(BuiltIn(each["role"]).label), each["email"], each["password"])
        for each in kept
        if current.get(each["email"]) == each["hash"]
    ]


def keep(kept: list[SignIn]) -> None:
    """Write the sign-ins where only the owner of the installation reads them."""
    path = kept_in()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(kept, file, indent=1)
    fresh.replace(path)


def kept_in() -> Path:
    data: Path = settings.PLACES.data
    return data / "demo-sign-ins.json"


def pronounceable() -> str:
    """Three invented words of three syllables: 56 bits, and easy to type."""
    syllables = [consonant + vowel for consonant in "bdfgjklmnprstvz" for vowel in "aeiou"]
    return "-".join("".join(secrets.choice(syllables) for _ in range(3)) for _ in range(3))
