"""Environments: each a catalogue of its own, with what calls may tell it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from catalog.actions import environments as actions
from catalog.describing import environment_shape, filter_shape
from catalog.forms.environments import IN_ADDRESSES, EnvironmentForm
from catalog.forms.rules import NamedFilter
from catalog.gathering import Kind, gather
from catalog.models import Environment, Offer
from catalog.problems import StillUsed
from catalog.readiness import obstacles
from catalog.standing import (
    WORDS,
    facts_of,
    live_shapes,
    live_since,
    since_live,
    standings,
)
from catalog.surroundings import surroundings_of
from catalog.uses import uses_of_call_data
from catalog.views.doors import CatalogueRequest, changes, sees
from catalog.views.saving import address_of, entries_of, linked, saved, status_of
from offers_site.http import StaffRequest, ask_and_act, render_page
from offers_site.lists import Column, List

ENVIRONMENTS = List(
    name="environments",
    template="catalog/environment_list.html",
    columns=(
        Column("label", gettext_lazy("Environment"), sort="label", pinned=True),
        Column("people", gettext_lazy("People"), sort="people"),
        Column("offers", gettext_lazy("Offers"), sort="number_of_offers", numeric=True),
        Column("spaces", gettext_lazy("Spaces"), sort="number_of_spaces", numeric=True),
        Column("release", gettext_lazy("Release"), sort="release_number", numeric=True),
        Column("timezone", gettext_lazy("Time zone"), sort="timezone"),
        Column("access_labels", gettext_lazy("Access labels"), shown=False),
        Column("changed_at", gettext_lazy("Changed"), sort="changed_at", newest_first=True),
    ),
    sort="label",
    filters=NamedFilter,
    row_key="name",
)


@require_safe
@permission_required("catalog.view_design_environment", raise_exception=True)
def environment_list(request: StaffRequest) -> HttpResponse:
    visible = Environment.objects.visible_to(request.user)
    seen = Offer.objects.visible_to(request.user)
    rows = visible.prefetch_related("access_labels").annotate(
        number_of_offers=Count("offers", filter=Q(offers__in=seen), distinct=True),
        number_of_spaces=Count("spaces", distinct=True),
    )
    page = ENVIRONMENTS.page(request, rows)
    return render_page(request, "catalog/environment_list.html", {"list": page}, fragment="list")


@require_http_methods(["GET", "POST"])
@permission_required(
    ("catalog.view_design_environment", "catalog.add_environment"), raise_exception=True
)
def environment_create(request: StaffRequest) -> HttpResponse:
    """Create an environment, or say what there already is under its name."""
    form = EnvironmentForm(request.POST or None, user=request.user)
    if form.is_valid():
        shape = form.shape()
        visible = Environment.objects.visible_to(request.user)
        hidden = Environment.objects.filter(name=shape.name).exclude(pk__in=visible).exists()
        if shape.name in IN_ADDRESSES or hidden:
            form.add_error("name", _("This word cannot be a name."))
        else:
            made = saved(form, lambda: actions.create_or_repair(shape, by=request.user, at=now()))
            if made is not None:
                return tell_of(request, *made)
    context = {"form": form}
    template = "catalog/environment_create.html"
    return render(request, template, context, status=status_of(form))


def tell_of(request: StaffRequest, environment: Environment, was_there: bool) -> HttpResponse:
    if was_there:
        said = _("%(environment)s was there already and keeps what it says: here is what it has.")
        messages.info(request, said % {"environment": environment})
    else:
        messages.success(request, _("%(environment)s is created.") % {"environment": environment})
    return redirect(environment)


@require_safe
@sees("environment")
def environment_detail(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    """What it is, what it has, and what stands in the way of publishing all of it."""
    if request.place.is_live:
        return live_detail(request, environment)
    shape = environment_shape(environment)
    change = since_live(environment, Kind.ENVIRONMENT, shape)
    standing = standings(environment, Kind.ENVIRONMENT, {environment.name: shape})
    context = {
        "environment": environment,
        "facts": facts_of(environment, Kind.ENVIRONMENT, shape),
        "parts": parts_of(request, environment),
        "obstacles": obstacles_of(environment),
        "change": change,
        "standing": standing[environment.name],
        "standing_label": WORDS[standing[environment.name]],
        "entries": entries_of(request, "environment", environment.name),
    }
    return render(request, "catalog/environment_detail.html", context)


def live_detail(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    shape = live_shapes(environment, Kind.ENVIRONMENT, request.user).get(environment.name)
    if shape is None:
        return render(request, "catalog/environment_never.html", {"environment": environment})
    context = {
        "environment": environment,
        "title": shape.label,
        "name": environment.name,
        "description": shape.description,
        "facts": facts_of(environment, Kind.ENVIRONMENT, shape),
        "since": live_since(environment, Kind.ENVIRONMENT)[environment.name],
    }
    return render(request, "catalog/live_detail.html", context)


def obstacles_of(environment: Environment) -> list[tuple[Any, str]]:
    """What is broken in its categories, spaces, rules and filters, with the way to each."""
    gathered = gather(environment, everything=True)
    for one in environment.filters.all():  # those as well that offers alone ask, or nothing
        gathered.shapes.setdefault((Kind.FILTER, one.name), filter_shape(one))
    found = obstacles(gathered, surroundings_of(environment))
    return [(one, address_of(environment, one.kind, one.name)) for one in found]


def parts_of(request: CatalogueRequest, environment: Environment) -> list[dict[str, Any]]:
    """What an environment is made of: how many there are of each, and where they are."""
    seen = Offer.objects.visible_to(request.user).filter(environment=environment)
    counted = (
        (_("Categories"), environment.categories.visible_to(request.user), "category-tree"),
        (_("Spaces"), environment.spaces.all(), "space-list"),
        (_("Content fields"), environment.content_fields.all(), "content-field-list"),
        (_("Predefined filters"), environment.filters.all(), "filter-list"),
        (_("Offers"), seen.offers(), "offer-list"),
        (_("Fallback offers"), seen.fallback_offers(), "fallback-offer-list"),
        (_("Presentation rules"), environment.presentation_rules.all(), "presentation-rule-list"),
    )
    parts = [
        {
            "label": label,
            "number": rows.count(),
            "url": reverse(f"catalog:{page}", args=[environment.name]),
        }
        for label, rows, page in counted
    ]
    return [*parts, {"label": _("Live release"), "number": environment.release_number or "—"}]


@require_http_methods(["GET", "POST"])
@changes("environment")
def environment_edit(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    form = EnvironmentForm(
        request.POST or None,
        user=request.user,
        environment=environment,
        shape=environment_shape(environment),
        version=environment.version,
    )
    if form.is_valid():
        edited = saved(
            form,
            lambda: actions.edit_environment(
                environment, form.shape(), version=form.read_at, by=request.user, at=now()
            ),
        )
        if edited is not None:
            messages.success(request, _("%(environment)s is saved.") % {"environment": edited})
            return redirect(environment)
    uses = uses_of_call_data(environment, request.user)
    context = {
        "form": form,
        "environment": environment,
        "extras": {2: "catalog/_call_data_uses.html"},
        "uses": [
            (name, datum.get("label") or name, linked(environment, uses.get(name, ())))
            for name, datum in environment.call_data.items()
        ],
    }
    template = "catalog/environment_edit.html"
    return render(request, template, context, status=status_of(form))


@require_http_methods(["GET", "POST"])
@changes("environment", right="catalog.add_environment")
def environment_delete(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    return ask_and_act(
        request,
        lambda: actions.delete_environment(environment, by=request.user, at=now()),
        title=_("Delete the environment %(environment)s?") % {"environment": environment},
        consequence=_(
            "Only an environment that is empty and was never live can be deleted. Its rules, "
            "filters and content fields go with it."
        ),
        verb=_("Delete the environment"),
        back=environment.get_absolute_url(),
        done=_("%(environment)s is deleted.") % {"environment": environment},
        refusals=StillUsed,
        check=lambda: actions.check_never_used(environment),
        then=reverse("catalog:environment-list"),
    )
