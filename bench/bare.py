"""The cheapest that a decision could be: its two statements and nothing else, and nothing at all.

Reachable only where `bench.bare_settings` are the settings. The views stand on the same short way
through the middlewares as decisions do.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.timezone import now
from psycopg import Cursor

from offers_site import urls
from offers_site.identifiers import uuid7_at

KEPT = "bare-statements.json"  # in the data directory, written by bench.decided
ANSWER = b'{"recorded": true}'


@cache
def kept() -> dict[str, Any]:
    """The statements of a decision that was taken, with what they were told."""
    found: dict[str, Any] = json.loads((Path(settings.PLACES.data) / KEPT).read_text())
    return found


def two_statements(request: HttpRequest) -> HttpResponse:
    """Read as a decision reads and store what one stored, for another person each time."""
    number, at, found = int(request.body), now(), kept()
    who = found["first"] + number - 1
    connection.ensure_connection()
    raw = connection.connection
    raw.prepare_threshold = 1_000_000
    with Cursor(raw) as cursor:
        values = [f"B{number}" if one == "key" else one for one in found["values"]]
        row = cursor.execute(found["read"], values, prepare=True).fetchone()
        told = found["told"] | {
            "interaction": str(uuid7_at(at)),
            "contact": who,
            "person": who,
            "ticks": row[found["ticks"]] if row else 0,
            "at": at.isoformat(),
            "propositions": [
                one | {"id": str(uuid7_at(at))} for one in found["told"]["propositions"]
            ],
        }
        cursor.execute(found["record"], [json.dumps(told), found["inputs"]], prepare=True)
    return HttpResponse(ANSWER, content_type="application/json")


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ANSWER, content_type="application/json")


urlpatterns = [
    path("api/v1/decisions-bare/two", two_statements),
    path("api/v1/decisions-bare/nothing", nothing),
    *urls.urlpatterns,
]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500
