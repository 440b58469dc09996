"""Releases that are planned: another moment, other offers, or none at all."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actions.granting import Stale
from accounts.models import User
from catalog.actions import planned
from catalog.approving import is_agreed
from catalog.forms.releases import PlannedReleaseForm
from catalog.models import Environment, Offer, PlannedRelease
from catalog.planning import OPEN
from catalog.views.doors import CatalogueRequest, changes
from offers_site.http import ask_and_act

REFUSALS = (planned.NotPlanned, Stale, planned.InThePast, planned.NothingPlanned)


@dataclass(frozen=True)
class Planned:
    """One planned release as a person sees it: with its offers that they may see."""

    plan: PlannedRelease
    offers: list[Offer]

    @property
    def unapproved(self) -> list[Offer]:
        return [offer for offer in self.offers if not is_agreed(offer)]


def plans_of(environment: Environment, user: User) -> list[Planned]:
    """What waits for its moment and what failed, the next first; without what is hidden."""
    seen = Offer.objects.visible_to(user).select_related("environment").order_by("label", "pk")
    plans = environment.planned_releases.filter(state__in=OPEN).order_by("at", "pk")
    found = []
    for plan in plans.prefetch_related(Prefetch("offers", seen, to_attr="seen")):
        offers: list[Offer] = getattr(plan, "seen")  # noqa: B009 (mypy does not know it)
        if offers or not plan.offers.exists():
            found.append(Planned(plan, offers))
    return found


@require_http_methods(["GET", "POST"])
@changes("offer", right="catalog.publish")
def planned_release_edit(
    request: CatalogueRequest, environment: Environment, public_id: UUID
) -> HttpResponse:
    """When, why, and which of its offers."""
    found = find(request, environment, public_id)
    plan = found.plan
    form = PlannedReleaseForm(
        request.POST if request.method == "POST" else None,
        plan=plan,
        environment=environment,
        offers=found.offers,
    )
    if form.is_valid():
        try:
            planned.change_planned_release(
                plan,
                [*form.chosen(), *hidden_offers(found)],
                version=form.cleaned_data["version"],
                moment=form.cleaned_data["moment"],
                comment=form.cleaned_data["comment"],
                by=request.user,
                at=now(),
            )
        except planned.NothingPlanned as refusal:
            form.add_error("offers", str(refusal))
        except REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The planned release is changed."))
            return redirect("catalog:release-list", environment.name)
    context = {"environment": environment, "found": found, "form": form}
    status = 422 if form.errors else 200
    return render(request, "catalog/planned_release_edit.html", context, status=status)


@require_http_methods(["GET", "POST"])
@changes("offer", right="catalog.publish")
def planned_release_cancel(
    request: CatalogueRequest, environment: Environment, public_id: UUID
) -> HttpResponse:
    found = find(request, environment, public_id)
    return ask_and_act(
        request,
        lambda: planned.cancel_planned_release(found.plan, by=request.user, at=now()),
        title=_("Cancel the planned release?"),
        consequence=_("Its offers stay approved, and wait until somebody publishes them."),
        verb=_("Cancel the release"),
        back=reverse("catalog:release-list", args=[environment.name]),
        done=_("The planned release is cancelled."),
        refusals=REFUSALS,
        facts=lambda: [(_("Offers"), ", ".join(map(str, found.offers)))],
    )


def find(request: CatalogueRequest, environment: Environment, public_id: UUID) -> Planned:
    for each in plans_of(environment, request.user):
        if each.plan.public_id == public_id:
            return each
    raise Http404


def hidden_offers(found: Planned) -> list[Offer]:
    """Those of its offers that the person does not see: they stay in it."""
    seen = [offer.pk for offer in found.offers]
    return list(found.plan.offers.exclude(pk__in=seen))
