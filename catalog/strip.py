"""When an offer can be proposed, as a strip over the coming months that the server draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from catalog.models import Category, Environment, Offer
from catalog.recap import Recap
from catalog.tree import tree_of

MONTHS = 12
LEFT, WIDTH, ROW, HEAD = 0, 1000, 22, 20  # of the drawing


@dataclass(frozen=True)
class Bar:
    """A row of the strip: from where to where it holds."""

    label: str
    kind: str  # category, offer, weight, multiplier or effective
    start: datetime | None
    end: datetime | None
    x: float
    width: float
    y: int

    @property
    def is_never(self) -> bool:
        return self.width == 0


@dataclass(frozen=True)
class Month:
    label: str
    x: float


@dataclass(frozen=True)
class Strip:
    bars: list[Bar]
    months: list[Month]
    now_x: float
    height: int
    width: int = WIDTH


@dataclass(frozen=True)
class Span:
    label: str
    kind: str
    start: datetime | None
    end: datetime | None


def strip_of(offer: Offer, rules: Recap, environment: Environment, *, at: datetime) -> Strip:
    """A year, from the beginning of this month on. Costs one query."""
    zone = ZoneInfo(environment.timezone)
    first = at.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    starts = [months_after(first, number) for number in range(MONTHS + 1)]
    begin, finish = starts[0], starts[-1]
    whole = (finish - begin) / timedelta(days=1)

    def x(moment: datetime | None, otherwise: datetime) -> float:
        inside = min(max(moment or otherwise, begin), finish)
        return round((inside - begin) / timedelta(days=1) / whole * WIDTH, 1)

    bars = []
    for number, span in enumerate(spans(offer, rules, environment)):
        left, right = x(span.start, begin), x(span.end, finish)
        width = max(0.0, round(right - left, 1))
        y = HEAD + number * ROW
        bars.append(Bar(span.label, span.kind, span.start, span.end, left, width, y))
    return Strip(
        bars,
        [Month(date_format(month, "M"), x(month, begin)) for month in starts[:-1]],
        x(at, begin),
        HEAD + len(bars) * ROW,
    )


def spans(offer: Offer, rules: Recap, environment: Environment) -> list[Span]:
    """What limits it in time: only what says something, and what remains of all together."""
    limits = [span for span in all_spans(offer, rules, environment) if span.start or span.end]
    end = rules.start if rules.is_never else rules.end
    return [*limits, Span(_("Proposed"), "effective", rules.start, end)]


def all_spans(offer: Offer, rules: Recap, environment: Environment) -> Iterator[Span]:
    chain = tree_of(Category.objects.filter(environment=environment)).chain(offer.category_id)
    for category in chain:
        yield Span(category.label, "category", category.start, category.end)
    yield Span(_("Offer"), "offer", offer.start, offer.end)
    for context in rules.contexts:
        yield Span(context.label, "weight", context.start, context.end)
    for category in rules.multipliers:
        label = f"{category.label} × {category.multiplier.normalize():f}"
        yield Span(label, "multiplier", category.multiplier_start, category.multiplier_end)


def months_after(first: datetime, number: int) -> datetime:
    month = first.month - 1 + number
    return first.replace(year=first.year + month // 12, month=month % 12 + 1)
