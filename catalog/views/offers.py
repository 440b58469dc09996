"""One offer: made, looked at, copied, switched off and on, deleted."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions.granting import MayNotGrant
from accounts.models import JournalEntry
from catalog.actions import offers as actions
from catalog.actions import releases
from catalog.actions.approvals import AlreadyDone
from catalog.actions.templates import beginning
from catalog.forms.offers import OfferCreateForm, OfferDuplicateForm, proposed_code
from catalog.gates import gates_of, strengths_of
from catalog.models import Environment, Offer, OfferTemplate
from catalog.problems import NameTaken, NotAcceptable, StillUsed
from catalog.recap import recap
from catalog.shapes import OfferShape
from catalog.situation import lacking_by_space, situation_of
from catalog.strip import strip_of
from catalog.surroundings import surroundings_of
from catalog.views.doors import CatalogueRequest, changes, reviews, sees
from catalog.views.leading import find_offer, linked, place_of
from catalog.views.liveoffers import live_detail
from catalog.views.tabs import tabs_of
from contacts.rulecounting import TooSlow, Withheld
from offers_site.http import ask_and_act, render_confirmation
from rules.refusals import BadRule

LATEST = 50


@require_http_methods(["GET", "POST"])
@changes("offer")
def offer_create(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    initial = {"category": request.GET.get("category", ""), "template": request.GET.get("template")}
    form = OfferCreateForm(
        request.POST or None, environment=environment, user=request.user, initial=initial
    )
    if form.is_valid():
        try:
            offer = create(request, environment, form)
        except (NameTaken, MayNotGrant) as refusal:
            form.add_error("code" if isinstance(refusal, NameTaken) else None, str(refusal))
        except NotAcceptable as refusal:
            for problem in refusal.problems:
                form.add_error(problem.path if problem.path in form.fields else None, str(problem))
        else:
            messages.success(request, _("%(offer)s is created.") % {"offer": offer})
            return redirect(offer)
    context = {"form": form, "environment": environment}
    status = 422 if form.errors else 200
    return render(request, "catalog/offer_create.html", context, status=status)


def create(request: CatalogueRequest, environment: Environment, form: OfferCreateForm) -> Offer:
    given = form.cleaned_data
    template: OfferTemplate | None = given.get("template")
    code, label = given["code"], given["label"]
    shape = (
        beginning(template, code=code, label=label)
        if template is not None
        else OfferShape(code=code, label=label)
    )
    changes: dict[str, Any] = {"category": given["category"] or shape.category}
    if given["description"]:
        changes["description"] = given["description"]
    if given.get("access_labels"):
        kept = {*shape.access_labels, *given["access_labels"]}
        changes["access_labels"] = tuple(sorted(kept))
    return actions.create_offer(
        environment,
        shape.model_copy(update=changes),
        template=template,
        by=request.user,
        at=now(),
    )


# --- looked at ---


@require_safe
@sees("offer")
def offer_detail(request: CatalogueRequest, environment: Environment, code: str) -> HttpResponse:
    """The dashboard: the situation and what comes next; what it says; to whom, how, when."""
    if request.place.is_live:
        return live_detail(request, environment, code, kind="offer")
    offer = find_offer(request, environment, code, kind=Offer.Kind.OFFER)
    around = surroundings_of(environment)
    situation = situation_of(offer, request.user, around)
    rules = recap(offer)
    at = now()
    context = {
        "offer": offer,
        "environment": environment,
        "situation": situation,
        "missing": linked(offer, situation.missing),
        "doubts": [(one.message, place_of(offer, one)) for one in situation.doubts],
        "lacking": lacking_by_space(offer, around),
        "recap": rules,
        "strip": strip_of(offer, rules, environment, at=at),
        "multiplier": rules.multiplier_at(at),
        "tabs": tabs_of(offer, "overview", request.user),
        "at": at,
        "entries": journal_of(request, offer, 6),
    }
    return render(request, "catalog/offer_detail.html", context)


@require_safe
@reviews
def offer_numbers(request: CatalogueRequest, environment: Environment, code: str) -> HttpResponse:
    """How many people get through each gate, and what the weights come to: asked for when shown."""
    offer = find_offer(request, environment, code, kind=Offer.Kind.OFFER)
    rules, at = recap(offer), now()
    context: dict[str, Any] = {
        "offer": offer,
        "recap": rules,
        "multiplier": rules.multiplier_at(at),
    }
    context["is_over"] = rules.end is not None and rules.end <= at
    context["is_early"] = rules.start is not None and rules.start > at
    context["strengths"] = strengths_of(offer, rules, request.user, at=at)
    if environment.is_for_visitors:
        context["why_not"] = _("Visitors are known only when they come: they are not counted.")
    elif not request.user.has_perm("contacts.view_audience"):
        context["why_not"] = _("Counting people asks for the right to see audiences.")
    else:
        try:
            context["gates"] = gates_of(offer, rules, request.user, at=at)
        except TooSlow:
            context["why_not"] = _("Counting takes too long just now. Try again in a minute.")
        except Withheld as refusal:
            context["why_not"] = str(refusal)
        except BadRule:
            context["why_not"] = _("One of the rules means nothing any more, so nobody is counted.")
    return render(request, "catalog/offer_numbers.html", context)


@require_safe
@reviews
def offer_journal(request: CatalogueRequest, environment: Environment, code: str) -> HttpResponse:
    """Who did what: the approvals with what was said, then everything."""
    offer = find_offer(request, environment, code)
    context = {
        "offer": offer,
        "environment": environment,
        "steps": offer.approval_steps.order_by("-at", "-pk")[:LATEST],
        "entries": journal_of(request, offer, LATEST),
        "tabs": tabs_of(offer, "journal", request.user),
        "situation": situation_of(offer, request.user, surroundings_of(environment)),
    }
    return render(request, "catalog/offer_journal.html", context)


def journal_of(request: CatalogueRequest, offer: Offer, most: int) -> Any:
    """What was done to it, for those who may read the journal, and None for others."""
    if not request.user.has_perm("accounts.view_journal"):
        return None
    entries = JournalEntry.objects.about("catalog.offer", offer.journal_key)
    return entries.visible_to(request.user).for_journal_list()[:most]


# --- copied, switched, deleted ---


@require_http_methods(["GET", "POST"])
@changes("offer")
def offer_duplicate(request: CatalogueRequest, environment: Environment, code: str) -> HttpResponse:
    offer = find_offer(request, environment, code)
    label = _("%(offer)s (copy)") % {"offer": offer.label[:110]}
    initial = {"label": label, "code": proposed_code(environment, offer.code)}
    form = OfferDuplicateForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            copy = actions.duplicate_offer(offer, **form.cleaned_data, by=request.user, at=now())
        except (NameTaken, MayNotGrant) as refusal:
            form.add_error("code" if isinstance(refusal, NameTaken) else None, str(refusal))
        except NotAcceptable as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(offer)s is created.") % {"offer": copy})
            return redirect(copy)
    return render_confirmation(
        request,
        title=_("Duplicate %(offer)s?") % {"offer": offer},
        consequence=_("The copy has the same content, rules and caps. It begins unapproved."),
        verb=_("Duplicate"),
        back=offer.get_absolute_url(),
        danger=False,
        form=form,
    )


@require_http_methods(["GET", "POST"])
@changes("offer")
def offer_delete(request: CatalogueRequest, environment: Environment, code: str) -> HttpResponse:
    offer = find_offer(request, environment, code)
    page = "fallback-offer-list" if offer.is_fallback else "offer-list"
    return ask_and_act(
        request,
        lambda: actions.delete_offers([offer], by=request.user, at=now()),
        title=_("Delete %(offer)s?") % {"offer": offer},
        consequence=(
            _("It is live: from the next decision on nobody gets it. Its history stays.")
            if offer.is_live
            else _("It was never proposed to anybody. Its history stays in the journal.")
        ),
        verb=_("Delete the fallback offer") if offer.is_fallback else _("Delete the offer"),
        back=offer.get_absolute_url(),
        done=_("%(offer)s is deleted.") % {"offer": offer},
        refusals=StillUsed,
        then=reverse(f"catalog:{page}", args=[environment.name]),
    )


@require_http_methods(["POST"])
@changes("offer", right="catalog.disable_live_offer")
def offer_switch(request: CatalogueRequest, environment: Environment, code: str) -> HttpResponse:
    """Off line or on line again, with the next decision. The other way is one click away."""
    offer = find_offer(request, environment, code, kind=Offer.Kind.OFFER)
    enabled = request.POST.get("enabled") == "yes"
    try:
        made = releases.switch([offer], enabled=enabled, by=request.user, at=now())
    except AlreadyDone as refusal:
        messages.info(request, str(refusal))
        return redirect(offer)
    said = _("%(offer)s is enabled.") if enabled else _("%(offer)s is disabled.")
    if made is not None:
        number = {"number": made.number}
        said += " " + _("It holds from the next decision on (release %(number)s).") % number
    messages.success(request, said % {"offer": offer})
    return redirect(offer)
