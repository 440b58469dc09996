"""The bank of the demo, live in the test database, asked over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

from django.test import Client

from catalog.demo import load_catalogue
from catalog.models import Environment
from decisioning import current, deciding, live
from tests.build import NOON, bearer, make_key
from tests.keeping import Kept

MORNING = "2026-06-15T10:00"
ROWS = Kept(partial(load_catalogue, at=NOON))
# The releases that come with these rows, by environment: what is kept has the same keys each time.
FIRST: dict[int, live.Live] = {}


def bring_bank() -> None:
    """The rows of the bank, where there are none."""
    forget()
    ROWS.bring()
    for pk, number in Environment.objects.values_list("pk", "release_number"):
        if pk not in FIRST and number:
            FIRST[pk] = live.live_for(pk, number)


def open_bank() -> Bank:
    """Loads the bank, if that has not been done for the whole module already.

    The process holds its first releases, as one does that has answered before.
    """
    forget()
    if not Environment.objects.exists():
        bring_bank()
    for pk in Environment.objects.filter(pk__in=FIRST).values_list("pk", flat=True):
        live.keep(FIRST[pk])
    return Bank()


def forget() -> None:
    """Hold nothing of a database that was emptied."""
    live.forget()
    current.forget()
    deciding._live.clear()


class Bank:
    """Asks as a program does, with a key that may do all."""

    def __init__(self, *scopes: str, **columns: Any) -> None:
        self.client = Client()
        scopes = scopes or ("decide", "decide:at", "propositions", "contacts", "catalog")
        self.key, secret = make_key(*scopes, name=f"Bank {uuid4()}", **columns)
        self.headers = bearer(secret)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.post(
            f"/api/v1/{path}",
            body if isinstance(body, str | bytes) else json.dumps(body),
            content_type="application/json",
            headers={**self.headers, **headers},
        )

    def decide(self, *slots: Mapping[str, Any], **call: Any) -> dict[str, Any]:
        response = self.post("decisions", {"environment": "contacts", "slots": slots, **call})
        assert response.status_code == 200, response.content
        answer: dict[str, Any] = response.json()
        return answer

    def ask(
        self,
        who: str | None,
        space: str,
        count: int,
        at: str = MORNING,
        *,
        categories: Sequence[str] = (),
        themes: Sequence[str] = (),
        seed: str = "t1",
        **call: Any,
    ) -> dict[str, Any]:
        """The only slot of an answer: in the name of the past, nothing is stored."""
        slot = {"space": space, "count": count, "categories": categories, "themes": themes}
        target = {"key": who} if who else None
        answer = self.decide(slot, target=target, at=at, seed=seed, **call)
        (found,) = answer["slots"]
        return dict(found)


def told(slot: Mapping[str, Any]) -> str:
    """`ACC50 25, SAHARA 18`"""
    return ", ".join(f"{one['offer']} {one['weight']:g}" for one in slot["propositions"])
