"""What an offer, or a space, came to: its propositions, how far they got, and its caps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import permission_required
from django.db.models import Q
from django.http import HttpResponse
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_safe

from catalog.models import Environment, Offer, Space
from catalog.views.doors import CatalogueRequest, sees
from catalog.views.leading import find_offer
from catalog.views.spaces import find as find_space
from catalog.views.tabs import tabs_of, tabs_of_space
from contacts.models import Contact
from decisioning.browsing import Wanted, propositions
from decisioning.capstates import cap_states
from decisioning.dressing import Dresser, OfferShown, Whom
from decisioning.forms.finding import (
    PropositionFilter,
    PropositionOfSpaceFilter,
    with_spaces,
)
from decisioning.live import NothingLive, live_for
from decisioning.models import Proposition
from decisioning.tallying import PERIODS, Part, beginning_of, funnel_of, period_asked
from offers_site.filters import ListFilter
from offers_site.http import render_page
from offers_site.lists import Column, List, ListPage, Selection

may_view = permission_required("decisioning.view_proposition", raise_exception=True)
PROPOSITIONS = List(
    name="propositions-of-offer",
    template="decisioning/proposition_list.html",
    columns=(
        Column("at", gettext_lazy("Proposed"), pinned=True),
        Column("person", gettext_lazy("Person")),
        Column("space", gettext_lazy("Space")),
        Column("rank", gettext_lazy("Rank"), numeric=True),
        Column("weight", gettext_lazy("Weight"), numeric=True, shown=False),
        Column("context", gettext_lazy("Context"), shown=False),
        Column("status", gettext_lazy("Status")),
        Column("changed_at", pgettext_lazy("proposition", "Changed")),
        Column("release", gettext_lazy("Release"), numeric=True, shown=False),
    ),
    filters=PropositionFilter,
    size=25,
)
OF_SPACE = replace(
    PROPOSITIONS,
    name="propositions-of-space",
    columns=tuple(
        Column("offer", gettext_lazy("Offer")) if column.name == "space" else column
        for column in PROPOSITIONS.columns
    ),
    filters=PropositionOfSpaceFilter,
)


# --- of an offer ---


@require_safe
@may_view
@sees("offer")
def offer_propositions(
    request: CatalogueRequest, environment: Environment, code: str
) -> HttpResponse:
    offer = find_offer(request, environment, code)
    spaces = Space.objects.filter(environment=environment).order_by("label", "name")
    labels = dict(spaces.values_list("name", "label"))
    definition = replace(PROPOSITIONS, filters=with_spaces(PropositionFilter, labels.items()))
    page = definition.page_of(
        request, lambda form: selected(form, Wanted(environments=[environment.pk], offer=code))
    )
    address = reverse("decisioning:offer-funnel", args=[environment.name, code])
    return render_list(
        request,
        environment,
        page,
        {
            "offer": offer,
            "title": offer.label,
            "tabs": tabs_of(offer, "propositions", request.user, is_live=request.place.is_live),
            "space_labels": labels,
            "funnel_url": address,
            "caps_url": ""
            if offer.is_fallback
            else reverse("decisioning:offer-caps", args=[environment.name, code]),
            "why_url": f"{reverse('decisioning:decision-list')}?{urlencode({'offer': code})}",
        },
    )


@require_safe
@may_view
@sees("offer")
def offer_funnel(request: CatalogueRequest, environment: Environment, code: str) -> HttpResponse:
    """How far its propositions came: asked for when it is shown."""
    offer = find_offer(request, environment, code)
    labels = Space.objects.filter(environment=environment).values_list("name", "label")
    wanted = Wanted(environments=[environment.pk], offer=offer.code)
    return render_funnel(request, environment, offer, wanted, by="space", labels=dict(labels))


@require_safe
@may_view
@sees("offer")
def offer_caps(request: CatalogueRequest, environment: Environment, code: str) -> HttpResponse:
    """How much of its caps is used, by everybody and by the person who was asked for."""
    offer = find_offer(request, environment, code, kind=Offer.Kind.OFFER)
    key = request.GET.get("contact", "").replace("\0", "").strip()
    may_choose = request.user.has_perm("contacts.view_contact")
    person = Contact.objects.with_key(key).first() if key and may_choose else None
    try:
        live = live_for(environment.pk, environment.release_number)
        states = cap_states(live, code, at=now(), person=person.pk if person else None)
        is_live = code in live.engine.release.by_code
    except NothingLive:
        states, is_live = [], False
    context = {
        "body": "decisioning/_caps.html",
        "part": "caps",
        "thing": offer,
        "offer": offer,
        "environment": environment,
        "states": states,
        "is_live": is_live,
        "asks_person": may_choose and any(each.cap.per_contact for each in states),
        "key": key,
        "person": person,
        "space_labels": dict(
            Space.objects.filter(environment=environment).values_list("name", "label")
        ),
    }
    return render_page(request, "decisioning/numbers.html", context, fragment="numbers")


# --- of a space ---


@require_safe
@may_view
@sees("space")
def space_propositions(
    request: CatalogueRequest, environment: Environment, name: str
) -> HttpResponse:
    space = find_space(environment, name)
    page = OF_SPACE.page_of(
        request,
        lambda form: selected(form, Wanted(environments=[environment.pk], space=space.name)),
    )
    decisions = reverse("decisioning:decision-list")
    return render_list(
        request,
        environment,
        page,
        {
            "space": space,
            "title": space.label,
            "tabs": tabs_of_space(environment, space.name, "propositions", request.user),
            "funnel_url": reverse("decisioning:space-funnel", args=[environment.name, space.name]),
            "why_url": f"{decisions}?{urlencode({'space': space.name})}",
        },
    )


@require_safe
@may_view
@sees("space")
def space_funnel(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    space = find_space(environment, name)
    seen = Offer.objects.visible_to(request.user).filter(environment=environment)
    wanted = Wanted(environments=[environment.pk], space=space.name)
    labels = dict(seen.values_list("code", "label"))
    return render_funnel(request, environment, space, wanted, by="offer", labels=labels)


# --- both ---


def selected(form: ListFilter, wanted: Wanted) -> Selection[Proposition]:
    """The propositions of one thing, as the form narrows them."""
    assert isinstance(form, PropositionFilter)  # noqa: S101 (the lists have no other)
    wanted = replace(
        wanted,
        offer=wanted.offer or form.asked("offer") or "",
        space=wanted.space or form.asked("space") or "",
        since=form.begins,
        until=form.ends,
    )
    status = form.asked("status")
    return Selection(propositions(wanted, *([] if status is None else [Q(status=status)])))


def render_list(
    request: CatalogueRequest,
    environment: Environment,
    page: ListPage[Proposition],
    context: Mapping[str, object],
) -> HttpResponse:
    dresser = Dresser(request.user, [environment])
    seen = [r for r in page.rows if not dresser.veils.hides(environment.pk, r.release, r.offer)]
    unseen = len(page.rows) - len(seen)
    page.rows = seen
    people = dresser.people(row.contact_id for row in seen)
    labels = dresser.labels((environment.pk, row.offer) for row in seen)
    shown: dict[UUID, tuple[Whom, OfferShown]] = {
        row.pk: (
            dresser.whom(people.get(row.contact_id or 0)),
            dresser.shown(row, labels.get((environment.pk, row.offer), row.offer)),
        )
        for row in seen
    }
    whole: dict[str, Any] = {
        "list": page,
        "environment": environment,
        "shown": shown,
        "unseen": ngettext(
            "%(number)s more on this page that you may not see.",
            "%(number)s more on this page that you may not see.",
            unseen,
        )
        % {"number": unseen}
        if unseen and not page.form.asked("offer")
        else "",
        **context,
    }
    return render_page(request, "decisioning/proposition_list.html", whole, fragment="list")


def render_funnel(
    request: CatalogueRequest,
    environment: Environment,
    thing: Offer | Space,
    wanted: Wanted,
    *,
    by: Part,
    labels: Mapping[str, str],
) -> HttpResponse:
    days, at = period_asked(request.GET.get("days", "")), now()
    funnel = funnel_of(replace(wanted, since=beginning_of(days, at)), by=by)
    rows: Sequence[tuple[str, Any]] = [
        (labels[name], tally) for name, tally in funnel.parts if name in labels
    ]
    context = {
        "body": "decisioning/_funnel.html",
        "part": "funnel",
        "thing": thing,
        "environment": environment,
        "funnel": funnel,
        "rows": rows,
        "others": len(funnel.parts) - len(rows),
        "by": _("Space") if by == "space" else _("Offer"),
        "days": days,
        "periods": PERIODS,
        "path": request.path,
    }
    return render_page(request, "decisioning/numbers.html", context, fragment="numbers")
