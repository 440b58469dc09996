"""What is live of one offer: read-only, as the release froze it."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now

from catalog.livenow import live_categories, visible_revisions
from catalog.models import Environment, Offer, Release, Space
from catalog.recap import said
from catalog.veiling import veil_of
from catalog.views.doors import CatalogueRequest
from catalog.views.tabs import tabs_of
from catalog.wordbook import environment_labels


def live_detail(
    request: CatalogueRequest, environment: Environment, code: str, *, kind: str
) -> HttpResponse:
    categories = live_categories(environment)
    visible = visible_revisions(environment, veil_of(environment, request.user), categories)
    revision = visible.filter(kind=kind, name=code).first() if "\0" not in code else None
    if revision is None:
        raise Http404
    body = revision.body
    chain = categories.chain(body.get("category"))
    filters = [(categories.by_name[each]["label"], categories.by_name[each]) for each in chain]
    releases = Release.objects.filter(environment=environment, number=revision.since)
    spaces = Space.objects.filter(environment=environment)
    design = Offer.objects.visible_to(request.user).filter(environment=environment, code=code)
    offer = design.select_related("environment").first()
    told = environment_labels(environment)
    context = {
        "tabs": tabs_of(offer, "overview", request.user, is_live=True) if offer else [],
        "body": body,
        "revision": revision,
        "environment": environment,
        "since": releases.first(),
        "path": [categories.by_name[each]["label"] for each in chain],
        "window": categories.window_of(body),
        "filters": [
            (label, said(each["filter"], told))
            for label, each in [*filters, ("", body)]
            if each.get("filter")
        ],
        "contexts": [
            {**each, "sentence": said(each["filter"], told)} for each in body.get("contexts", ())
        ],
        "space_labels": dict(spaces.values_list("name", "label")),
        "design": offer,
        "at": now(),
    }
    return render(request, "catalog/live_offer_detail.html", context)
