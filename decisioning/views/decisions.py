"""The decisions that were stored: as they come in, and each with everything that it was made from.

Whoever chooses a person and an offer besides sees why that person did, or did not, get it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from django.contrib.auth.decorators import permission_required
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from catalog.models import Environment, Offer, Space
from decisioning.browsing import (
    Wanted,
    decisions,
    environments_seen,
    nearest_to,
    people_of,
)
from decisioning.dressing import Dresser, identification_labels
from decisioning.forms.finding import DecisionFilter, ImpersonalFilter, with_spaces
from decisioning.models import Interaction
from decisioning.offered import offered_in
from decisioning.retelling import Fates, Reader, Retold, Untellable
from offers_site.filters import ListFilter
from offers_site.http import StaffRequest, render_page
from offers_site.lists import Column, List, ListPage, Selection

may_view = permission_required("decisioning.view_proposition", raise_exception=True)
COLUMNS = (
    Column("at", gettext_lazy("Decided"), pinned=True),
    Column("person", gettext_lazy("Person")),
    Column("spaces", gettext_lazy("Space")),
    Column("offers", gettext_lazy("Offers")),
    Column("number", gettext_lazy("Number"), numeric=True),
    Column("channel", gettext_lazy("Channel")),
    Column("identification", gettext_lazy("Identification"), shown=False),
    Column("environment", gettext_lazy("Environment"), shown=False),
    Column("release", gettext_lazy("Release"), numeric=True),
)
MOST_NAMESAKES = 20
# Of one person and one offer: what became of it, and less of what is the same in every row.
ABOUT_ONE = (
    COLUMNS[0],
    Column("fate", gettext_lazy("What became of the offer"), pinned=True),
    *(replace(each, shown=each.name in {"spaces", "release"}) for each in COLUMNS[1:]),
)
DECISIONS = List(
    name="decisions",
    template="decisioning/decision_list.html",
    columns=COLUMNS,
    filters=DecisionFilter,
    size=25,
)


@require_safe
@may_view
def decision_list(request: StaffRequest) -> HttpResponse:
    environments = environments_seen(request.user)
    search = Search(request, environments)
    definition = replace(DECISIONS, filters=search.filters, columns=search.columns)
    page = definition.page_of(request, search.select)
    if request.htmx and page.newest and request.GET.get("newer") == page.newest:
        return HttpResponse(status=204)  # htmx leaves the list as it is
    dresser = Dresser(request.user, environments)
    if search.wanted.offer and not search.asks_why:
        leave_out(page, search.wanted.offer, dresser)
    shown = dresser.decisions(page.rows)
    context = {
        "list": page,
        "shown": shown,
        "search": search,
        "fates": search.fates(page.rows),
        "ranks": {pk: one.rank_of(search.wanted.offer) for pk, one in shown.items()},
        "is_live": search.is_live,
        "poll_url": page.url(newer=page.newest),
        "pause_url": page.url(arriving="paused"),
        "resume_url": page.url(arriving=None),
    }
    return render_page(request, "decisioning/decision_list.html", context, fragment="list")


def leave_out(page: ListPage[Interaction], offer: str, dresser: Dresser) -> None:
    """Decisions that are found by an offer that may not be seen are as if there were none."""
    hides = dresser.veils.hides
    seen = [row for row in page.rows if not hides(row.environment_id, row.release, offer)]
    if page.rows and not seen:
        page.next_cursor = page.previous_cursor = None
    page.rows = seen


class Search:
    """What the address asks for: whose decisions, about which offer, when."""

    def __init__(self, request: StaffRequest, environments: Sequence[Environment]) -> None:
        self.request = request
        self.environments = {each.pk: each for each in environments}
        self.form: DecisionFilter = DecisionFilter()
        self.wanted = Wanted()
        self.offer: Offer | None = None
        seen = Offer.objects.visible_to(request.user).filter(environment__in=environments)
        self.offers = seen.select_related("environment")
        spaces = Space.objects.filter(environment__in=environments).order_by("label", "name")
        base = (
            DecisionFilter if request.user.has_perm("contacts.view_contact") else ImpersonalFilter
        )
        self.filters = with_spaces(base, spaces.values_list("name", "label"))

    @property
    def columns(self) -> Sequence[Column]:
        asked = self.request.GET
        both = asked.get("contact", "").strip() and asked.get("offer", "").strip()
        return ABOUT_ONE if both else COLUMNS

    @property
    def asks_why(self) -> bool:
        return bool(self.wanted.offer) and self.wanted.people is not None

    @property
    def is_live(self) -> bool:
        """Whether new ones appear by themselves: on the first page, unless that is in the past."""
        asked = self.request.GET
        return not (self.form.ends or self.form.is_paused or asked.get("after")) and not asked.get(
            "before"
        )

    def select(self, form: ListFilter) -> Selection[Interaction]:
        self.form = cast(DecisionFilter, form)
        key, named = form.asked("contact"), form.asked("offer")
        self.offer = self.offer_called(named) if named else None
        self.wanted = Wanted(
            environments=self.asked_environments(),
            people=people_of(key) if key else None,
            offer=self.offer.code if self.offer else named or "",
            space=form.asked("space") or "",
            since=self.form.begins,
            until=self.form.ends,
        )
        return Selection(decisions(self.wanted))

    def asked_environments(self) -> list[int] | None:
        """Where they are looked for; None where that is everywhere."""
        if self.offer is not None and self.form.asked("contact"):
            return [self.offer.environment_id]
        is_hidden = Environment.objects.exclude(pk__in=self.environments).exists
        return list(self.environments) if self.form.asked("offer") or is_hidden() else None

    def offer_called(self, text: str) -> Offer | None:
        """The offer with this code or label; the code counts more."""

        def nearness(one: Offer) -> tuple[bool, bool, int]:
            return one.code != text, one.code.lower() != text.lower(), one.pk

        found = self.offers.filter(Q(code__iexact=text) | Q(label__iexact=text))
        return min(found[:MOST_NAMESAKES], key=nearness, default=None)

    # --- why ---

    def fates(self, rows: Iterable[Interaction]) -> Mapping[uuid.UUID, Fates]:
        """What became of the offer in each decision, for those who may ask."""
        if not self.asks_why or not self.request.user.has_perm("decisioning.explain"):
            return {}
        reader = Reader(self.request.user, self.environments)
        return {row.pk: reader.fates(row, self.wanted.offer) for row in rows}

    @property
    def nearest(self) -> dict[str, datetime | None]:
        """When somebody's last decision before the asked days was, and the first one after them."""
        return nearest_to(self.wanted)


