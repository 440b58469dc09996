"""Predefined filters of an environment, beside the audiences of all."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.actions import rules as actions
from catalog.checking import check_shape
from catalog.deleting import check_filter_unused
from catalog.describing import filter_shape
from catalog.forms.rules import FilterForm, NamedFilter
from catalog.gathering import Kind
from catalog.models import Environment, Filter
from catalog.naming import uses_by_name
from catalog.populating import Population, population_of
from catalog.problems import StillUsed
from catalog.recap import said
from catalog.standing import WORDS, facts_of, live_shapes, live_since, since_live, standings
from catalog.surroundings import surroundings_of
from catalog.uses import uses_of_filter
from catalog.views.doors import CatalogueRequest, changes, sees
from catalog.views.saving import entries_of, linked, saved, status_of
from catalog.wordbook import environment_labels
from contacts.models import Audience
from offers_site.http import ask_and_act, render_page
from offers_site.lists import Column, List

FILTERS = List(
    name="filters",
    template="catalog/filter_list.html",
    columns=(
        Column("label", gettext_lazy("Predefined filter"), sort="label", pinned=True),
        Column("sentence", gettext_lazy("Who it describes")),
        Column("uses", gettext_lazy("Used by"), numeric=True),
        Column("changed_at", gettext_lazy("Changed"), sort="changed_at", newest_first=True),
    ),
    sort="label",
    filters=NamedFilter,
    row_key="name",
)


@require_safe
@sees("filter")
def filter_list(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    if request.place.is_live:
        return live_list(request, environment)
    rows = Filter.objects.filter(environment=environment).select_related("environment")
    page = FILTERS.page(request, rows)
    told = environment_labels(environment)
    context = {
        "list": page,
        "environment": environment,
        "sentences": {row.name: said(row.rule, told) for row in page.rows},
        "uses": uses_by_name(environment, [row.name for row in page.rows]),
        "audiences": Audience.objects.visible_to(request.user).count()
        if request.user.has_perm("contacts.view_audience")
        else None,
    }
    return render_page(request, "catalog/filter_list.html", context, fragment="list")


def live_list(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    shapes = live_shapes(environment, Kind.FILTER, request.user)
    since = live_since(environment, Kind.FILTER)
    told = environment_labels(environment)
    context = {
        "environment": environment,
        "title": _("Predefined filters"),
        "heads": [_("Predefined filter"), _("Who it describes"), _("Since release")],
        "rows": [
            {
                "url": reverse("catalog:filter-detail", args=[environment.name, name]),
                "label": shape.label,
                "name": name,
                "cells": [
                    (_("Who it describes"), said(shape.rule, told)),
                    (_("Since release"), since[name]),
                ],
            }
            for name, shape in sorted(shapes.items(), key=lambda pair: pair[1].label.casefold())
        ],
    }
    return render(request, "catalog/live_list.html", context)


@require_safe
@sees("filter")
def filter_detail(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    if request.place.is_live:
        return live_detail(request, environment, name)
    row = find(environment, name)
    shape = filter_shape(row)
    standing = standings(environment, Kind.FILTER, {name: shape})[name]
    told = environment_labels(environment)
    context = {
        "environment": environment,
        "filter": row,
        "sentence": said(row.rule, told),
        "uses": linked(environment, uses_of_filter(row, request.user)),
        "population": counted(request, environment, row.rule),
        "problems": check_shape(shape, surroundings_of(environment)),
        "standing": standing,
        "standing_label": WORDS[standing],
        "change": since_live(environment, Kind.FILTER, shape),
        "entries": entries_of(request, "filter", row.journal_key),
    }
    return render(request, "catalog/filter_detail.html", context)


def live_detail(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    shape = live_shapes(environment, Kind.FILTER, request.user).get(name)
    if shape is None:
        raise Http404
    context = {
        "environment": environment,
        "title": shape.label,
        "name": name,
        "list_url": reverse("catalog:filter-list", args=[environment.name]),
        "list_label": _("Predefined filters"),
        "description": shape.description,
        "facts": facts_of(environment, Kind.FILTER, shape),
        "since": live_since(environment, Kind.FILTER)[name],
    }
    return render(request, "catalog/live_detail.html", context)


@require_http_methods(["GET", "POST"])
@changes("filter")
def filter_create(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    form = FilterForm(request.POST or None, user=request.user, environment=environment)
    if form.is_valid():
        row = saved(
            form,
            lambda: actions.create_filter(environment, form.shape(), by=request.user, at=now()),
        )
        if row is not None:
            messages.success(request, _("%(filter)s is created.") % {"filter": row})
            return redirect("catalog:filter-detail", environment.name, row.name)
    context = {"form": form, "environment": environment}
    return render(request, "catalog/filter_create.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
@changes("filter")
def filter_edit(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    """Change a filter, having seen what asks it and how many people it describes then."""
    row = find(environment, name)
    form = FilterForm(
        request.POST or None,
        user=request.user,
        environment=environment,
        shape=filter_shape(row),
        version=row.version,
    )
    if form.is_valid():
        edited = saved(
            form,
            lambda: actions.edit_filter(
                row, form.shape(), version=form.read_at, by=request.user, at=now()
            ),
        )
        if edited is not None:
            messages.success(request, _("%(filter)s is saved.") % {"filter": edited})
            return redirect("catalog:filter-detail", environment.name, name)
    context = {
        "form": form,
        "environment": environment,
        "filter": row,
        "uses": linked(environment, uses_of_filter(row, request.user)),
        "compare_url": reverse("catalog:filter-compare", args=[environment.name, name]),
    }
    return render(request, "catalog/filter_edit.html", context, status=status_of(form))


@require_POST
@changes("filter")
def filter_compare(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    """How many people a filter describes now, and how many it would as it is being written."""
    row = find(environment, name)
    form = FilterForm(
        request.POST, user=request.user, environment=environment, shape=filter_shape(row)
    )
    form.is_valid()
    rule = form.cleaned_data.get("rule")
    context: dict[str, Any] = {"before": counted(request, environment, row.rule)}
    if rule is not None:
        context["after"] = counted(request, environment, rule.text)
    return render(request, "catalog/_filter_compare.html", context)


def counted(request: CatalogueRequest, environment: Environment, rule: str) -> Population:
    return population_of(
        environment, rule, user=request.user, at=now(), zone=ZoneInfo(environment.timezone)
    )


@require_http_methods(["GET", "POST"])
@changes("filter")
def filter_delete(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    row = find(environment, name)
    return ask_and_act(
        request,
        lambda: actions.delete_filter(row, by=request.user, at=now()),
        title=_("Delete the filter %(filter)s?") % {"filter": row},
        consequence=_("Only the rule is deleted, and only when nothing asks it."),
        verb=_("Delete the filter"),
        back=reverse("catalog:filter-detail", args=[environment.name, name]),
        done=_("%(filter)s is deleted.") % {"filter": row},
        refusals=StillUsed,
        check=lambda: check_filter_unused(row, request.user),
        then=reverse("catalog:filter-list", args=[environment.name]),
    )


def find(environment: Environment, name: str) -> Filter:
    rows = Filter.objects.select_related("environment").filter(environment=environment)
    row: Filter = get_object_or_404(rows, name=name)
    return row
