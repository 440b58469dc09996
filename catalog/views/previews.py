"""Previews: what an offer would say to somebody. Nothing here writes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from catalog import previewing
from catalog.contentwords import language_label
from catalog.models import Environment, Offer
from catalog.previewing import Person, Previewed, Subject
from catalog.views.doors import CatalogueRequest, Place, side_for
from contacts.disclosing import may_see_personal, title_of
from contacts.models import Contact
from contacts.searching import search
from offers_site.http import Side, StaffRequest, render_page

RIGHTS: dict[Side, str] = {
    "design": "catalog.view_design_offer",
    "live": "catalog.view_live_offer",
}
WIDTHS = ("web", "email", "phone")
WIDTH_OF_CHANNEL = {"email": "email", "sms": "phone", "push": "phone"}
MOST_PEOPLE = 8
MOST_SPACES = 12
LONGEST = 200


@require_safe
def preview(request: CatalogueRequest, environment: str, code: str) -> HttpResponse:
    """The representations of an offer, for a person, an example of a call and a language."""
    offer, side, subject = found(request, environment, code)
    request.place = Place(offer.environment, side, request.user, "catalog:preview")
    person, chosen = person_asked(request, offer), spaces_asked(request, subject)
    language = asked(request, "language")
    shown = previewing.preview(
        subject,
        chosen,
        person=person,
        call=previewing.sample_of(offer.environment, asked(request, "sample")),
        language=language or None,
    )
    context = {
        "offer": offer,
        "side": side,
        "shown": [
            {"preview": one, "frame": frame_url(request, offer, one), "width": width(request, one)}
            for one in shown
        ],
        "spaces": [(space, name in chosen) for name, space in subject.spaces.items()],
        "person": person,
        "samples": offer.environment.samples,
        "sample": asked(request, "sample"),
        "languages": [(each, language_label(each)) for each in languages_of(subject)],
        "chosen_language": language,
        "asked_for": asked(request, "contact"),
        "width": asked(request, "width"),
        "may_choose_people": request.user.has_perm("contacts.view_contact"),
    }
    return render_page(request, "catalog/preview.html", context, fragment="shown")


@require_safe
@xframe_options_sameorigin
def preview_frame(request: StaffRequest, environment: str, code: str) -> HttpResponse:
    """The HTML of one representation, alone: a page that can do nothing."""
    offer, _side, subject = found(request, environment, code)
    spaces = [name for name in request.GET.getlist("space")[:1] if name in subject.spaces]
    if not spaces:
        raise Http404
    (one,) = previewing.preview(
        subject,
        spaces,
        person=person_asked(request, offer),
        call=previewing.sample_of(offer.environment, asked(request, "sample")),
        language=asked(request, "language") or None,
    )
    return boxed(request, one)


def boxed(request: StaffRequest, one: Previewed) -> HttpResponse:
    """What was rendered, under a policy that lets it show and nothing else."""
    response = render(request, "catalog/preview_frame.html", {"preview": one})
    here = f"{request.scheme}://{request.get_host()}"
    base = urlsplit(settings.BASE_URL)
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src {here} 'unsafe-inline'; "
        f"img-src {here} {base.scheme}://{base.netloc} https:; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {here}; sandbox"
    )
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
def preview_people(request: StaffRequest, environment: str) -> HttpResponse:
    """People whose key, name or address begins with what was typed."""
    if not request.user.has_perm("contacts.view_contact"):
        raise PermissionDenied
    place = get_object_or_404(Environment.objects.visible_to(request.user), name=environment)
    text = asked(request, "contact")
    people = search(
        Contact.objects.filter(kind=kind_in(place)),
        text,
        kind=kind_in(place),
        personal=may_see_personal(request.user),
    ).order_by("key")
    rows = [(one.key, title_of(one, request.user)) for one in people[:MOST_PEOPLE]] if text else []
    return render(request, "catalog/_preview_people.html", {"people": rows, "text": text})


# --- what is asked for ---


def found(request: StaffRequest, environment: str, code: str) -> tuple[Offer, Side, Subject]:
    """The offer on the side that is looked at, if both may be seen; else 404 or 403."""
    given = request.GET.get("side")
    side: Side = given if given in RIGHTS else side_for(request, "offer")
    if not request.user.has_perm(RIGHTS[side]):
        raise PermissionDenied
    visible = Offer.objects.visible_to(request.user).with_parts()
    offer = get_object_or_404(visible, environment__name=environment, code=code)
    subject = previewing.subject_of(offer, side)
    if subject is None:
        raise Http404
    return offer, side, subject


def asked(request: StaffRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "")[:LONGEST].strip()


def person_asked(request: StaffRequest, offer: Offer) -> Person | None:
    key = asked(request, "contact")
    if not key or not request.user.has_perm("contacts.view_contact"):
        return None
    people = Contact.objects.filter(kind=kind_in(offer.environment)).with_key(key)
    contact = people.first()
    return (
        previewing.person_of(contact, personal=may_see_personal(request.user)) if contact else None
    )


def kind_in(environment: Environment) -> str:
    kinds = Contact.Kind
    return (kinds.VISITOR if environment.is_for_visitors else kinds.CONTACT).value


def spaces_asked(request: StaffRequest, subject: Subject) -> list[str]:
    """The spaces that were chosen, or all."""
    chosen = [name for name in request.GET.getlist("space") if name in subject.spaces]
    return (chosen or list(subject.spaces))[:MOST_SPACES]


def languages_of(subject: Subject) -> list[str]:
    present = [subject.language, *subject.offer.translations]
    for one in subject.offer.representations:
        present += one.translations
    return list(dict.fromkeys(present))


def width(request: StaffRequest, one: Previewed) -> str:
    given = asked(request, "width")
    return given if given in WIDTHS else WIDTH_OF_CHANNEL.get(one.space.channel, "web")


def frame_url(request: StaffRequest, offer: Offer, one: Previewed) -> str:
    address = reverse("catalog:preview-frame", args=[offer.environment.name, offer.code])
    kept: dict[str, Any] = {
        name: asked(request, name) for name in ("contact", "sample", "language", "side")
    }
    return (
        f"{address}?{urlencode({'space': one.space.name} | {n: v for n, v in kept.items() if v})}"
    )
