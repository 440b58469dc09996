"""What is live of spaces: read-only, as the release froze it."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from catalog.contentwords import content_settings
from catalog.gathering import Kind
from catalog.models import Channel, Environment
from catalog.shapes import SpaceShape
from catalog.standing import facts_of, live_shapes, live_since
from catalog.veiling import hidden_word, veil_of
from catalog.views.doors import CatalogueRequest
from catalog.views.tabs import tabs_of_space


def live_list(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    shapes = live_shapes(environment, Kind.SPACE, request.user)
    since = live_since(environment, Kind.SPACE)
    names = labels_of_fields(environment)
    context = {
        "environment": environment,
        "title": _("Spaces"),
        "heads": [_("Space"), _("Channel"), _("Content fields"), _("Since release")],
        "rows": [
            {
                "url": reverse("catalog:space-detail", args=[environment.name, name]),
                "label": shape.label,
                "name": name,
                "cells": [
                    (_("Channel"), Channel(shape.channel).label),
                    (
                        _("Content fields"),
                        ", ".join(names.get(f.name, f.name) for f in shape.fields),
                    ),
                    (_("Since release"), since[name]),
                ],
            }
            for name, shape in sorted(shapes.items(), key=lambda pair: pair[1].label.casefold())
        ],
    }
    return render(request, "catalog/live_list.html", context)


def live_detail(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    shape = live_shapes(environment, Kind.SPACE, request.user).get(name)
    if shape is None:
        raise Http404
    veil = veil_of(environment, request.user)
    context = {
        "environment": environment,
        "title": shape.label,
        "name": name,
        "tabs": tabs_of_space(environment, name, "overview", request.user),
        "list_url": reverse("catalog:space-list", args=[environment.name]),
        "list_label": _("Spaces"),
        "description": shape.description,
        "facts": facts_of(environment, Kind.SPACE, veil.without_names(shape, hidden_word())),
        "since": live_since(environment, Kind.SPACE)[name],
        "fields": [
            (labels_of_fields(environment).get(each.name, each.name), each.name, each.required)
            for each in shape.fields
        ],
        "renderings": renderings_of(shape),
    }
    return render(request, "catalog/live_detail.html", context)


def labels_of_fields(environment: Environment) -> dict[str, str]:
    return {each.name: each.label for each in content_settings(environment).fields}


def renderings_of(shape: SpaceShape) -> list[tuple[str, str]]:
    render = shape.render
    texts = (("HTML", render.html), (_("Text"), render.text), ("JSON", render.json_))
    return [(label, text) for label, text in texts if text]
