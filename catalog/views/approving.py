"""Asking for approval, giving and refusing it: the reviewer sees what would change, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions.granting import Stale
from catalog import previewing
from catalog.actions import approvals, planned, releases
from catalog.approving import Side
from catalog.comparing import Change, FieldChange, what_would_change
from catalog.forms.approving import NOW, ApproveForm, SubmitForm
from catalog.models import Environment, Offer, PlannedRelease, Representation
from catalog.readiness import NotReady, side_of_path
from catalog.recap import recap
from catalog.situation import Situation, lacking_by_space, situation_of
from catalog.surroundings import surroundings_of
from catalog.views.doors import CatalogueRequest, changes, reviews
from catalog.views.leading import find_offer, linked, page_of_offer
from offers_site.http import render_confirmation

OTHER = {Side.CONTENT: Side.ELIGIBILITY, Side.ELIGIBILITY: Side.CONTENT}
REFUSALS = (*approvals.REFUSALS, Stale, planned.InThePast, planned.NotPlanned)


@require_http_methods(["GET", "POST"])
@changes("offer")
def offer_submit(request: CatalogueRequest, environment: Environment, code: str) -> HttpResponse:
    offer = find_offer(request, environment, code)
    form = SubmitForm(request.POST if request.method == "POST" else None, environment=environment)
    if form.is_valid():
        outcome = approvals.submit([offer], **form.cleaned_data, by=request.user, at=now())
        for _offer, why in outcome.refused:
            messages.error(request, why)
        if outcome.done:
            messages.success(
                request, _("%(offer)s is submitted; its reviewers are told.") % {"offer": offer}
            )
        return redirect(offer)
    return render_confirmation(
        request,
        title=_("Submit %(offer)s for approval?") % {"offer": offer},
        consequence=_("Its reviewers get a mail. Editing it takes the request back."),
        verb=_("Submit for approval"),
        back=offer.get_absolute_url(),
        danger=False,
        form=form,
    )


@require_http_methods(["GET", "POST"])
@reviews
def offer_approve(
    request: CatalogueRequest, environment: Environment, code: str, side: str
) -> HttpResponse:
    """One side of an offer: what is said there, what differs from live, yes or no."""
    if side not in Side.values:
        raise Http404
    asked = Side(side)
    offer = find_offer(request, environment, code)
    around = surroundings_of(environment)
    lacking = lacking_by_space(offer, around)
    form = ApproveForm(
        request.POST if request.method == "POST" else None,
        environment=environment,
        spaces=complete_spaces(offer, lacking) if asked == Side.CONTENT else (),
        may_publish=request.user.has_perm("catalog.publish"),
        initial={
            "version": offer.version,
            "enable": enabled_now(offer, lacking),
            "when": planned_for(offer),
        },
    )
    if form.is_valid():
        done = decide(request, environment, offer, asked, form)
        if done is not None:
            return done
    situation = situation_of(offer, request.user, around)
    now_there = situation.content if asked == Side.CONTENT else situation.eligibility
    found = what_differs(offer, lacking)
    context = {
        "offer": offer,
        "environment": environment,
        "side": asked,
        "now_there": now_there,
        "situation": situation,
        "missing": linked(offer, now_there.missing),
        "form": form,
        "representations": representations(offer, asked, lacking),
        "recap": recap(offer),
        "mine": found.of(asked),
        "others": found.others if asked == Side.ELIGIBILITY else [],
        "is_new": found.is_new,
        "other_side": OTHER[asked],
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "catalog/offer_approve.html", context, status=status)


def representations(
    offer: Offer, side: Side, lacking: dict[str, list[str]]
) -> list[tuple[Representation, list[str], str]]:
    """Each with what it lacks and, where it is spoken or read plain, its text."""
    if side != Side.CONTENT:
        return []
    subject = previewing.design_subject(offer)
    shown = previewing.preview(subject, list(subject.spaces), person=None, call={}, language=None)
    texts = {
        one.space.name: one.rendered.text for one in shown if one.rendered and one.is_read_as_text
    }
    return [
        (one, lacking.get(one.space.name, []), texts.get(one.space.name, ""))
        for one in offer.representations.all()
    ]


def complete_spaces(offer: Offer, lacking: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [
        (one.space.name, one.space.label)
        for one in offer.representations.all()
        if not lacking.get(one.space.name)
    ]


def enabled_now(offer: Offer, lacking: dict[str, list[str]]) -> list[str]:
    """Those that go live: what was chosen last, and in the beginning all that are complete."""
    complete = [name for name, _label in complete_spaces(offer, lacking)]
    chosen = [one.space.name for one in offer.representations.all() if one.is_enabled]
    return [name for name in complete if name in chosen] if chosen else complete


def planned_for(offer: Offer) -> str:
    """The planned release that it waits for, as the form names it."""
    plan = offer.planned
    waits = plan is not None and plan.state == PlannedRelease.State.WAITING
    return str(plan.public_id) if plan is not None and waits else NOW


# --- what would change ---


@dataclass(frozen=True)
class Differences:
    """From live, if the offer went there as it stands."""

    fields: list[FieldChange]
    others: list[Change]  # of what goes along with it
    is_new: bool

    def of(self, side: Side) -> list[FieldChange]:
        return [one for one in self.fields if side_of_path(one.field) == side]


def what_differs(offer: Offer, lacking: dict[str, list[str]]) -> Differences:
    enabled = enabled_now(offer, lacking)
    for one in offer.representations.all():  # as they would be: nothing of it is written
        one.is_enabled = one.space.name in enabled
    found = what_would_change(offer.environment, [offer])
    kinds = {"offer", "fallback_offer"}
    mine = [each for each in found if each.kind in kinds and each.name == offer.code]
    return Differences(
        fields=[one for each in mine for one in each.fields],
        others=[each for each in found if each not in mine],
        is_new=any(each.act == "added" for each in mine),
    )


@require_safe
@reviews
def offer_compare(request: CatalogueRequest, environment: Environment, code: str) -> HttpResponse:
    """Everything that would be otherwise if the offer went live as it stands."""
    offer = find_offer(request, environment, code)
    lacking = lacking_by_space(offer, surroundings_of(environment))
    found = what_differs(offer, lacking)
    context = {
        "offer": offer,
        "environment": environment,
        "content": found.of(Side.CONTENT),
        "eligibility": found.of(Side.ELIGIBILITY),
        "others": found.others,
        "is_new": found.is_new,
    }
    return render(request, "catalog/offer_compare.html", context)


# --- yes or no ---


def decide(
    request: CatalogueRequest,
    environment: Environment,
    offer: Offer,
    side: Side,
    form: ApproveForm,
) -> HttpResponse | None:
    """Act, and lead on; None when it was refused and the page is shown again."""
    given = form.cleaned_data
    try:
        if request.POST.get("decision") == "reject":
            approvals.reject(
                offer,
                side,
                comment=given["comment"],
                version=given["version"],
                by=request.user,
                at=now(),
            )
            messages.success(request, _("%(side)s rejected; the author is told.") % words(side))
            return redirect(offer)
        outcome = say_yes(request, offer, side, given)
    except approvals.CommentMissing as refusal:
        form.add_error("comment", str(refusal))
        return None
    except NotReady as refusal:
        for sentence, _place in linked(offer, refusal.obstacles):
            form.add_error(None, sentence)
        return None
    except REFUSALS as refusal:
        form.add_error(None, str(refusal))
        return None
    tell(request, offer, side, outcome)
    return redirect(next_page(request, environment, offer, side))


def say_yes(
    request: CatalogueRequest,
    offer: Offer,
    side: Side,
    given: dict[str, Any],
) -> approvals.Outcome:
    """Approve, and say when it goes live: as is planned already, or as was chosen."""
    return approvals.approve(
        offer,
        side,
        enable=given.get("enable") if side == Side.CONTENT else None,
        version=given["version"],
        when=given.get("goes_live"),
        comment=given["comment"],
        by=request.user,
        at=now(),
    )


def tell(request: CatalogueRequest, offer: Offer, side: Side, outcome: approvals.Outcome) -> None:
    if outcome.release is not None:
        number = {"offer": offer, "number": outcome.release.number}
        messages.success(request, _("%(offer)s is live (release %(number)s).") % number)
    elif outcome.held_up:
        messages.warning(
            request, _("%(side)s approved, but something keeps it from going live.") % words(side)
        )
    else:
        messages.success(request, _("%(side)s approved.") % words(side))


def words(side: Side) -> dict[str, Any]:
    return {"side": side.label}


def next_page(request: CatalogueRequest, environment: Environment, offer: Offer, side: Side) -> str:
    """The other side, where it waits for the same person; else the offer."""
    again = find_offer(request, environment, offer.code)
    situation: Situation = situation_of(again, request.user, surroundings_of(environment))
    if any(each.side == OTHER[side] for each in situation.to_approve) and not again.is_fallback:
        return page_of_offer("offer-approve", offer, OTHER[side].value)
    return offer.get_absolute_url()


# --- again, and after all ---


@require_http_methods(["GET", "POST"])
@changes("offer")
def offer_restart(
    request: CatalogueRequest, environment: Environment, code: str, side: str
) -> HttpResponse:
    """Take back what was submitted or said, so that it can be submitted again."""
    if side not in Side.values:
        raise Http404
    offer = find_offer(request, environment, code)
    if request.method == "GET":
        return render_confirmation(
            request,
            title=_("Start the approval again? %(side)s of %(offer)s")
            % {**words(Side(side)), "offer": offer},
            consequence=_("What was said until now stays in the journal and counts no more."),
            verb=_("Start again"),
            back=offer.get_absolute_url(),
            danger=False,
        )
    try:
        approvals.restart(offer, Side(side), by=request.user, at=now())
    except approvals.AlreadyDone as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("%(side)s is being edited again.") % words(Side(side)))
    return redirect(offer)


@require_POST
@changes("offer", right="catalog.publish")
def offer_publish(request: CatalogueRequest, environment: Environment, code: str) -> HttpResponse:
    """Try again what was approved and something kept from going live."""
    offer = find_offer(request, environment, code)
    outcome = releases.publish_approved([offer], by=request.user, at=now())
    for _offer, why in outcome.refused:
        messages.error(request, why)
    if outcome.held_up:
        messages.error(request, _("Something still keeps it from going live."))
    elif outcome.release is not None:
        tell(request, offer, Side.CONTENT, outcome)
    elif not outcome.refused:
        messages.info(request, _("It is live as it stands."))
    return redirect(offer)
