"""Spaces: where offers appear."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.actions import spaces as actions
from catalog.actions.releases import publish_design
from catalog.actions.spaces import NeedsConfirmation
from catalog.comparing import veiled
from catalog.contentwords import content_settings
from catalog.deleting import check_space_unused
from catalog.describing import space_shape
from catalog.forms.rules import SpaceFilter
from catalog.forms.spaces import SpaceForm
from catalog.gathering import Kind
from catalog.indebted import debts_of
from catalog.models import Channel, Environment, Offer, Space
from catalog.problems import StillUsed
from catalog.shapes import digest_of
from catalog.spacetrials import offers_to_try, tried
from catalog.standing import WORDS, facts_of, live_shapes, live_since, since_live, standings
from catalog.veiling import hidden_word, veil_of
from catalog.views.doors import CatalogueRequest, changes, sees
from catalog.views.livespaces import labels_of_fields, live_detail, live_list, renderings_of
from catalog.views.previews import boxed
from catalog.views.saving import entries_of, publish, saved, status_of
from catalog.views.tabs import tabs_of_space
from catalog.weighing import Impact, impact_of
from offers_site.http import ask_and_act, render_confirmation, render_page
from offers_site.lists import Column, List

MOST_OFFERS = 20
SPACES = List(
    name="spaces",
    template="catalog/space_list.html",
    columns=(
        Column("label", gettext_lazy("Space"), sort="label", pinned=True),
        Column("channel", gettext_lazy("Channel"), sort="channel"),
        Column("fields", gettext_lazy("Content fields")),
        Column("offers", gettext_lazy("Offers"), sort="number_of_offers", numeric=True),
        Column("fallback", gettext_lazy("Fallback offer")),
        Column("state", gettext_lazy("Live")),
        Column("changed_at", gettext_lazy("Changed"), sort="changed_at", newest_first=True),
    ),
    sort="label",
    filters=SpaceFilter,
    row_key="name",
)


@require_safe
@sees("space")
def space_list(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    if request.place.is_live:
        return live_list(request, environment)
    seen = Offer.objects.visible_to(request.user)
    rows = Space.objects.filter(environment=environment).for_space_list()
    offers = Count("representations", filter=Q(representations__offer__in=seen))
    page = SPACES.page(request, rows.annotate(number_of_offers=offers))
    shapes = {row.name: space_shape(row) for row in page.rows}
    found = standings(environment, Kind.SPACE, shapes)
    context = {
        "list": page,
        "environment": environment,
        "standings": {name: (each, WORDS[each]) for name, each in found.items()},
        "labels": labels_of_fields(environment),
        "shown_fallbacks": seen.filter(fallback_of__in=page.rows).values_list("pk", flat=True),
    }
    return render_page(request, "catalog/space_list.html", context, fragment="list")


@require_safe
@sees("space")
def space_detail(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    if request.place.is_live:
        return live_detail(request, environment, name)
    space = find(environment, name)
    shape = space_shape(space)
    veil = veil_of(environment, request.user)
    change = since_live(environment, Kind.SPACE, shape)
    standing = standings(environment, Kind.SPACE, {name: shape})[name]
    offers = Offer.objects.visible_to(request.user).filter(representations__space=space)
    labels = labels_of_fields(environment)
    context = {
        "environment": environment,
        "space": space,
        "tabs": tabs_of_space(environment, name, "overview", request.user),
        "facts": facts_of(environment, Kind.SPACE, veil.without_names(shape, hidden_word())),
        "standing": standing,
        "standing_label": WORDS[standing],
        "change": change and veiled(change, veil),
        "since": live_since(environment, Kind.SPACE).get(name),
        "fields": [
            (labels.get(each.name, each.name), each.name, each.required) for each in shape.fields
        ],
        "renderings": renderings_of(shape),
        "offers": offers.order_by("label", "code")[:MOST_OFFERS],
        "number_of_offers": offers.count(),
        "number_of_debts": len(debts_of(space, request.user)),
        "entries": entries_of(request, "space", space.name),
    }
    return render(request, "catalog/space_detail.html", context)


@require_http_methods(["GET", "POST"])
@changes("space", right="catalog.add_space")
def space_create(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    form = SpaceForm(request.POST or None, user=request.user, environment=environment)
    if form.is_valid():
        space = saved(
            form,
            lambda: actions.create_space(environment, form.shape(), by=request.user, at=now()),
        )
        if space is not None:
            messages.success(request, _("%(space)s is created.") % {"space": space})
            return redirect(space)
    context = {**around(request, environment, form), "environment": environment}
    return render(request, "catalog/space_create.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
@changes("space")
def space_edit(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    """Change a space; what reaches offers that stand there is confirmed first."""
    space = find(environment, name)
    form = SpaceForm(
        request.POST or None,
        user=request.user,
        environment=environment,
        space=space,
        shape=space_shape(space),
        version=space.version,
    )
    context: dict[str, Any] = {}
    if form.is_valid():
        impact = impact_of(space, form.shape())
        try:
            edited = saved(
                form,
                lambda: actions.edit_space(
                    space,
                    form.shape(),
                    version=form.read_at,
                    confirmed=impact.codes if is_confirmed(request, impact) else (),
                    by=request.user,
                    at=now(),
                ),
            )
        except NeedsConfirmation as asked:
            context["impact"] = reached(request, environment, asked)
        else:
            if edited is not None:
                messages.success(request, _("%(space)s is saved.") % {"space": edited})
                return redirect(edited)
    context |= {**around(request, environment, form), "environment": environment, "space": space}
    status = 422 if "impact" in context else status_of(form)
    return render(request, "catalog/space_edit.html", context, status=status)


def seal_of(impact: Impact) -> str:
    """What a page confirms: these offers and no others, without naming those that are hidden."""
    return digest_of({"codes": sorted(impact.codes)})


def is_confirmed(request: CatalogueRequest, impact: Impact) -> bool:
    return request.POST.get("confirmed") == seal_of(impact)


def reached(
    request: CatalogueRequest, environment: Environment, asked: NeedsConfirmation
) -> dict[str, Any]:
    """The offers that an edit reaches: those that may be seen by name, of the others a number."""
    codes = asked.impact.codes
    seen = Offer.objects.visible_to(request.user).filter(environment=environment, code__in=codes)
    offers = [(offer, offer.code in asked.impact.live) for offer in seen.order_by("label", "code")]
    return {
        "seal": seal_of(asked.impact),
        "number": len(codes),
        "offers": offers[:50],
        "more": len(codes) - len(offers[:50]),
    }


def around(request: CatalogueRequest, environment: Environment, form: SpaceForm) -> dict[str, Any]:
    """What the page of a form shows beside its fields."""
    name = form.space.name if form.space else ""
    try_url = reverse("catalog:space-try", args=[environment.name])
    return {
        "form": form,
        "extras": {2: "catalog/_space_rendering.html"},
        "browser": form.browser(),
        "names": form.browser()["words"],
        "try_url": try_url,
        "try_offers": offers_to_try(environment, name, request.user) if name else [],
        "samples": environment.samples,
        "channel_now": form.space.channel if form.space else "",
    }


@require_POST
@xframe_options_sameorigin
@changes("space")
def space_try(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    """What comes out of templates that are being written: nothing is saved."""
    name = request.GET.get("space", "").replace("\0", "")
    space = Space.objects.filter(environment=environment, name=name).for_space_list().first()
    form = SpaceForm(
        request.POST,
        user=request.user,
        environment=environment,
        space=space,
        shape=space_shape(space) if space else None,
    )
    if not form.is_valid():
        wanted = ("render_html", "render_text", "render_json", "fields_")
        told = [
            (form.fields[each].label, message)
            for each in form.fields
            for message in form.errors.get(each, ())
            if each in wanted or space is not None
        ]
        told = told or [("", _("Give it a label, a name and a channel first."))]
        return in_the_frame(request, {"told": told})
    seen = Offer.objects.visible_to(request.user).filter(environment=environment).with_parts()
    offer = seen.filter(code=request.POST.get("try-offer", "").replace("\0", "")).first()
    one = tried(environment, form.shape(), offer, sample=request.POST.get("try-sample", ""))
    part = request.POST.get("try-part", "html")
    if part == "html" and one.rendered is not None:
        return boxed(request, one)
    pretty = json.dumps(one.rendered.json, indent=2, ensure_ascii=False) if one.rendered else ""
    context = {"preview": one, "part": part, "pretty": pretty}
    return in_the_frame(request, context)


def in_the_frame(request: CatalogueRequest, context: dict[str, Any]) -> HttpResponse:
    """A page of ours inside another: it shows, and does nothing."""
    response = render(request, "catalog/space_try.html", context)
    here = f"{request.scheme}://{request.get_host()}"
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src {here}; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {here}"
    )
    return response


@require_http_methods(["GET", "POST"])
@changes("space", right="catalog.add_space")
def space_delete(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    space = find(environment, name)
    return ask_and_act(
        request,
        lambda: actions.delete_space(space, by=request.user, at=now()),
        title=_("Delete the space %(space)s?") % {"space": space},
        consequence=_("Pages that ask it for offers get none. It is gone from live as well."),
        verb=_("Delete the space"),
        back=space.get_absolute_url(),
        done=_("%(space)s is deleted.") % {"space": space},
        refusals=StillUsed,
        check=lambda: check_space_unused(space, request.user),
        then=reverse("catalog:space-list", args=[environment.name]),
    )


@require_http_methods(["GET", "POST"])
@changes("space", right="catalog.publish")
def space_publish(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    space = find(environment, name)
    if request.method == "GET":
        return render_confirmation(
            request,
            title=_("Publish %(space)s?") % {"space": space},
            consequence=_(
                "What design says of this space, of the environment and of its presentation rules "
                "is live with the next decision. Offers stay as they are."
            ),
            verb=_("Publish changes"),
            back=space.get_absolute_url(),
            danger=False,
        )
    return publish(
        request,
        environment,
        lambda: publish_design(environment, spaces=[space], by=request.user, at=now()),
        back=space.get_absolute_url(),
    )


# --- what spaces ask of offers ---


@require_safe
@sees("space")
def requirements(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    """Each space with its fields, which of them are required, and its guidance."""
    if request.place.is_live:
        live = live_shapes(environment, Kind.SPACE, request.user)
        shapes = sorted(live.values(), key=lambda shape: shape.label.casefold())
    else:
        rows = Space.objects.filter(environment=environment).for_space_list()
        shapes = [space_shape(row) for row in rows.order_by("label", "name")]
    settings = content_settings(environment)
    context = {
        "environment": environment,
        "spaces": [(shape, Channel(shape.channel).label) for shape in shapes],
        "fields": {each.name: each for each in settings.fields},
    }
    return render(request, "catalog/requirements.html", context)


@require_safe
@sees("space")
def space_debts(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    """The offers that are live in a space although they lack what it requires by now."""
    space = find(environment, name)
    context = {
        "environment": environment,
        "space": space,
        "debts": debts_of(space, request.user),
        "labels": labels_of_fields(environment),
    }
    return render(request, "catalog/space_debts.html", context)


def find(environment: Environment, name: str) -> Space:
    rows = Space.objects.filter(environment=environment).for_space_list()
    space: Space = get_object_or_404(rows, name=name)
    return space
