"""How much of an offer's caps is used, as the release says that is live now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from decisioning.caps import LAST, caps_of, period_of
from decisioning.engine.values import Cap
from decisioning.live import Live
from decisioning.models import CapTotal, CapUse
from decisioning.reasonwords import cap_words

MOST_PLACES = 50  # spaces that count for themselves

Place = tuple[str, str]  # key of a cap, and the space that counts for itself or ""


@dataclass(frozen=True, slots=True)
class CapState:
    """A cap in its present period, in one space where each counts for itself."""

    cap: Cap
    space: str  # "": all together
    used: int | None  # None: each person has a count of their own, and nobody was named
    resets_at: datetime | None  # None: it counts for life

    @property
    def limit(self) -> int:
        return self.cap.limit

    @property
    def words(self) -> str:
        return cap_words(self.cap)

    @property
    def left(self) -> int | None:
        return None if self.used is None else max(self.limit - self.used, 0)

    @property
    def is_full(self) -> bool:
        return self.used is not None and self.used >= self.limit

    @property
    def width(self) -> str:
        return f"{min(100 * (self.used or 0) / self.limit, 100):.2f}%"


def cap_states(live: Live, code: str, *, at: datetime, person: int | None = None) -> list[CapState]:
    """The caps of a live offer, those of a person counted for `person`. Costs two queries."""
    release = live.engine.release
    found = caps_of(release, code)
    if not found:
        return []
    periods = {cap.key: period_of(cap, at, release.zone) for cap in found}
    begins = {key: since for key, (since, _until) in periods.items()}
    used = {**totals(live.environment_pk, begins), **uses(live.environment_pk, begins, person)}
    spaces = sorted(release.by_code[code].offer.spaces)
    return [
        CapState(
            cap,
            space,
            None if cap.per_contact and person is None else used.get((cap.key, space), 0),
            None if periods[cap.key][1] == LAST else periods[cap.key][1],
        )
        for cap in found
        for space in places_of(cap, spaces)
    ]


def places_of(cap: Cap, spaces: list[str]) -> Iterator[str]:
    yield from spaces[:MOST_PLACES] if cap.each_space else [""]


def totals(environment: int, begins: Mapping[str, datetime]) -> dict[Place, int]:
    rows = CapTotal.objects.filter(environment=environment, cap__in=begins)
    counted = rows.annotate(used=Sum("uses__used")).values_list("cap", "space", "since", "used")
    return {(cap, space): used or 0 for cap, space, since, used in counted if since == begins[cap]}


def uses(environment: int, begins: Mapping[str, datetime], person: int | None) -> dict[Place, int]:
    if person is None:
        return {}
    rows = CapUse.objects.filter(contact=person, environment=environment, cap__in=begins)
    counted = rows.values_list("cap", "space", "since", "used")
    return {(cap, space): used for cap, space, since, used in counted if since == begins[cap]}
