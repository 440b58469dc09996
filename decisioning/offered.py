"""What stored decisions came to: their propositions as they were decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from decisioning.models import Interaction
from offers_site.statements import read


@dataclass(frozen=True, slots=True)
class Offered:
    """A proposition as its decision says it; its parts are the columns of `OFFERED`."""

    id: UUID
    slot: str
    space: str
    channel: str
    offer: str
    rank: int
    weight: Decimal
    context: str
    status: int
    is_fallback: bool


# Of somebody by their index, because a run decides for many in one millisecond; of nobody by time.
OFFERED = """
SELECT i.id, p.id, p.slot, p.space, p.channel, p.offer, p.rank, p.weight, p.context, p.status,
    p.is_fallback
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::uuid[], %s::uuid[])
    AS i(id, contact, environment, first, last)
CROSS JOIN LATERAL (
    SELECT * FROM decisioning_proposition p
    WHERE p.contact_id = i.contact AND p.environment_id = i.environment
        AND p.id BETWEEN i.first AND i.last AND p.interaction = i.id
    UNION ALL
    SELECT * FROM decisioning_proposition p
    WHERE i.contact IS NULL AND p.contact_id IS NULL
        AND p.id BETWEEN i.first AND i.last AND p.interaction = i.id
) p
ORDER BY p.slot, p.rank
"""


def offered_in(interactions: Sequence[Interaction]) -> dict[UUID, list[Offered]]:
    """The propositions of each decision, slot by slot in their order. Costs a query."""
    if not interactions:
        return {}
    pks = [one.pk for one in interactions]
    rows = read(
        OFFERED,
        [
            pks,
            [one.contact_id for one in interactions],
            [one.environment_id for one in interactions],
            [UUID(int=pk.int >> 80 << 80) for pk in pks],
            [UUID(int=((pk.int >> 80) + 1 << 80) - 1) for pk in pks],
        ],
    )
    found: dict[UUID, list[Offered]] = {}
    for interaction, *columns in rows:
        found.setdefault(interaction, []).append(Offered(*columns))
    return found