@require_safe
@may_view
def decision_detail(request: StaffRequest, pk: uuid.UUID) -> HttpResponse:
    environments = {each.pk: each for each in environments_seen(request.user)}
    one = Interaction.objects.filter(pk=pk, environment__in=environments).first()
    if one is None:
        raise Http404
    dresser = Dresser(request.user, environments.values())
    shown = dresser.decisions([one])[one.pk]
    context: dict[str, Any] = {
        "one": one,
        "shown": shown,
        "environment": environments[one.environment_id],
        "identification": identification_labels().get(one.identification, one.identification),
    }
    try:
        retold = Reader(request.user, environments).retold(one)
    except Untellable as reason:
        context["untellable"] = str(reason)
    else:
        context |= told(request, retold)
    return render(request, "decisioning/decision_detail.html", context)


def told(request: StaffRequest, retold: Retold) -> dict[str, Any]:
    """What the decision was made from; for those who may ask why, also why."""
    stored = offered_in([retold.one]).get(retold.one.pk, [])
    found: dict[str, Any] = {
        "asked": retold.asked,
        "history": retold.history,
        "statuses": {each.offer: each.status for each in stored},
        "address": f"{request.path}?",
    }
    if request.user.has_perm("decisioning.explain"):
        asked = request.GET
        found["explanations"] = retold.explanations(
            offer=asked.get("offer", "").replace("\0", ""), step=asked.get("step", "")
        )
        found["is_as_it_was"] = retold.is_as_it_was(stored)
    return found
