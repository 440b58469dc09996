"""Fallback offers: a wizard that forgets nothing, and the page that edits one later."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions.granting import MayNotGrant, Stale
from catalog import previewing
from catalog.actions import approvals, offers
from catalog.actions.drafts import begin_draft, discard_draft, save_draft, shape_in
from catalog.actions.spaces import edit_space
from catalog.contentwords import content_settings
from catalog.describing import fallback_offer_shape, space_shape
from catalog.forms.content import ContentForm
from catalog.forms.fallbacks import FallbackDetailsForm, SpacesBehindForm
from catalog.models import Draft, Environment, Offer, Space
from catalog.problems import NameTaken, NotAcceptable, StillUsed
from catalog.shapes import FallbackOfferShape
from catalog.situation import lacking_by_space, situation_of
from catalog.surroundings import surroundings_of
from catalog.views.doors import CatalogueRequest, changes, sees
from catalog.views.leading import find_offer, linked
from catalog.views.liveoffers import live_detail
from catalog.views.offers import journal_of
from catalog.views.previews import boxed
from catalog.views.representing import chosen_spaces, content_problems, places_of_form
from catalog.views.tabs import tabs_of
from offers_site.http import render_confirmation

DETAILS, REPRESENTATIONS, SUMMARY = "details", "representations", "summary"
STEPS: dict[str, str | Promise] = {
    DETAILS: gettext_lazy("Details"),
    REPRESENTATIONS: gettext_lazy("Representations"),
    SUMMARY: gettext_lazy("Summary"),
}
ARRANGES = {"space-add", "space-remove", "content-add"}


@dataclass(frozen=True)
class Step:
    number: int
    label: str
    url: str
    is_current: bool
    is_done: bool


# --- the wizard ---


@require_http_methods(["GET", "POST"])
@changes("offer")
def fallback_offer_create(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    """The first step. From here on what was entered is kept."""
    form = FallbackDetailsForm(
        request.POST if request.method == "POST" else None,
        environment=environment,
        user=request.user,
    )
    if form.is_valid():
        draft = begin_draft(environment, form.shape(), by=request.user, at=now())
        return redirect(address(draft, REPRESENTATIONS))
    context = {
        "form": form,
        "environment": environment,
        "steps": steps_of(None, DETAILS),
        "drafts": environment.drafts.filter(owner=request.user, kind=Draft.Kind.FALLBACK_OFFER),
    }
    status = 422 if form.errors else 200
    return render(request, "catalog/fallback_details.html", context, status=status)


@require_http_methods(["GET", "POST"])
@changes("offer")
def fallback_draft(
    request: CatalogueRequest, environment: Environment, public_id: uuid.UUID, step: str
) -> HttpResponse:
    draft = find_draft(request, environment, public_id)
    views = {DETAILS: details_step, REPRESENTATIONS: representations_step, SUMMARY: summary_step}
    if step not in views:
        raise Http404
    return views[step](request, environment, draft)


def details_step(request: CatalogueRequest, environment: Environment, draft: Draft) -> HttpResponse:
    form = FallbackDetailsForm(
        request.POST if request.method == "POST" else None,
        environment=environment,
        user=request.user,
        shape=shape_in(draft),
    )
    if form.is_valid():
        save_draft(draft, form.shape(), at=now())
        return redirect(address(draft, REPRESENTATIONS))
    context = {
        "form": form,
        "environment": environment,
        "draft": draft,
        "steps": steps_of(draft, DETAILS),
    }
    status = 422 if form.errors else 200
    return render(request, "catalog/fallback_details.html", context, status=status)


def representations_step(
    request: CatalogueRequest, environment: Environment, draft: Draft
) -> HttpResponse:
    """Spaces are dragged in or added; whatever is valid is kept at once."""
    data = request.POST if request.method == "POST" else None
    form, spaces = content_form(environment, shape_in(draft), data)
    if data is not None and form.is_valid():
        save_draft(draft, shape_with(form, spaces), at=now())
        if "autosave" in data:
            return HttpResponse(status=204)
        if not ARRANGES & set(data):
            return redirect(address(draft, SUMMARY))
    elif data is not None and "autosave" in data:
        return HttpResponse(status=204)
    arranged = data is not None and bool(ARRANGES & set(data))
    context = {
        "form": form,
        "environment": environment,
        "draft": draft,
        "spaces": places_of_form(environment, spaces),
        "shown": previews_of(draft, spaces),
        "steps": steps_of(draft, REPRESENTATIONS),
        "is_dirty": arranged and form.errors,
    }
    status = 422 if form.is_bound and form.errors and not arranged else 200
    return render(request, "catalog/fallback_representations.html", context, status=status)


def summary_step(request: CatalogueRequest, environment: Environment, draft: Draft) -> HttpResponse:
    """Everything once more, editable in place; then it is saved, or approved and live."""
    return whole_page(request, environment, shape_in(draft), draft=draft)


@require_http_methods(["GET", "POST"])
@changes("offer")
def fallback_draft_discard(
    request: CatalogueRequest, environment: Environment, public_id: uuid.UUID
) -> HttpResponse:
    draft = find_draft(request, environment, public_id)
    back = reverse("catalog:fallback-offer-list", args=[environment.name])
    if request.method == "GET":
        return render_confirmation(
            request,
            title=_("Discard what you have begun?"),
            consequence=_("Nobody else has seen it, and it cannot be brought back."),
            verb=_("Discard"),
            back=back,
        )
    discard_draft(draft)
    return redirect(back)


@require_safe
@xframe_options_sameorigin
@changes("offer")
def fallback_draft_frame(
    request: CatalogueRequest, environment: Environment, public_id: uuid.UUID
) -> HttpResponse:
    """One representation of a draft, alone."""
    draft = find_draft(request, environment, public_id)
    shape = shape_in(draft)
    subject = previewing.subject_with(
        shape, content_settings(environment), previewing.spaces_of(environment, shape)
    )
    name = request.GET.get("space", "")
    if name not in subject.spaces:
        raise Http404
    (one,) = previewing.preview(subject, [name], person=None, call={}, language=None)
    return boxed(request, one)


# --- one that is there ---


@require_safe
@sees("offer")
def fallback_offer_detail(
    request: CatalogueRequest, environment: Environment, code: str
) -> HttpResponse:
    if request.place.is_live:
        return live_detail(request, environment, code, kind="fallback_offer")
    offer = find_offer(request, environment, code, kind=Offer.Kind.FALLBACK)
    around = surroundings_of(environment)
    situation = situation_of(offer, request.user, around)
    context = {
        "offer": offer,
        "environment": environment,
        "situation": situation,
        "missing": linked(offer, situation.content.missing),
        "lacking": lacking_by_space(offer, around),
        "behind": Space.objects.filter(fallback_offer=offer).order_by("label"),
        "tabs": tabs_of(offer, "overview", request.user),
        "entries": journal_of(request, offer, 6),
    }
    return render(request, "catalog/fallback_offer_detail.html", context)


@require_http_methods(["GET", "POST"])
@changes("offer")
def fallback_offer_edit(
    request: CatalogueRequest, environment: Environment, code: str
) -> HttpResponse:
    """What is live is served as it was until Save and approve."""
    offer = find_offer(request, environment, code, kind=Offer.Kind.FALLBACK)
    return whole_page(request, environment, fallback_offer_shape(offer), offer=offer)


# --- the page with everything ---


def whole_page(
    request: CatalogueRequest,
    environment: Environment,
    shape: FallbackOfferShape,
    *,
    draft: Draft | None = None,
    offer: Offer | None = None,
) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    details = FallbackDetailsForm(
        data, environment=environment, user=request.user, shape=shape, offer=offer
    )
    content, spaces = content_form(environment, shape, data)
    behind = None
    if request.user.has_perm("catalog.change_space"):
        all_spaces = Space.objects.filter(environment=environment).order_by("label", "pk")
        these = list(all_spaces.select_related("fallback_offer"))
        behind = SpacesBehindForm(data, code=shape.code, spaces=these, user=request.user)
    arranges = data is not None and bool(ARRANGES & set(data))
    forms = [form for form in (details, content, behind) if form is not None]
    context: dict[str, Any] = {
        "details": details,
        "form": content,
        "behind": behind,
        "offer": offer,
        "draft": draft,
        "environment": environment,
        "spaces": places_of_form(environment, spaces, offer),
        "steps": steps_of(draft, SUMMARY) if draft else None,
        "shown": previews_of(draft, spaces) if draft else (),
        "is_dirty": arranges,
        "bare": Space.objects.filter(environment=environment, fallback_offer=None).order_by(
            "label"
        ),
    }
    valid = [form.is_valid() for form in forms]  # all of them tell what is wrong
    if data is not None and not arranges and all(valid):
        written = shape_with(content, spaces)
        named = details.shape()
        whole = named.model_copy(
            update={
                name: getattr(written, name)
                for name in ("content", "translations", "representations")
            }
        )
        saved = save(request, environment, whole, details, content, offer, context)
        if saved is not None:
            if draft is not None:
                discard_draft(draft)
            for notice in content.removed:
                messages.warning(request, notice)
            stand_behind(request, behind, saved)
            finish(request, saved)
            return redirect(saved)
    has_errors = data is not None and not arranges and any(form.errors for form in forms)
    context["has_errors"] = has_errors
    status = 422 if has_errors else 200
    return render(request, "catalog/fallback_offer_edit.html", context, status=status)


def save(
    request: CatalogueRequest,
    environment: Environment,
    shape: FallbackOfferShape,
    details: FallbackDetailsForm,
    content: ContentForm,
    offer: Offer | None,
    context: dict[str, Any],
) -> Offer | None:
    over = request.POST.get("over", "")
    try:
        if offer is None:
            return offers.create_offer(environment, shape, by=request.user, at=now())
        read = int(over) if over.isdigit() and len(over) < 10 else details.cleaned_data["version"]
        return offers.edit_offer(
            offer, shape, version=read or offer.version, by=request.user, at=now()
        )
    except Stale as refusal:
        details.add_error(None, str(refusal))
        if offer is not None:
            versions = Offer.objects.values_list("version", flat=True)
            context["stale_version"] = versions.get(pk=offer.pk)
    except (MayNotGrant, NameTaken) as refusal:
        name = "code" if "code" in details.fields and isinstance(refusal, NameTaken) else None
        details.add_error(name, str(refusal))
    except NotAcceptable as refusal:
        for key, message in content_problems(content, refusal.problems):
            content.add_error(key, message)
    return None


def stand_behind(request: CatalogueRequest, form: SpacesBehindForm | None, offer: Offer) -> None:
    """Put it behind the spaces that were ticked; one that was edited meanwhile is left alone."""
    if form is not None:
        form.code = offer.code
    for space, code in form.differing() if form is not None else ():
        shape = space_shape(space).model_copy(update={"fallback_offer": code})
        try:
            edit_space(space, shape, version=space.version, by=request.user, at=now())
        except (NotAcceptable, Stale, StillUsed) as refusal:
            messages.error(request, f"{space.label}: {refusal}")


def finish(request: CatalogueRequest, offer: Offer) -> None:
    """Say what happened, and let it go live where that was asked for."""
    if request.POST.get("decision") != "approve":
        messages.success(request, _("%(offer)s is saved as a draft.") % {"offer": offer})
        return
    outcome = approvals.approve_many([offer], by=request.user, at=now())
    if outcome.release is not None:
        words = {"offer": offer, "number": outcome.release.number}
        messages.success(request, _("%(offer)s is live (release %(number)s).") % words)
    elif outcome.refused or outcome.held_up:
        whys = [why for _offer, why in outcome.refused] or [_("something keeps it from going live")]
        words = {"offer": offer, "why": " ".join(whys)}
        messages.warning(request, _("%(offer)s is saved, but not live: %(why)s") % words)
    else:
        messages.success(request, _("%(offer)s is live as it stands.") % {"offer": offer})


# --- the parts ---


def find_draft(request: CatalogueRequest, environment: Environment, public_id: uuid.UUID) -> Draft:
    mine = Draft.objects.filter(owner=request.user, kind=Draft.Kind.FALLBACK_OFFER)
    return get_object_or_404(
        mine.select_related("environment"), environment=environment, public_id=public_id
    )


def address(draft: Draft, step: str) -> str:
    return reverse("catalog:fallback-draft", args=[draft.environment.name, draft.public_id, step])


def steps_of(draft: Draft | None, current: str) -> list[Step]:
    names = list(STEPS)
    return [
        Step(
            number + 1,
            str(STEPS[name]),
            address(draft, name) if draft is not None else "",
            name == current,
            names.index(current) > number,
        )
        for number, name in enumerate(names)
    ]


def content_form(
    environment: Environment, shape: FallbackOfferShape, data: QueryDict | None
) -> tuple[ContentForm, list[Space]]:
    spaces = chosen_spaces(environment, shape, data)
    settings = content_settings(environment).with_spaces(spaces)
    return ContentForm(data, settings=settings, shape=shape), spaces


def shape_with(form: ContentForm, spaces: list[Space]) -> FallbackOfferShape:
    """What was written, for the spaces that are left."""
    written = form.shape()
    kept = {space.name for space in spaces}
    own = tuple(one for one in written.representations if one.space in kept)
    shape = written.model_copy(update={"representations": own})
    if not isinstance(shape, FallbackOfferShape):
        raise TypeError("the form was of another kind")
    return shape


def previews_of(draft: Draft, spaces: list[Space]) -> list[tuple[Space, str]]:
    """The spaces of a draft, each with the address of what was kept last for it."""
    frame = reverse("catalog:fallback-draft-frame", args=[draft.environment.name, draft.public_id])
    kept = {one.space for one in shape_in(draft).representations}
    return [(space, f"{frame}?space={space.name}") for space in spaces if space.name in kept]
