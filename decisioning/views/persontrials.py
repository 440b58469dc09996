"""What one person would get, and why not the rest: a tab of a contact, and of a visitor."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from catalog import previewing
from catalog.livenow import LiveCategories
from catalog.models import Environment
from catalog.shapes import CategoryShape
from catalog.veiling import veil_of
from catalog.views.previews import WIDTH_OF_CHANNEL
from catalog.wordbook import call_topics
from contacts.disclosing import may_see_personal, title_of
from contacts.models import Contact
from contacts.views.contacts import find as find_person
from decisioning.calling import CallData, Warned
from decisioning.forms.people import PREFIX, TryForm
from decisioning.live import Live, NothingLive, live_for
from decisioning.reasons import explanations_of
from decisioning.seeing import Eyes, eyes_of
from decisioning.trying import Trial, Trying, try_space
from offers_site.http import StaffRequest, render_page

may_explain = permission_required(
    ("contacts.view_contact", "decisioning.explain"), raise_exception=True
)
FRAME = "catalog/preview_frame.html"
SEED = "preview"  # what settles ties, so that looking again shows the same


@dataclass(frozen=True)
class Place:
    """A live space, and the environment in which it stands."""

    environment: Environment
    live: Live
    name: str


@require_safe
@may_explain
def person_preview(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """The offers of a space now or on another date, and why not the others. Nothing is kept."""
    contact = find_person(request, public_id)
    lives = list(lives_for(contact, request))
    context: dict[str, Any] = {
        "contact": contact,
        "title": title_of(contact, request.user),
        "current": "preview",
        "form": None,
    }
    place = place_asked(request, lives)
    if place is not None:
        context |= tried(request, contact, place, lives)
    return render_page(request, "decisioning/person_preview.html", context, fragment="trial")


def lives_for(contact: Contact, request: StaffRequest) -> Iterator[tuple[Environment, Live]]:
    """What is live for people of this kind, in the environments that the reader may see."""
    kinds = Environment.People
    people = kinds.CONTACTS if contact.is_contact else kinds.VISITORS
    seen = Environment.objects.visible_to(request.user).filter(people=people)
    for environment in seen.filter(release_number__gt=0).order_by("label", "pk"):
        try:
            yield environment, live_for(environment.pk, environment.release_number)
        except NothingLive:
            continue


def place_asked(request: StaffRequest, lives: list[tuple[Environment, Live]]) -> Place | None:
    places = [
        Place(environment, live, name)
        for environment, live in lives
        for name in sorted(live.spaces)
    ]
    asked = request.GET.get("space", "")
    return next((each for each in places if each.name == asked), places[0] if places else None)


def tried(
    request: StaffRequest, contact: Contact, place: Place, lives: list[tuple[Environment, Live]]
) -> dict[str, Any]:
    form = form_of(request, place, lives)
    form.is_valid()  # what is wrong is said at its field, and the rest is tried
    asked = form.cleaned_data
    at: datetime = asked.get("at") or now()
    warnings: list[Warned] = []
    call = form.call()
    CallData.of(place.live).read(call, "/call", warnings)
    category, theme = asked.get("category"), (asked.get("theme") or "").strip()
    trying = Trying(
        contact=contact,
        person=previewing.person_of(contact, personal=may_see_personal(request.user)),
        call=call,
        count=asked.get("count"),
        categories=(category,) if category else (),
        themes=(theme,) if theme else (),
        seed=SEED,
    )
    trial = try_space(place.environment, place.name, trying, user=request.user, at=at)
    context: dict[str, Any] = {"form": form, "trial": trial, "at": at}
    if trial is not None:
        eyes = eyes_of(request.user, trial.live, place.environment)
        kept = [(name, value) for name, value in form.data.items() if value]
        context |= {
            "kept": kept,
            "address": f"{request.path}?{urlencode(kept)}&",
            "warnings": [warned["detail"] for warned in warnings],
            "explanations": explanations_of(
                trial.question,
                eyes,
                offer=request.GET.get("offer", ""),
                step=request.GET.get("step", ""),
            ),
            "previews": list(previews_of(trial, eyes)),
        }
    return context


def previews_of(trial: Trial, eyes: Eyes) -> Iterator[dict[str, Any]]:
    for each in trial.shown:
        made = each.made
        if each.preview and eyes.may_see_offer(made.offer, is_fallback=made.is_fallback):
            channel = trial.live.spaces[made.space].channel
            yield {
                "label": eyes.offer(made.offer, is_fallback=made.is_fallback),
                "rank": made.rank,
                "preview": each.preview,
                "page": render_to_string(FRAME, {"preview": each.preview}),
                "width": WIDTH_OF_CHANNEL.get(channel, "web"),
            }


def form_of(request: StaffRequest, place: Place, lives: list[tuple[Environment, Live]]) -> TryForm:
    """The form of a space's environment: an example fills what the call would bring along."""
    shape = place.live.environment
    data = call_topics({name: datum.model_dump() for name, datum in shape.call_data.items()})
    given = {name: str(value).replace("\0", "") for name, value in request.GET.items()}
    said = {name: given[name] for name in FIELDS if name in given} | {"space": place.name}
    sample = said["filled"] = given.get("sample", "")
    example = next((one.data for one in shape.samples if one.name == sample), {})
    for datum in data:
        name = f"{PREFIX}{datum.name}"
        is_new = sample != given.get("filled", "")
        said[name] = written(example.get(datum.name)) if is_new else given.get(name, "")
    return TryForm(
        said,
        spaces=[
            (
                environment.label,
                sorted(((s.name, s.label) for s in live.spaces.values()), key=lambda pair: pair[1]),
            )
            for environment, live in lives
        ],
        categories=categories_of(request, place),
        samples=[(one.name, one.label or one.name) for one in shape.samples],
        call=data,
    )


FIELDS = ("at", "count", "category", "theme", "sample")


def written(value: Any) -> str:
    """A value of an example, as somebody would type it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(str, value))
    return str(value)


def categories_of(request: StaffRequest, place: Place) -> list[tuple[str, str]]:
    """The categories of the release that the reader may see, as a tree."""
    shapes: Mapping[str, CategoryShape] = {
        shape.name: shape
        for shape in place.live.shapes.values()
        if isinstance(shape, CategoryShape)
    }
    bodies = {
        name: {
            "label": shape.label,
            "parent": shape.parent,
            "access_labels": list(shape.access_labels),
        }
        for name, shape in shapes.items()
    }
    return LiveCategories(bodies).seen_through(veil_of(place.environment, request.user)).options()
