"""How far the propositions of a period have come: from proposed to accepted or rejected.

Counted where they stand, by the index of their offer or space: a status that changes is in the next
answer. What was imported counts by the date on which it happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Count
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from decisioning.browsing import Wanted, within
from decisioning.engine.values import Status
from decisioning.models import Proposition

PERIODS = (7, 30, 90, 365)  # days
USUAL = 30
NOT_SHOWN = (Status.GENERATED, Status.SCHEDULED, Status.CONTROL_GROUP)
TAKEN = (Status.INTERESTED, Status.ACCEPTED)
Part = Literal["offer", "space"]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many propositions have which status now."""

    numbers: Mapping[int, int]

    @property
    def proposed(self) -> int:
        return sum(self.numbers.values())

    @property
    def presented(self) -> int:
        """Those that went on from where they were made: shown at least."""
        return self.proposed - self.of(NOT_SHOWN)

    @property
    def interested(self) -> int:
        return self.of(TAKEN)

    @property
    def accepted(self) -> int:
        return self.of([Status.ACCEPTED])

    @property
    def rejected(self) -> int:
        return self.of([Status.REJECTED])

    def of(self, statuses: Iterable[int]) -> int:
        return sum(self.numbers.get(status, 0) for status in statuses)

    def share(self, number: int) -> str:
        """Of all that were proposed."""
        if not self.proposed:
            return ""
        percent = 100 * number / self.proposed
        return _("%(number)s%%") % {"number": number_format(percent, decimal_pos=1)}

    @property
    def accepted_share(self) -> str:
        return self.share(self.accepted)

    @property
    def rejected_share(self) -> str:
        return self.share(self.rejected)


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the funnel."""

    label: str
    explained: str
    number: int
    share: str
    width: str  # of its bar
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Funnel:
    """All of a period, and the same apart."""

    whole: Tally
    parts: tuple[tuple[str, Tally], ...]  # by what it is split, the largest first

    @property
    def stages(self) -> list[Stage]:
        whole = self.whole
        told = (
            (_("Proposed"), _("decided and stored"), whole.proposed, ""),
            (_("Presented"), _("shown at least, whatever came of it"), whole.presented, ""),
            (_("Interested"), _("clicked, or more than that"), whole.interested, ""),
            (_("Accepted"), "", whole.accepted, "good"),
            (pgettext("proposition", "Rejected"), "", whole.rejected, "bad"),
        )
        return [
            Stage(
                label,
                explained,
                number,
                whole.share(number),
                f"{100 * number / (whole.proposed or 1):.2f}%",
                tone,
            )
            for label, explained, number, tone in told
        ]


def funnel_of(wanted: Wanted, *, by: Part) -> Funnel:
    """The propositions of one offer or space. Costs a query, which reads all of the period."""
    found = within(Proposition.objects.all(), wanted)
    if wanted.environments is not None:
        found = found.filter(environment__in=wanted.environments)
    if wanted.offer:
        found = found.filter(offer=wanted.offer)
    if wanted.space:
        found = found.filter(space=wanted.space)
    rows = found.order_by().values_list(by, "status").annotate(number=Count("pk"))
    parts: dict[str, Counter[int]] = {}
    for name, status, number in rows:
        parts.setdefault(name, Counter())[status] += number
    whole: Counter[int] = sum(parts.values(), Counter())
    tallies = [(name, Tally(numbers)) for name, numbers in parts.items()]
    tallies.sort(key=lambda pair: (-pair[1].proposed, pair[0]))
    return Funnel(Tally(whole), tuple(tallies))


def period_asked(text: str) -> int:
    return int(text) if text in {str(days) for days in PERIODS} else USUAL


def beginning_of(days: int, at: datetime) -> datetime:
    return at - timedelta(days=days)
