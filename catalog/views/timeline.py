"""The calendar: when offers can be proposed, and when they are boosted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalog.forms.fields import categories_seen
from catalog.forms.offerlist import OfferFilter, with_choices
from catalog.models import Category, Environment, Offer
from catalog.timeline import ZOOMS, Period, lines_of, percent, period_around
from catalog.tree import Tree, tree_of
from catalog.views.doors import CatalogueRequest, reviews
from catalog.views.overviews import overviews_of
from catalog.views.saving import in_its_zone
from offers_site.filters import valid_part
from offers_site.http import render_page

PER_PAGE = 60


@require_safe
@reviews
@in_its_zone
def offer_calendar(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    """A picture of a month, a quarter or a year: a line for each offer, below its categories."""
    at = now()
    tree = tree_of(Category.objects.filter(environment=environment).defer("description"))
    choices = categories_seen(environment, request.user)
    filters = with_choices(
        OfferFilter, environment, categories=choices, tree=tree, at=at, kind=None
    )
    form = valid_part(filters, request.GET)
    seen = Offer.objects.offers().visible_to(request.user).filter(environment=environment)
    keys = in_order(form.narrow(seen), tree)
    pages = max(1, -(-len(keys) // PER_PAGE))
    page = min(number_of(request.GET.get("page", "")), pages)
    period = asked_period(request, environment, at)
    lines = lines_of(read(keys[(page - 1) * PER_PAGE : page * PER_PAGE], environment), tree, period)
    context = {
        "environment": environment,
        "form": form,
        "is_narrowed": any(form.cleaned_data.values()),
        "number": len(keys),
        "lines": lines,
        "period": period,
        "now": percent(period.share(at)) if period.start <= at < period.end else "",
        "ways": ways(form, period, at, page, pages, environment),
        "page": page,
        "pages": pages,
        "overviews": overviews_of(request, environment, "offer-calendar"),
    }
    return render_page(request, "catalog/offer_calendar.html", context, fragment="calendar")


def in_order(offers: Any, tree: Tree) -> list[int]:
    """The keys of all offers in the order of the tree, those in no category last."""
    order = {category.pk: place for place, (category, _depth) in enumerate(tree.walk())}
    rows = offers.order_by().distinct().values_list("pk", "category", "label")
    last = len(order)
    return [
        pk
        for pk, *_rest in sorted(
            rows, key=lambda row: (order.get(row[1], last), row[2].casefold(), row[0])
        )
    ]


def read(keys: list[int], environment: Environment) -> list[Offer]:
    """These offers with their weights, in this order. Costs two queries."""
    lean = ("code", "label", "category", "enabled", "start", "end", "kind")
    rows = Offer.objects.filter(pk__in=keys).only(*lean).prefetch_related("contexts").in_bulk()
    for row in rows.values():
        row.environment = environment
    return [rows[key] for key in keys if key in rows]


def asked_period(request: CatalogueRequest, environment: Environment, at: datetime) -> Period:
    zone = ZoneInfo(environment.timezone)
    try:
        day = date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        day = localdate(at, zone)
    return period_around(request.GET.get("zoom", ""), day, zone)


def number_of(text: str) -> int:
    return max(1, int(text)) if text.isdecimal() and len(text) < 6 else 1


def ways(
    form: Any, period: Period, at: datetime, page: int, pages: int, environment: Environment
) -> dict[str, Any]:
    """Where the picture can be moved to, keeping what it is narrowed to."""
    kept = [(name, value) for name, values in form.given.items() for value in values if value]

    def to(zoom: str, day: date, number: int = 1) -> str:
        more = [("page", str(number))] if number > 1 else []
        return "?" + urlencode([*kept, ("zoom", zoom), ("on", day.isoformat()), *more])

    today = localdate(at, ZoneInfo(environment.timezone))
    words = {"month": _("Month"), "quarter": _("Quarter"), "year": _("Year")}
    # A finer picture of a time that today is in shows today.
    near = today if period.first <= today < period.last else period.first
    return {
        "zooms": [(words[each], to(each, near), each == period.zoom) for each in ZOOMS],
        "previous": to(period.zoom, period.previous),
        "next": to(period.zoom, period.last),
        "today": to(period.zoom, today),
        "back": to(period.zoom, period.first, page - 1) if page > 1 else "",
        "on": to(period.zoom, period.first, page + 1) if page < pages else "",
        "hidden": [("zoom", period.zoom), ("on", period.first.isoformat())],
    }
