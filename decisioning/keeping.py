"""How long decisions and propositions are kept: never less than a rule looks back."""

from __future__ import annotations

from datetime import datetime, timedelta

from catalog.gathering import Kind
from catalog.models import Revision
from catalog.scalars import read_period
from decisioning.models import CapTotal, CapUse, NamedAnswer
from decisioning.partitions import drop_months_before, make_months_ahead

A_DAY = timedelta(days=1)  # that an answer is kept for who asks again


def make_room(at: datetime) -> int:
    """Make the months that come next; how many there were to make."""
    return make_months_ahead(at)


def purge(at: datetime, *, days: int) -> list[str]:
    """Drop the months that nobody has to keep any more, and the counts of periods before them.

    Answers go after a day. Counts of caps for life stay. The names of what is gone.
    """
    NamedAnswer.objects.filter(at__lt=at - A_DAY).delete()
    before = at - max(timedelta(days=days), longest_period() + timedelta(days=1))
    for counted in (CapUse, CapTotal):
        counted.objects.filter(until__lt=before).delete()
    return drop_months_before(before)


def longest_period() -> timedelta:
    """How far back the presentation rules look that are live anywhere."""
    rules = Revision.objects.current().filter(kind=Kind.PRESENTATION_RULE)
    periods = [read_period(body.get("period")) for body in rules.values_list("body", flat=True)]
    return max((each for each in periods if isinstance(each, timedelta)), default=timedelta())
