"""What is done to many offers at once: asked first, then each named that could not be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from accounts.actions.granting import MayNotGrant, Stale
from accounts.models import User
from catalog.actions import approvals, offers, releases
from catalog.approving import Side
from catalog.describing import fallback_offer_shape, offer_shape
from catalog.forms.bulk import BulkForm, MoveForm, TagForm
from catalog.forms.offers import proposed_code
from catalog.models import Environment, Offer
from catalog.problems import NameTaken, NotAcceptable, Problem, StillUsed
from catalog.views.doors import CatalogueRequest, reviews
from offers_site.http import picked_rows, render_confirmation

MOST = 200
NAMED = 12  # of the offers that are meant, or were refused
Refused = list[tuple[Offer, str]]
Act = Callable[[list[Offer], Any, User], tuple[list[Offer], Refused]]


@dataclass(frozen=True)
class Verb:
    """One thing that can be done to many, and its words."""

    right: str
    title: str | Promise
    consequence: str | Promise
    button: str | Promise
    act: Act
    danger: bool = False
    form: type[BulkForm] | None = None


@require_http_methods(["GET", "POST"])
@reviews
def offers_bulk(request: CatalogueRequest, environment: Environment, verb: str) -> HttpResponse:
    asked = VERBS.get(verb)
    if asked is None:
        raise Http404
    if not request.user.has_perm(asked.right):
        raise PermissionDenied
    back = reverse("catalog:offer-list", args=[environment.name])
    chosen = picked(request, environment)
    if not chosen:
        messages.info(request, _("Tick the offers first."))
        return redirect(back)
    data = request.POST if request.method == "POST" else None
    form = (
        asked.form(data, environment=environment, user=request.user)
        if asked.form is not None
        else None
    )
    if data is not None and (form is None or form.is_valid()):
        done, refused = asked.act(chosen, form, request.user)
        tell(request, done, refused)
        return redirect(back)
    return render_confirmation(
        request,
        title=str(asked.title),
        consequence=str(asked.consequence),
        verb=str(asked.button),
        back=back,
        danger=asked.danger,
        form=form,
        facts=[(_("Offers"), listed([str(offer) for offer in chosen]))],
    )


def picked(request: CatalogueRequest, environment: Environment) -> list[Offer]:
    visible = Offer.objects.visible_to(request.user).filter(environment=environment)
    codes = picked_rows(request)[:MOST]
    return list(
        visible.filter(code__in=codes).with_parts().select_related("template").order_by("code")
    )


def listed(names: list[str]) -> str:
    text = ", ".join(names[:NAMED])
    more = len(names) - NAMED
    if more > 0:
        text += ngettext(" and %(more)s other", " and %(more)s others", more) % {"more": more}
    return text


def tell(request: CatalogueRequest, done: list[Offer], refused: Refused) -> None:
    if done:
        said = ngettext("Done for %(number)s offer.", "Done for %(number)s offers.", len(done))
        messages.success(request, said % {"number": len(done)})
    for offer, why in refused[:NAMED]:
        messages.error(request, f"{offer.code}: {why}")
    if len(refused) > NAMED:
        more = {"number": len(refused) - NAMED}
        messages.error(request, _("And %(number)s others could not be done.") % more)


# --- the acts ---


def submit(chosen: list[Offer], form: Any, by: User) -> tuple[list[Offer], Refused]:
    outcome = approvals.submit(chosen, by=by, at=now())
    return outcome.done, outcome.refused


def approve(side: Side) -> Act:
    def act(chosen: list[Offer], form: Any, by: User) -> tuple[list[Offer], Refused]:
        outcome = approvals.approve_many(chosen, sides=[side], by=by, at=now())
        held_up = [
            (offer, _("Approved, but something keeps it from going live."))
            for offer in outcome.held_up
        ]
        return outcome.done, outcome.refused + held_up

    return act


def switch(*, enabled: bool) -> Act:
    def act(chosen: list[Offer], form: Any, by: User) -> tuple[list[Offer], Refused]:
        fallback = [each for each in chosen if each.is_fallback]
        these = [each for each in chosen if not each.is_fallback and each.enabled != enabled]
        if these:
            try:
                releases.switch(these, enabled=enabled, by=by, at=now())
            except approvals.AlreadyDone:
                these = []
        why = _("A fallback offer is taken off a space, not disabled.")
        return these, [(offer, why) for offer in fallback]

    return act


def one_by_one(act: Callable[[Offer, Any, User], None]) -> Act:
    def each_of(chosen: list[Offer], form: Any, by: User) -> tuple[list[Offer], Refused]:
        done, refused = [], []
        for offer in chosen:
            try:
                act(offer, form, by)
            except (NotAcceptable, NameTaken, MayNotGrant, Stale, StillUsed) as refusal:
                refused.append((offer, str(refusal)))
            else:
                done.append(offer)
        return done, refused

    return each_of


def tag(offer: Offer, form: TagForm, by: User) -> None:
    shape = fallback_offer_shape(offer) if offer.is_fallback else offer_shape(offer)
    names = form.names()
    tags = set(shape.tags) - names if form.cleaned_data["removes"] else {*shape.tags, *names}
    tagged = shape.model_copy(update={"tags": tuple(sorted(tags))})
    offers.edit_offer(offer, tagged, version=offer.version, by=by, at=now())


def move(offer: Offer, form: MoveForm, by: User) -> None:
    if offer.is_fallback:
        raise NotAcceptable([Problem("", "fallback", _("A fallback offer is in no category."))])
    moved = offer_shape(offer).model_copy(
        update={"category": form.cleaned_data["category"] or None}
    )
    offers.edit_offer(offer, moved, version=offer.version, by=by, at=now())


def duplicate(offer: Offer, form: Any, by: User) -> None:
    label = _("%(offer)s (copy)") % {"offer": offer.label[:110]}
    code = proposed_code(offer.environment, offer.code)
    offers.duplicate_offer(offer, code=code, label=label, by=by, at=now())


def delete(offer: Offer, form: Any, by: User) -> None:
    offers.delete_offers([offer], by=by, at=now())


CHANGE, APPROVE = "catalog.change_offer", "catalog.approve_offer"
DISABLE = "catalog.disable_live_offer"
VERBS = {
    "submit": Verb(
        CHANGE,
        gettext_lazy("Submit these offers for approval?"),
        gettext_lazy("Their reviewers get a mail. Sides that wait or are approved stay so."),
        gettext_lazy("Submit for approval"),
        submit,
    ),
    "approve-content": Verb(
        APPROVE,
        gettext_lazy("Approve the content of these offers?"),
        gettext_lazy(
            "Each is enabled in the spaces that it is complete for. Those whose eligibility is "
            "approved go live at once, in one release."
        ),
        gettext_lazy("Approve content"),
        approve(Side.CONTENT),
    ),
    "approve-eligibility": Verb(
        APPROVE,
        gettext_lazy("Approve the eligibility of these offers?"),
        gettext_lazy("Those whose content is approved go live at once, in one release."),
        gettext_lazy("Approve eligibility"),
        approve(Side.ELIGIBILITY),
    ),
    "tag": Verb(
        CHANGE,
        gettext_lazy("Tag these offers"),
        gettext_lazy("Rules may ask for tags: their eligibility has to be approved again."),
        gettext_lazy("Tag"),
        one_by_one(tag),
        form=TagForm,
    ),
    "move": Verb(
        CHANGE,
        gettext_lazy("Move these offers"),
        gettext_lazy(
            "The rules, dates and multiplier of the new category hold for them: their eligibility "
            "has to be approved again."
        ),
        gettext_lazy("Move"),
        one_by_one(move),
        form=MoveForm,
    ),
    "enable": Verb(
        DISABLE,
        gettext_lazy("Enable these offers?"),
        gettext_lazy("Those that are live can be proposed again from the next decision on."),
        gettext_lazy("Enable"),
        switch(enabled=True),
    ),
    "disable": Verb(
        DISABLE,
        gettext_lazy("Disable these offers?"),
        gettext_lazy("From the next decision on nobody gets them. They can be enabled again."),
        gettext_lazy("Disable"),
        switch(enabled=False),
        danger=True,
    ),
    "duplicate": Verb(
        CHANGE,
        gettext_lazy("Duplicate these offers?"),
        gettext_lazy("Each copy gets a code of its own and begins unapproved."),
        gettext_lazy("Duplicate"),
        one_by_one(duplicate),
    ),
    "delete": Verb(
        CHANGE,
        gettext_lazy("Delete these offers?"),
        gettext_lazy("From the next decision on nobody gets those that are live."),
        gettext_lazy("Delete the offers"),
        one_by_one(delete),
        danger=True,
    ),
}
