"""A shop to try decisions with: its catalogue, live, and the key that stands in its pages.

Its customers are the people of the catalogue's demo. The packages beside this module are ordinary
ones; only the address of the shop in them is put right for the installation.
"""

from __future__ import annotations

import json
import os
import secrets
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from accounts.actions.keys import create_key, revoke_key
from accounts.authenticating import hash_secret
from accounts.models import ApiKey
from catalog.demo import SIZE
from catalog.packages.applying import apply
from catalog.packages.planning import make_plan
from catalog.packages.reading import read
from catalog.pictures import Picture, keep
from catalog.problems import NotAcceptable
from offers_site.environment import name_in_header

PACKAGES = ("shop-visitors", "shop")  # the spaces for customers pass the others on to the first
ENVIRONMENT = "shop"
WRITTEN = "https://belvedere.example"  # what the packages call the installation
KEY_NAME = "Demo shop"
THIS_MACHINE = {"localhost", "127.0.0.1", "[::1]"}


class Shop(TypedDict):
    """What is kept of the shop that stands in this installation."""

    base_url: str
    key: str


def open_shop(*, at: datetime) -> None:
    """Apply and publish its packages, and make its key; a second time does what is left."""
    keep_pictures(at=at)
    for name in PACKAGES:
        with transaction.atomic(durable=True):
            apply(read(package(name, settings.BASE_URL)), publish=True, by=None, at=at)
    hand_over_key(at=at)


def move_shop(*, at: datetime) -> bool:
    """Let it follow an installation whose address is another one now; says whether it did.

    A package that somebody has changed meanwhile stays as it is, old address and all; whoever has
    revoked the key has closed the shop.
    """
    shop = kept()
    if shop is None or shop["base_url"] == settings.BASE_URL or not is_usable(shop["key"], at):
        return False
    for name in PACKAGES:
        with transaction.atomic(durable=True):
            if is_untouched(package(name, shop["base_url"])):
                apply(read(package(name, settings.BASE_URL)), publish=True, by=None, at=at)
    hand_over_key(at=at)
    return True


def shop_at(at: datetime) -> Shop | None:
    """The shop, if it stands here and is open: on the machine of whoever tries the product."""
    is_tried = settings.DEBUG or name_in_header(settings.BASE_URL) in THIS_MACHINE
    shop = kept() if is_tried else None
    if shop is None or shop["base_url"] != settings.BASE_URL or not is_usable(shop["key"], at):
        return None
    return shop


def is_usable(secret: str, at: datetime) -> bool:
    return ApiKey.objects.usable_at(at).filter(secret_hash=hash_secret(secret)).exists()


# --- its parts ---


@transaction.atomic(durable=True)
def keep_pictures(*, at: datetime) -> None:
    for file in files(__name__).joinpath("pictures").iterdir():
        keep(Picture("image/webp", *SIZE, file.read_bytes()), name=file.name, at=at)


def package(name: str, base_url: str) -> bytes:
    written = files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    return written.replace(f"{WRITTEN}/", f"{base_url}/").encode()


def is_untouched(written: bytes) -> bool:
    try:
        return make_plan(read(written), by=None).is_empty
    except NotAcceptable:  # what it builds upon is gone
        return False


def hand_over_key(*, at: datetime) -> None:
    """A new key for the address of today; the former one opens nothing any more."""
    for former in ApiKey.objects.usable_at(at).filter(name__iexact=KEY_NAME):
        revoke_key(former, by=None, at=at)
    _key, secret = create_key(
        name=KEY_NAME,
        scopes=[ApiKey.Scope.DECIDE],
        origins=origins_of(settings.BASE_URL),
        by=None,
        at=at,
    )
    note({"base_url": settings.BASE_URL, "key": secret})


def origins_of(base_url: str) -> list[str]:
    """The origin of an address; a machine that is called by one of its names has the others too."""
    parts = urlsplit(base_url)
    name = name_in_header(base_url)
    names = THIS_MACHINE if name in THIS_MACHINE else {name}
    port = f":{parts.port}" if parts.port else ""
    return sorted(f"{parts.scheme}://{name}{port}" for name in names)


def note(shop: Shop) -> None:
    """Write down where only the owner of the installation reads it."""
    path = kept_in()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(shop, file)
    fresh.replace(path)


def kept() -> Shop | None:
    try:
        found: Shop = json.loads(kept_in().read_text())
    except FileNotFoundError:
        return None
    return found


def kept_in() -> Path:
    data: Path = settings.PLACES.data
    return data / "demo-shop.json"
