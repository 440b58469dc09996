"""The weights grid: how strongly every offer is weighed, changed where it stands."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions.granting import MayNotGrant, Stale
from catalog.actions.weights import change_weights
from catalog.forms.weights import WeightCellForm, WeightFilter, WeightsForm, weight_filter
from catalog.models import Category, Context, Environment
from catalog.problems import NotAcceptable
from catalog.recap import said
from catalog.tree import Tree, tree_of
from catalog.views.doors import CatalogueRequest, changes, reviews
from catalog.views.overviews import overviews_of
from catalog.views.saving import in_its_zone
from catalog.weightgrid import live_weights, weights_seen, why_not, with_amounts
from catalog.wordbook import environment_labels
from offers_site.http import picked_rows, render_confirmation, render_page
from offers_site.lists import Bulk, Column, List

MOST = 500
NAMED = 12
WEIGHTS = List(
    name="weights",
    template="catalog/weight_grid.html",
    columns=(
        Column("offer", gettext_lazy("Offer"), sort="offer__label", pinned=True),
        Column("label", gettext_lazy("Weight for"), sort="label"),
        Column("weight", gettext_lazy("Weight"), sort="number", pinned=True, newest_first=True),
        Column(
            "multiplier",
            gettext_lazy("Multiplier"),
            sort="multiplier",
            numeric=True,
            newest_first=True,
        ),
        Column("amount", gettext_lazy("Today"), sort="amount", numeric=True, newest_first=True),
        Column("category", gettext_lazy("Category"), sort="offer__category__label", shown=False),
        Column("state", gettext_lazy("Eligibility"), sort="offer__eligibility_state"),
    ),
    sort="-amount",
    filters=WeightFilter,
)


@require_safe
@reviews
@in_its_zone
def weight_grid(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    """All weights of the environment, or of a category with what is below it."""
    at = now()
    tree = tree_of(Category.objects.filter(environment=environment).defer("description"))
    filters = weight_filter(environment, request.user, tree)
    change = "catalog.change_offer"
    address = reverse("catalog:weights-change", args=[environment.name])
    bulk = (Bulk("change", gettext_lazy("Change the weights"), address, change, icon="scale"),)
    weights = with_amounts(weights_seen(environment, request.user), tree, at)
    page = replace(WEIGHTS, filters=filters, bulk=bulk).page(request, weights)
    described(page.rows, environment, tree, at)
    context = {
        "list": page,
        "environment": environment,
        "at": at,
        "may_edit": request.user.has_perm(change),
        "overviews": overviews_of(request, environment, "weight-grid"),
    }
    return render_page(request, "catalog/weight_grid.html", context, fragment="list")


def described(rows: list[Context], environment: Environment, tree: Tree, at: Any) -> None:
    """Give the rows of a page what they say beside their columns. Costs three queries."""
    told = environment_labels(environment)
    live = live_weights(environment, (row.offer.code for row in rows))
    for row in rows:
        each: Any = row
        row.offer.environment = environment
        each.why_not = why_not(row, tree, at)
        each.for_whom = said(row.filter, told)
        each.chain = tree.chain(row.offer.category_id)
        each.live_weight = live.get((row.offer.code, row.label))


# --- one, where it stands ---


@require_POST
@changes("offer")
@in_its_zone
def weight_edit(request: CatalogueRequest, environment: Environment, pk: int) -> HttpResponse:
    """Save one weight. The answer is its cell, and what else of the row is other now."""
    at = now()
    weight = weights_seen(environment, request.user).filter(pk=pk).first()
    if weight is None:
        raise Http404
    weight.offer.environment = environment
    form = WeightCellForm(request.POST.dict(), weight=weight, user=request.user)
    error = ""
    if form.is_valid():
        try:
            change_weights(
                weight.offer,
                {pk: form.text},
                version=form.cleaned_data["version"],
                by=request.user,
                at=at,
            )
        except NotAcceptable as refusal:
            error = " ".join(problem.message for problem in refusal.problems)
        except (Stale, MayNotGrant) as refusal:
            error = str(refusal)
    else:
        error = form.complaint
    if not request.htmx:
        return led_back(request, environment, weight, error)
    tree = tree_of(Category.objects.filter(environment=environment).defer("description"))
    row: Any = with_amounts(weights_seen(environment, request.user), tree, at).get(pk=pk)
    described([row], environment, tree, at)
    context = {
        "row": row,
        "environment": environment,
        "may_edit": True,
        "error": error,
        "typed": request.POST.get("weight", ""),
        "has_changed": not error,
    }
    return render(request, "catalog/_weight_cell.html", context, status=422 if error else 200)


def led_back(
    request: CatalogueRequest, environment: Environment, weight: Context, error: str
) -> HttpResponse:
    """For a browser without script."""
    if error:
        messages.error(request, f"{weight.offer.code}, {weight.label}: {error}")
    else:
        messages.success(request, _("%(offer)s is saved.") % {"offer": weight.offer})
    return redirect("catalog:weight-grid", environment.name)


# --- many at once ---


@require_http_methods(["GET", "POST"])
@changes("offer")
def weights_change(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    """Multiply, add to or set the ticked weights: offer by offer, saying which were refused."""
    back = reverse("catalog:weight-grid", args=[environment.name])
    tree = tree_of(Category.objects.filter(environment=environment).defer("description"))
    keys = [int(key) for key in picked_rows(request) if key.isdigit() and len(key) < 16][:MOST]
    seen = with_amounts(weights_seen(environment, request.user), tree, now())
    chosen = list(seen.filter(pk__in=keys).order_by("offer__code", "position", "pk"))
    if not chosen:
        messages.info(request, _("Tick the weights first."))
        return redirect(back)
    form = WeightsForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        change_all(request, environment, chosen, form)
        return redirect(back)
    names = [f"{each.offer.code} · {each.label} ({each.weight})" for each in chosen[:NAMED]]
    if more := len(chosen) - len(names):
        others = ngettext("and %(more)s other", "and %(more)s others", more)
        names.append(others % {"more": more})
    return render_confirmation(
        request,
        title=_("Change these weights"),
        consequence=_("The eligibility of their offers has to be approved again."),
        verb=_("Change the weights"),
        back=back,
        danger=False,
        form=form,
        facts=[(_("Weights"), ", ".join(names))],
    )


def change_all(
    request: CatalogueRequest, environment: Environment, chosen: list[Any], form: WeightsForm
) -> None:
    """Each offer by itself: what is refused for one is done for the others."""
    wanted, refused = sorted_out(chosen, form)
    offers = {each.offer_id: each.offer for each in chosen}
    done = 0
    for key, weights in wanted.items():
        offers[key].environment = environment
        try:
            change_weights(offers[key], weights, by=request.user, at=now())
        except (NotAcceptable, Stale, MayNotGrant) as refusal:
            refused.append(f"{offers[key].code}: {refusal}")
        else:
            done += len(weights)
    if done:
        told = ngettext("%(number)s weight is saved.", "%(number)s weights are saved.", done)
        messages.success(request, told % {"number": done})
    for line in refused[:NAMED]:
        messages.error(request, line)
    if len(refused) > NAMED:
        more = {"number": len(refused) - NAMED}
        messages.error(request, _("And %(number)s others could not be done.") % more)


def sorted_out(chosen: list[Any], form: WeightsForm) -> tuple[dict[int, dict[int, str]], list[str]]:
    """(by offer the new values of its weights, those that cannot be changed like this and why)"""
    wanted: defaultdict[int, dict[int, str]] = defaultdict(dict)
    refused = []
    for each in chosen:
        text = form.of(each.number)
        if text is not None:
            wanted[each.offer_id][each.pk] = text
        else:
            why = _("It is a formula.") if each.number is None else _("It would not be above 0.")
            refused.append(f"{each.offer.code}, {each.label}: {why}")
    return wanted, refused
