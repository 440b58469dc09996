"""Which propositions leave in an export, and with what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import sql

from accounts.models import User
from catalog.models import Environment, Offer
from decisioning.engine.values import Status

SELECT = """
SELECT p.id::text AS id, p.interaction::text AS interaction, c.key AS contact_key, p.offer,
    p.space, ({names}::text[])[p.status + 1] AS status, p.at AS occurred_at, p.weight,
    p.rank::bigint AS rank, p.data ->> 'external_id' AS external_id, p.changed_at,
    e.name AS environment, p.release::bigint AS release, p.channel, p.slot, p.category, p.context,
    p.is_fallback AS fallback, p.identification, p.data
FROM decisioning_proposition p JOIN catalog_environment e ON e.id = p.environment_id
LEFT JOIN contacts_contact c ON c.id = p.contact_id WHERE {conditions}
"""
NAMES = [status.name.lower() for status in sorted(Status)]


def selected(filters: Mapping[str, Any]) -> sql.Composable:
    parts: list[sql.Composable] = []
    for name, column in (("environment", "e.name"), ("space", "p.space"), ("offer", "p.offer")):
        if word := filters.get(name):
            parts.append(sql.SQL(f"{column} = {{}}").format(sql.Literal(word)))
    if since := filters.get("changed_since"):
        parts.append(sql.SQL("p.changed_at >= {}").format(sql.Literal(since)))
    if pk := filters.get("visible_to"):
        parts.append(visible_to(User.objects.get(pk=pk)))
    return sql.SQL(SELECT).format(
        names=sql.Literal(NAMES),
        conditions=sql.SQL(" AND ").join(parts) if parts else sql.SQL("true"),
    )


def visible_to(user: User) -> sql.Composable:
    """Only of environments and offers that somebody may see."""
    environments = Environment.objects.visible_to(user).values_list("pk", flat=True)
    hidden = Offer.objects.exclude(pk__in=Offer.objects.visible_to(user).values("pk"))
    return sql.SQL(
        "p.environment_id = ANY({}::bigint[])"
        " AND (p.environment_id::text || '/' || p.offer) <> ALL({}::text[])"
    ).format(
        sql.Literal(list(environments)),
        sql.Literal([f"{e}/{code}" for e, code in hidden.values_list("environment_id", "code")]),
    )
