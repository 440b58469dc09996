"""Packages for tests: applied, exported and said."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from accounts.journal import Actor
from catalog.models import Environment
from catalog.packages.applying import Applied, apply
from catalog.packages.exporting import design_package
from catalog.packages.planning import Plan, make_plan
from catalog.packages.reading import read
from catalog.packages.writing import write
from catalog.problems import NotAcceptable
from tests.build import NOON
from tests.keeping import Kept

SHOP: dict[str, Any] = {
    "format": "overture-catalog/1",
    "environment": {
        "name": "shop",
        "label": "Shop",
        "timezone": "Europe/Paris",
        "call_data": {"device": {"type": "string", "choices": ["mobile", "desktop"]}},
    },
    "attributes": {"tier": {"type": "string", "choices": ["gold", "silver"]}},
    "filters": [{"name": "gold", "label": "Gold", "rule": "contact.tier == 'gold'"}],
    "spaces": [
        {
            "name": "hero",
            "label": "Hero",
            "channel": "web",
            "fields": [{"name": "title", "required": True}, {"name": "html"}],
            "fallback_offer": "BRAND",
        },
        {"name": "body", "label": "Body", "channel": "email", "default_category": "travel"},
    ],
    "categories": [
        {"name": "travel", "label": "Travel", "start": "2026-05-01", "end": "2026-10-01"},
        {"name": "canada", "label": "Canada", "parent": "travel", "multiplier": 1.5},
    ],
    "offers": [
        {
            "code": "SNOW",
            "label": "Snow",
            "category": "canada",
            "filter": "filter('gold')",
            "contexts": [{"label": "All", "weight": "7"}],
            "content": {"title": "Snow"},
            "representations": [{"space": "hero"}, {"space": "body"}],
            "caps": [{"limit": 5, "per": "contact", "every": {"weeks": 1}}],
            "tags": ["winter"],
        },
        {
            "code": "ACC",
            "label": "Account",
            "contexts": [{"weight": "1"}],
            "content": {"title": "Open"},
            "representations": [{"space": "hero"}],
        },
    ],
    "fallback_offers": [
        {
            "code": "BRAND",
            "label": "Brand",
            "content": {"title": "Hello"},
            "representations": [{"space": "hero"}],
        }
    ],
    "presentation_rules": [
        {"name": "R1", "label": "Not twice", "period": "2d6h", "statuses": ["rejected"]}
    ],
}


def changed(tree: dict[str, Any] = SHOP, **lists: Any) -> dict[str, Any]:
    """A copy of a package with other lists."""
    copy: dict[str, Any] = json.loads(json.dumps({**tree, **lists}))
    return copy


def as_bytes(tree: Any) -> bytes:
    return tree if isinstance(tree, bytes) else json.dumps(tree).encode()


def applied(tree: Any, *, by: Actor = None, at: datetime = NOON, **options: Any) -> Applied:
    with transaction.atomic():
        return apply(read(as_bytes(tree)), by=by, at=at, **options)


DESIGNED, PUBLISHED = Kept(partial(applied, SHOP)), Kept(partial(applied, SHOP, publish=True))


def planned(tree: Any, *, by: Actor = None, **options: Any) -> Plan:
    return make_plan(read(as_bytes(tree)), by=by, **options)


def problems(tree: Any, *, by: Actor = None, **options: Any) -> list[tuple[str, str]]:
    """(path, code) of all that is wrong; nothing for a package that can be applied."""
    try:
        make_plan(read(as_bytes(tree)), by=by, **options)
    except NotAcceptable as refusal:
        return [(problem.path, problem.code) for problem in refusal.problems]
    return []


def exported(name: str = "shop", **options: Any) -> str:
    return write(design_package(Environment.objects.get(name=name), **options))
