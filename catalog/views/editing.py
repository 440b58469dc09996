"""Editing an offer: what it says, who gets it, how often, what it is called.

Each page saves its part of the form as it was read. Whoever was slower is told who was first, keeps
what was typed, and may put it over the other's after all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actions.granting import MayNotGrant, Stale
from catalog.actions.offers import edit_offer
from catalog.contentwords import content_settings
from catalog.describing import offer_shape
from catalog.forms.caps import CapsForm
from catalog.forms.content import ContentForm
from catalog.forms.eligibility import EligibilityForm
from catalog.forms.offers import DetailsForm
from catalog.models import Environment, Offer
from catalog.problems import NotAcceptable
from catalog.readiness import doubts
from catalog.surroundings import surroundings_of
from catalog.views.doors import CatalogueRequest, changes
from catalog.views.leading import find_offer, place_of
from catalog.views.representing import chosen_spaces, content_problems, places_of_form
from catalog.views.tabs import tabs_of

Tell = Callable[[Any, NotAcceptable], None]


@require_http_methods(["GET", "POST"])
@changes("offer")
def offer_edit_content(
    request: CatalogueRequest, environment: Environment, code: str
) -> HttpResponse:
    offer = find_offer(request, environment, code, kind=Offer.Kind.OFFER)
    data, shape = posted(request), offer_shape(offer)
    spaces = chosen_spaces(environment, shape, data)
    settings = content_settings(environment).with_spaces(spaces)
    form = ContentForm(data, settings=settings, shape=shape)
    arranges = data is not None and bool({"space-add", "space-remove"} & set(data))
    context = {
        "form": form,
        "spaces": places_of_form(environment, spaces, offer),
        "version": version_of(data, offer),
        "is_dirty": arranges or form.asks_for_language,
    }
    if data is not None and not context["is_dirty"] and form.is_valid():
        written = form.shape()
        kept = {space.name for space in spaces}
        written = written.model_copy(
            update={
                "representations": tuple(
                    one for one in written.representations if one.space in kept
                )
            }
        )
        if done := save(request, offer, written, form, context, tell_content):
            for notice in form.removed:
                messages.warning(request, notice)
            return done
    return page(request, offer, "content", context, [form])


def tell_content(form: ContentForm, refusal: NotAcceptable) -> None:
    for key, message in content_problems(form, refusal.problems):
        form.add_error(key, message)


@require_http_methods(["GET", "POST"])
@changes("offer")
def offer_edit_eligibility(
    request: CatalogueRequest, environment: Environment, code: str
) -> HttpResponse:
    offer = find_offer(request, environment, code, kind=Offer.Kind.OFFER)
    data = posted(request)
    form = EligibilityForm(data, offer=offer, shape=offer_shape(offer), user=request.user)
    context: dict[str, Any] = {"form": form, "is_dirty": form.is_only_arranged}
    if data is not None and not form.is_only_arranged and form.is_complete:
        done = save(request, offer, form.shape(), form, context, tell)
        if done:
            return done
    return page(request, offer, "eligibility", context, form.all_forms)


@require_http_methods(["GET", "POST"])
@changes("offer")
def offer_edit_caps(request: CatalogueRequest, environment: Environment, code: str) -> HttpResponse:
    offer = find_offer(request, environment, code, kind=Offer.Kind.OFFER)
    form = CapsForm(posted(request), offer=offer, shape=offer_shape(offer))
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        done = save(request, offer, form.shape(), form, context, tell)
        if done:
            return done
    return page(request, offer, "caps", context, [form])


@require_http_methods(["GET", "POST"])
@changes("offer")
def offer_edit_details(
    request: CatalogueRequest, environment: Environment, code: str
) -> HttpResponse:
    offer = find_offer(request, environment, code, kind=Offer.Kind.OFFER)
    form = DetailsForm(posted(request), offer=offer, shape=offer_shape(offer), user=request.user)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        done = save(request, offer, form.shape(), form, context, tell_plainly)
        if done:
            return done
    return page(request, offer, "details", context, [form])


# --- what all of them do ---


def posted(request: CatalogueRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def version_of(data: QueryDict | None, offer: Offer) -> int:
    """The version that the page showed when it was opened."""
    given = data.get("version", "") if data is not None else ""
    return int(given) if given.isdigit() and len(given) < 10 else offer.version


def tell(form: Any, refusal: NotAcceptable) -> None:
    form.tell(refusal.problems)


def tell_plainly(form: Any, refusal: NotAcceptable) -> None:
    for problem in refusal.problems:
        name = problem.path.partition("[")[0]
        form.add_error(name if name in form.fields else None, problem.message)


def save(
    request: CatalogueRequest,
    offer: Offer,
    shape: Any,
    form: Any,
    context: dict[str, Any],
    tell_problems: Tell,
) -> HttpResponse | None:
    """Save, and lead back to the offer; None when the form has to be shown again."""
    over = request.POST.get("over", "")  # the version that is to be put aside knowingly
    version = int(over) if over.isdigit() and len(over) < 10 else version_of(request.POST, offer)
    try:
        edited = edit_offer(offer, shape, version=version, by=request.user, at=now())
    except Stale as refusal:
        form.add_error(None, str(refusal))
        context["stale_version"] = Offer.objects.values_list("version", flat=True).get(pk=offer.pk)
        return None
    except MayNotGrant as refusal:
        form.add_error(None, str(refusal))
        return None
    except NotAcceptable as refusal:
        tell_problems(form, refusal)
        return None
    if edited.version == offer.version:
        messages.info(request, _("Nothing was changed."))
    else:
        messages.success(request, _("%(offer)s is saved.") % {"offer": edited})
    return redirect(edited)


def page(
    request: CatalogueRequest, offer: Offer, tab: str, context: dict[str, Any], forms: list[Any]
) -> HttpResponse:
    has_errors = not context.get("is_dirty") and any(
        each.is_bound and each.errors for each in forms
    )
    around = surroundings_of(offer.environment)
    shown = {
        "offer": offer,
        "environment": offer.environment,
        "tabs": tabs_of(offer, tab, request.user, has_errors=has_errors),
        "doubts": [
            (one.message, place_of(offer, one))
            for one in doubts(offer, around)
            if tab in place_of(offer, one)
        ],
        "has_errors": has_errors,
        **context,
    }
    status = 422 if has_errors else 200
    return render(request, f"catalog/offer_edit_{tab}.html", shown, status=status)
