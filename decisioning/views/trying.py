"""A space, tried: what somebody, or nobody in particular, would get there now."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from catalog import previewing
from catalog.models import Environment
from catalog.views.doors import CatalogueRequest, sees
from catalog.views.previews import WIDTH_OF_CHANNEL, asked, kind_in
from catalog.views.spaces import find as find_space
from catalog.views.tabs import tabs_of_space
from contacts.disclosing import may_see_personal
from contacts.models import Contact
from decisioning.engine.slots import MOST_OFFERS
from decisioning.reasons import explanations_of
from decisioning.seeing import eyes_of
from decisioning.trying import Shown, Trial, Trying, try_space
from offers_site.http import render_page

may_explain = permission_required("decisioning.explain", raise_exception=True)
KEPT = ("contact", "sample", "count")


@require_safe
@may_explain
@sees("space")
def space_preview(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    """The offers in their order, as they would look, and why not the others. Nothing is stored."""
    space = find_space(environment, name)
    may_choose = request.user.has_perm("contacts.view_contact")
    key = asked(request, "contact") if may_choose else ""
    people = Contact.objects.filter(kind=kind_in(environment))
    contact = people.with_key(key).first() if key else None
    personal = may_see_personal(request.user)
    trying = Trying(
        contact=contact,
        person=previewing.person_of(contact, personal=personal) if contact else None,
        call=previewing.sample_of(environment, asked(request, "sample")),
        count=count_asked(asked(request, "count")),
    )
    trial = try_space(environment, space.name, trying, user=request.user, at=now())
    context: dict[str, Any] = {
        "space": space,
        "environment": environment,
        "tabs": tabs_of_space(environment, space.name, "preview", request.user),
        "trial": trial,
        "person": trying.person,
        "asked_for": key,
        "may_choose_people": may_choose,
        "samples": environment.samples,
        "sample": asked(request, "sample"),
        "count": trying.count or "",
        "most": MOST_OFFERS,
    }
    if trial is not None:
        context |= shown(request, environment, trial)
    return render_page(request, "decisioning/space_preview.html", context, fragment="shown")


def shown(request: CatalogueRequest, environment: Environment, trial: Trial) -> dict[str, Any]:
    eyes = eyes_of(request.user, trial.live, environment)
    kept = [(name, asked(request, name)) for name in KEPT if asked(request, name)]
    return {
        "offers": [
            {
                "one": each,
                "label": eyes.offer(each.made.offer, is_fallback=each.made.is_fallback),
                "frame": frame_url(request, environment, each),
                "width": WIDTH_OF_CHANNEL.get(trial.live.spaces[each.made.space].channel, "web"),
            }
            for each in trial.shown
            if eyes.may_see_offer(each.made.offer, is_fallback=each.made.is_fallback)
        ],
        "explanations": explanations_of(
            trial.question, eyes, offer=asked(request, "offer"), step=asked(request, "step")
        ),
        "release": trial.live.number,
        "kept": kept,
        "address": f"{request.path}?{urlencode(kept)}&" if kept else f"{request.path}?",
    }


def frame_url(request: CatalogueRequest, environment: Environment, each: Shown) -> str:
    """The page of the catalogue that shows one representation and can do nothing."""
    told = {
        "space": each.made.space,
        "side": "live",
        "contact": asked(request, "contact"),
        "sample": asked(request, "sample"),
    }
    query = urlencode({name: value for name, value in told.items() if value})
    address = reverse("catalog:preview-frame", args=[environment.name, each.made.offer])
    return f"{address}?{query}"


def count_asked(text: str) -> int | None:
    number = int(text) if text.isascii() and text.isdigit() else 0
    return number if 1 <= number <= MOST_OFFERS else None
