"""The calendar of offers: when each can be proposed, and when its weights are boosted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from catalog.models import Category, Offer
from catalog.tree import Tree, Window, boost_of, is_empty, is_in

Zoom = Literal["month", "quarter", "year"]
ZOOMS: tuple[Zoom, ...] = get_args(Zoom)
MONTHS: Mapping[Zoom, int] = {"month": 1, "quarter": 3, "year": 12}
EARLIEST, LATEST = date(1990, 1, 1), date(2199, 12, 31)
ALWAYS: Window = (None, None)
ROOMY = 7.5
BEGINNING = datetime(1, 1, 2, tzinfo=UTC)  # inside a window without any edge
PADDING, CHARACTER = 0.9, 0.95  # hundredths of the width that the number of a boost needs


# --- what is drawn over ---


@dataclass(frozen=True)
class Tick:
    x: str
    label: str
    is_minor: bool = False  # left out where there is little room


@dataclass(frozen=True)
class Period:
    """A month, a quarter or a year on the clocks of an environment."""

    zoom: Zoom
    first: date
    zone: ZoneInfo

    @property
    def last(self) -> date:
        """The day after it."""
        return months_after(self.first, MONTHS[self.zoom])

    @property
    def start(self) -> datetime:
        return midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        return midnight(self.last, self.zone)

    @property
    def previous(self) -> date:
        return months_after(self.first, -MONTHS[self.zoom])

    @property
    def label(self) -> str:
        if self.zoom == "year":
            return str(self.first.year)
        if self.zoom == "month":
            return date_format(self.first, "YEAR_MONTH_FORMAT")
        quarter = {"number": (self.first.month + 2) // 3, "year": self.first.year}
        return _("Quarter %(number)s of %(year)s") % quarter

    def share(self, moment: datetime) -> float:
        """How far into the period a moment is, in hundredths; before and after it the ends."""
        inside = min(max(moment, self.start), self.end)
        seconds = (inside - self.start).total_seconds()
        return round(seconds / (self.end - self.start).total_seconds() * 100, 3)

    @property
    def ticks(self) -> Iterator[Tick]:
        if self.zoom == "year":
            for number in range(12):
                month = months_after(self.first, number)
                yield self.tick(month, date_format(month, "M"))
            return
        for number in range((self.last - self.first).days):
            day = self.first + timedelta(days=number)
            if self.zoom == "month":
                yield self.tick(day, str(day.day), is_minor=number % 7 != 0)
            elif day.weekday() == 0:
                yield self.tick(day, date_format(day, "j M"), is_minor=day.day > 7)

    def tick(self, day: date, label: str, *, is_minor: bool = False) -> Tick:
        return Tick(percent(self.share(midnight(day, self.zone))), label, is_minor)


def period_around(zoom: str, day: date, zone: ZoneInfo) -> Period:
    """The month, quarter or year that a day is in; a year when the zoom is not known."""
    known: Zoom = next((each for each in ZOOMS if each == zoom), "year")
    day = min(max(day, EARLIEST), LATEST)
    month = (day.month - 1) // MONTHS[known] * MONTHS[known] + 1
    return Period(known, date(day.year, month, 1), zone)


def months_after(day: date, number: int) -> date:
    month = day.month - 1 + number
    return date(day.year + month // 12, month % 12 + 1, 1)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def percent(share: float) -> str:
    return f"{share:g}%"


# --- when an offer can be proposed ---


@dataclass(frozen=True)
class Boost:
    """A time in which weights are multiplied."""

    start: datetime | None
    end: datetime | None
    multiplier: Decimal

    @property
    def told(self) -> str:
        return f"{times(self.multiplier)} {told(self.start, self.end)}"


def effective_spans(offer: Offer, tree: Tree) -> list[Window]:
    """The times in which all dates allow an offer and one of its weights is there.

    Of an offer read with its contexts. Starts are in, ends are not; None is without end.
    """
    around = tree.window(offer.category_id, offer)
    found: list[Window] = []
    windows = ((each.start, each.end) for each in offer.contexts.all())
    for start, end in sorted(windows, key=lambda one: (one[0] is not None, one[0])):
        span = common(around, (start, end))
        if is_empty(span):
            continue
        if found and touches(found[-1], span):
            found[-1] = (found[-1][0], later_end(found[-1][1], span[1]))
        else:
            found.append(span)
    return found


def common(one: Window, other: Window) -> Window:
    starts = [each for each in (one[0], other[0]) if each is not None]
    ends = [each for each in (one[1], other[1]) if each is not None]
    return max(starts, default=None), min(ends, default=None)


def touches(one: Window, later: Window) -> bool:
    """Is there no time between two windows, of which the second does not begin first?"""
    return one[1] is None or later[0] is None or later[0] <= one[1]


def later_end(one: datetime | None, other: datetime | None) -> datetime | None:
    return None if one is None or other is None else max(one, other)


def boosts_in(chain: Sequence[Category], span: Window) -> list[Boost]:
    """The parts of a span in which the categories of a chain multiply by something but 1."""
    moments = {
        moment
        for each in chain
        if each.multiplier != 1
        for moment in (each.multiplier_start, each.multiplier_end)
        if moment is not None and is_in(span, moment)
    } - {span[0]}
    edges: list[datetime | None] = [span[0], *sorted(moments), span[1]]
    found: list[Boost] = []
    for start, end in pairwise(edges):
        inside = start or (end - timedelta(microseconds=1) if end else BEGINNING)
        multiplier = Decimal(1)
        for each in chain:
            multiplier *= boost_of(each, inside)
        if multiplier == 1:
            continue
        if found and found[-1].end == start and found[-1].multiplier == multiplier:
            found[-1] = Boost(found[-1].start, end, multiplier)
        else:
            found.append(Boost(start, end, multiplier))
    return found


# --- the picture ---


@dataclass(frozen=True)
class Bar:
    """A part of a line, from where to where in hundredths of the width."""

    kind: str  # on, boost or dates
    x: str
    width: str
    title: str
    label: str = ""
    is_narrow: bool = False  # on a telephone its label has no room


@dataclass(frozen=True)
class Line:
    """A line of the calendar: a category, or an offer."""

    category: Category | None = None
    depth: int = 0
    offer: Offer | None = None
    spans: Sequence[Window] = ()
    boosts: Sequence[Boost] = ()
    bars: Sequence[Bar] = field(default=(), repr=False)
    is_off: bool = False

    @property
    def is_never(self) -> bool:
        return self.offer is not None and not self.spans

    @property
    def times_told(self) -> list[str]:
        return [told(*span) for span in self.spans]

    @property
    def sentence(self) -> str:
        """What the bars say, for those who do not see them."""
        if self.is_never:
            return _("never")
        parts = self.times_told
        return "; ".join([*parts, *(each.told for each in self.boosts)])


def lines_of(offers: Iterable[Offer], tree: Tree, period: Period) -> list[Line]:
    """The offers, in the order of the tree, below the categories that they stand in."""
    found: list[Line] = []
    above: set[int] = set()
    for offer in offers:
        chain = tree.chain(offer.category_id)
        for depth, category in enumerate(chain):
            if category.pk not in above:
                above.add(category.pk)
                found.append(line_of_category(category, depth, tree, period))
        found.append(line_of_offer(offer, chain, tree, period))
    return found


def line_of_category(category: Category, depth: int, tree: Tree, period: Period) -> Line:
    window = (category.start, category.end)
    boosts = boosts_in([category], (category.multiplier_start, category.multiplier_end))
    bars = [] if window == ALWAYS else [*bar("dates", window, period, told(*window))]
    spans = () if window == ALWAYS else (window,)
    bars += boost_bars(boosts, period)
    is_off = not tree.is_on(category.pk)
    return Line(category, depth, None, spans, boosts, bars, is_off)


def line_of_offer(offer: Offer, chain: Sequence[Category], tree: Tree, period: Period) -> Line:
    spans = effective_spans(offer, tree)
    boosts = [boost for span in spans for boost in boosts_in(chain, span)]
    bars = [each for span in spans for each in bar("on", span, period, told(*span))]
    bars += boost_bars(boosts, period)
    is_off = not (offer.enabled and tree.is_on(offer.category_id))
    return Line(None, len(chain), offer, spans, boosts, bars, is_off)


def boost_bars(boosts: Iterable[Boost], period: Period) -> Iterator[Bar]:
    for each in boosts:
        text = times(each.multiplier)
        yield from bar("boost", (each.start, each.end), period, each.told, text)


def bar(kind: str, window: Window, period: Period, title: str, label: str = "") -> Iterator[Bar]:
    """The part of a window that is in the period, if any."""
    start, end = window
    left = period.share(start or period.start)
    right = period.share(end or period.end)
    if right > left:
        shown = label if right - left >= PADDING + CHARACTER * len(label) else ""
        width = round(right - left, 3)
        yield Bar(kind, percent(left), percent(width), title, shown, width < ROOMY)


def times(multiplier: Decimal) -> str:
    plain = multiplier.normalize()
    places = min(4, max(0, -int(plain.as_tuple().exponent)))
    return f"×{number_format(plain, decimal_pos=places)}"


def told(start: datetime | None, end: datetime | None) -> str:
    """A window in words, on the clocks of the page."""
    if start is None and end is None:
        return _("always")
    if start is None:
        return _("until %(end)s") % {"end": said(end)}
    if end is None:
        return _("from %(start)s") % {"start": said(start)}
    return _("from %(start)s until %(end)s") % {"start": said(start), "end": said(end)}


def said(moment: datetime | None) -> str:
    if moment is None:
        return ""
    local = localtime(moment)
    pattern = "SHORT_DATE_FORMAT" if local.time() == time() else "SHORT_DATETIME_FORMAT"
    return date_format(local, pattern)
