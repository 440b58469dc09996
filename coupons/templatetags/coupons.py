"""How coupons are drawn and said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coupons import wording
from coupons.disclosing import Eyes
from coupons.models import Code, Coupon, Standing
from coupons.reporting import Day, Money
from coupons.stock import STATUSES
from coupons.windows import last_day, start_of

register = template.Library()


# --- codes, as far as somebody may see them ---


@register.filter
def seen_by(code: Code | None, eyes: Eyes) -> str:
    return eyes.code(code)


@register.filter
def person_seen_by(text: str, eyes: Eyes) -> str:
    return eyes.person(text)


@register.filter
def remarks(flags: list[str]) -> list[str]:
    return wording.remarks_in_words(flags)


# --- dates ---


@register.filter
def since(coupon: Coupon) -> str:
    return begin_in_words(coupon.start_at, coupon.timezone)


@register.filter
def until(coupon: Coupon) -> str:
    return end_in_words(coupon.end_at, coupon.timezone)


@register.filter
def last_day_of(coupon: Coupon) -> str:
    """The last day on which it is good, for a list with little room."""
    if coupon.end_at is None:
        return ""
    day = last_day(coupon.end_at, coupon.timezone)
    local = coupon.end_at.astimezone(ZoneInfo(coupon.timezone))
    return date_format(day or local, "SHORT_DATE_FORMAT")


@register.simple_tag
def start_in_zone(moment: datetime | None, zone: str) -> str:
    return begin_in_words(moment, zone)


@register.simple_tag
def end_in_zone(moment: datetime | None, zone: str) -> str:
    return end_in_words(moment, zone)


def begin_in_words(moment: datetime | None, zone: str) -> str:
    """The day, and the time unless it is the beginning of that day."""
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(zone))
    if start_of(local.date(), zone) == moment:
        return date_format(local, "SHORT_DATE_FORMAT")
    return date_format(local, "SHORT_DATETIME_FORMAT")


def end_in_words(moment: datetime | None, zone: str) -> str:
    """The last day that counts in full, or the moment at which it is over."""
    if moment is None:
        return ""
    day = last_day(moment, zone)
    if day:
        return _("%(day)s inclusive") % {"day": date_format(day, "SHORT_DATE_FORMAT")}
    return date_format(moment.astimezone(ZoneInfo(zone)), "SHORT_DATETIME_FORMAT")


@register.filter
def lasting(value: timedelta | None) -> str:
    """A length of time with all its parts: 1 day 12 hours."""
    if value is None:
        return ""
    hours, rest = divmod(value.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [
        ngettext("%(number)d day", "%(number)d days", value.days) % {"number": value.days},
        ngettext("%(number)d hour", "%(number)d hours", hours) % {"number": hours},
        ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes},
        ngettext("%(number)d second", "%(number)d seconds", seconds) % {"number": seconds},
    ]
    numbers = (value.days, hours, minutes, seconds)
    return " ".join(part for number, part in zip(numbers, parts, strict=True) if number)


# --- the stock, as a bar ---

WIDTH = 100.0
THINNEST = 0.6  # of what there is at all


@dataclass(frozen=True, slots=True)
class Piece:
    name: str
    label: str
    number: int
    text: str
    x: str
    width: str


@register.inclusion_tag("coupons/_stock.html")
def stock_bar(stock: Mapping[str, int], *, small: bool = False, url: str = "") -> dict[str, object]:
    """Available, reserved, assigned, redeemed and void, each as wide as its share.

    `url` is the list of the codes, to which the figures lead.
    """
    labels = dict(Standing.Status.choices)
    widths = shares([stock[name] for name in STATUSES])
    pieces, x = [], 0.0
    for name, width in zip(STATUSES, widths, strict=True):
        text = number_format(stock[name], use_l10n=True, force_grouping=True)
        label = str(labels[name])
        pieces.append(Piece(name, label, stock[name], text, f"{x:.3f}", f"{width:.3f}"))
        x += width
    said = ", ".join(f"{piece.label} {piece.text}" for piece in pieces)
    return {
        "pieces": pieces,
        "total": stock["total"],
        "small": small,
        "said": said,
        "url": url,
    }


def shares(numbers: list[int]) -> list[float]:
    """Parts of WIDTH: in proportion, but what there is at all can be seen."""
    total = sum(numbers)
    if not total:
        return [0.0] * len(numbers)
    widths = [max(THINNEST, WIDTH * number / total) if number else 0.0 for number in numbers]
    scale = WIDTH / sum(widths)
    return [width * scale for width in widths]


# --- days, as columns ---

PLOT_WIDTH, PLOT_HEIGHT = 720.0, 120.0
MOST_COLUMNS = 92  # more days than that are shown by the week


@dataclass(slots=True)
class Columns:
    """What was assigned and used within some days."""

    first: date
    last: date
    assigned: int = 0
    uses: int = 0

    @property
    def label(self) -> str:
        first = date_format(self.first, "SHORT_DATE_FORMAT")
        if self.first == self.last:
            return first
        return f"{first} – {date_format(self.last, 'SHORT_DATE_FORMAT')}"


@dataclass(frozen=True, slots=True)
class Rect:
    name: str
    x: str
    y: str
    width: str
    height: str


@register.inclusion_tag("coupons/_days.html")
def day_chart(days: Sequence[Day]) -> dict[str, object]:
    """Assigned and used codes by day, or by week where there are many days."""
    columns = columns_of(days)
    most = max((max(each.assigned, each.uses) for each in columns), default=0) or 1
    step = PLOT_WIDTH / max(1, len(columns))
    rects = []
    for number, column in enumerate(columns):
        for place, (name, value) in enumerate(
            (("assigned", column.assigned), ("uses", column.uses))
        ):
            if value:
                height = max(1.0, PLOT_HEIGHT * value / most)
                left = step * (number + 0.1 + 0.4 * place)
                rects.append(
                    Rect(
                        name,
                        f"{left:.2f}",
                        f"{PLOT_HEIGHT - height:.2f}",
                        f"{step * 0.4:.2f}",
                        f"{height:.2f}",
                    )
                )
    return {
        "columns": [each for each in columns if each.assigned or each.uses],
        "rects": rects,
        "most": number_format(most, force_grouping=True),
        "first": columns[0].label if columns else "",
        "last": columns[-1].label if len(columns) > 1 else "",
        "by_week": bool(columns) and columns[0].first != columns[0].last,
    }


def columns_of(days: Sequence[Day]) -> list[Columns]:
    """One for each day from the first to the last, those without anything too; or each week."""
    if not days:
        return []
    first, last = days[0].day, days[-1].day
    size = 1 if (last - first).days < MOST_COLUMNS else 7
    columns = [
        Columns(start, start + timedelta(days=size - 1))
        for start in (
            first + timedelta(days=number) for number in range(0, (last - first).days + 1, size)
        )
    ]
    for day in days:
        column = columns[(day.day - first).days // size]
        column.assigned += day.assigned
        column.uses += day.uses
    return columns


@register.filter
def percent(share: float | None) -> str:
    """A share of one as people read it."""
    if share is None:
        return "—"
    return _("%(number)s%%") % {"number": number_format(100 * share, decimal_pos=1)}


@register.filter
def money_in_words(each: Money, name: str) -> str:
    value = getattr(each, name)
    return f"{number_format(value, decimal_pos=2, force_grouping=True)} {each.currency}".strip()
