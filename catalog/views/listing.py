"""The lists of offers and fallback offers: in design everything, in live what people get."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db.models.fields.json import KT
from django.http import HttpResponse
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from catalog.forms.fields import SHOWN_OF_CATEGORIES, indented
from catalog.forms.offerlist import (
    FallbackOfferFilter,
    LiveOfferFilter,
    OfferFilter,
    with_choices,
)
from catalog.listed import beside
from catalog.livenow import live_categories, visible_revisions
from catalog.models import Category, Environment, Offer, Space
from catalog.tree import tree_of
from catalog.veiling import veil_of
from catalog.views.doors import CatalogueRequest, sees
from catalog.views.overviews import overviews_of
from offers_site.http import render_page
from offers_site.lists import Bulk, Column, List

OFFERS = List(
    name="offers",
    template="catalog/offer_list.html",
    columns=(
        Column("label", gettext_lazy("Offer"), sort="label", pinned=True),
        Column("kind", gettext_lazy("Kind"), sort="kind", shown=False),
        Column("content_state", gettext_lazy("Content"), sort="content_state"),
        Column("eligibility_state", gettext_lazy("Eligibility"), sort="eligibility_state"),
        Column("category", gettext_lazy("Category"), sort="category__label", shown=False),
        Column("tags", gettext_lazy("Tags")),
        Column("spaces", gettext_lazy("Spaces")),
        Column("window", gettext_lazy("When")),
        Column("live_since", gettext_lazy("Live since"), sort="live_since", newest_first=True),
        Column("access_labels", gettext_lazy("Access labels"), shown=False),
        Column(
            "created_at",
            gettext_lazy("Created"),
            sort="created_at",
            newest_first=True,
            shown=False,
        ),
        Column(
            "changed_at",
            gettext_lazy("Changed"),
            sort="changed_at",
            newest_first=True,
            shown=False,
        ),
    ),
    sort="-changed_at",
    filters=OfferFilter,
    row_key="code",
    size=25,
)
FALLBACK_OFFERS = replace(
    OFFERS,
    name="fallback-offers",
    template="catalog/fallback_offer_list.html",
    columns=(
        Column("label", gettext_lazy("Fallback offer"), sort="label", pinned=True),
        Column("state", gettext_lazy("Status")),
        Column("spaces", gettext_lazy("Represented in")),
        Column("used_by", gettext_lazy("Fallback of")),
        Column("tags", gettext_lazy("Tags")),
        Column("access_labels", gettext_lazy("Access labels"), shown=False),
        Column("live_since", gettext_lazy("Live since"), sort="live_since", newest_first=True),
        Column("changed_at", gettext_lazy("Changed"), sort="changed_at", newest_first=True),
    ),
    filters=FallbackOfferFilter,
)
LIVE_OFFERS = List(
    name="live-offers",
    template="catalog/live_offer_list.html",
    columns=(
        Column("label", gettext_lazy("Offer"), sort=KT("body__label"), pinned=True),
        Column("kind", gettext_lazy("Kind"), sort="kind"),
        Column("category", gettext_lazy("Category"), sort=KT("body__category")),
        Column("tags", gettext_lazy("Tags")),
        Column("spaces", gettext_lazy("Spaces")),
        Column("window", gettext_lazy("When")),
        Column("since", gettext_lazy("Since release"), sort="since", numeric=True),
    ),
    sort="label",
    filters=LiveOfferFilter,
    row_key="name",
)


@require_safe
@sees("offer")
def offer_list(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    if request.place.is_live:
        return live_list(request, environment)
    offers = Offer.objects.visible_to(request.user).filter(environment=environment)
    at, cards = now(), as_cards(request)
    categories = Category.objects.filter(environment=environment)
    tree = tree_of(categories.only(*SHOWN_OF_CATEGORIES, "start", "end"))
    seen = set(categories.visible_to(request.user).values_list("pk", flat=True))
    choices = indented(tree_of(each for key, each in tree.by_key.items() if key in seen))
    filters = with_choices(OfferFilter, environment, categories=choices, tree=tree, at=at)
    definition = replace(OFFERS, filters=filters, bulk=bulk_actions(request, environment))
    page = definition.page(request, for_list(offers, shows_content=cards))
    for row in page.rows:
        row.environment = environment
        if row.category_id is not None:
            row.category = tree.by_key[row.category_id]
    context = {
        "list": page,
        **beside(page.rows, page.shown),
        "environment": environment,
        "windows": {row.pk: tree.window(row.category_id, row) for row in page.rows},
        "pictures": {row.pk: thumbnail_of(row) for row in page.rows} if cards else {},
        "at": at,
        "as_cards": cards,
        "overviews": overviews_of(request, environment, "offer-list"),
    }
    return render_page(request, "catalog/offer_list.html", context, fragment="list")


@require_safe
@sees("offer")
def fallback_offer_list(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    if request.place.is_live:
        return live_list(request, environment, kind="fallback_offer")
    offers = Offer.objects.visible_to(request.user).fallback_offers()
    filters = with_choices(FallbackOfferFilter, environment, tree=tree_of([]))
    definition = replace(FALLBACK_OFFERS, filters=filters)
    page = definition.page(request, for_list(offers.filter(environment=environment)))
    for row in page.rows:
        row.environment = environment
    spaces = Space.objects.filter(environment=environment).order_by("label", "pk")
    context = {
        "list": page,
        **beside(page.rows, page.shown),
        "environment": environment,
        "users": users_of(row.pk for row in page.rows),
        "drafts": drafts_of(request, environment),
        "bare": [space for space in spaces if space.fallback_offer_id is None],
    }
    return render_page(request, "catalog/fallback_offer_list.html", context, fragment="list")


UNSHOWN = ("description", "filter", "translations", "publishing_errors")


def for_list(offers: Any, *, shows_content: bool = False) -> Any:
    """What a row shows of the offer itself; long texts stay where they are."""
    return offers.defer(*(UNSHOWN if shows_content else (*UNSHOWN, "content")))


def thumbnail_of(offer: Offer) -> str:
    """Its picture, when it is one of ours: others are not fetched by our pages."""
    address: str = offer.content.get("image_url", "")
    return address if address.startswith("/assets/") and "{" not in address else ""


def as_cards(request: CatalogueRequest) -> bool:
    """Cards or a table: what was asked for, and from then on that."""
    asked = request.GET.get("view")
    if asked in {"cards", "table"} and asked != request.session.get("offers_as"):
        request.session["offers_as"] = asked
    return request.session.get("offers_as") == "cards"


def users_of(pks: Iterable[int]) -> dict[int, list[Space]]:
    """The spaces that each of these fallback offers stands behind."""
    found: dict[int, list[Space]] = {}
    for space in Space.objects.filter(fallback_offer__in=list(pks)).order_by("label"):
        found.setdefault(space.fallback_offer_id or 0, []).append(space)
    return found


def drafts_of(request: CatalogueRequest, environment: Environment) -> Any:
    mine = environment.drafts.filter(owner=request.user, kind="fallback_offer")
    return mine.order_by("-changed_at")


def bulk_actions(request: CatalogueRequest, environment: Environment) -> tuple[Bulk, ...]:
    def at(verb: str) -> str:
        return reverse("catalog:offers-bulk", args=[environment.name, verb])

    change, approve = "catalog.change_offer", "catalog.approve_offer"
    disable = "catalog.disable_live_offer"
    return (
        Bulk("submit", gettext_lazy("Submit"), at("submit"), change, icon="send"),
        Bulk(
            "approve-content",
            gettext_lazy("Approve content"),
            at("approve-content"),
            approve,
            icon="check",
        ),
        Bulk(
            "approve-eligibility",
            gettext_lazy("Approve eligibility"),
            at("approve-eligibility"),
            approve,
            icon="check-check",
        ),
        Bulk("tag", gettext_lazy("Tag"), at("tag"), change, icon="tag"),
        Bulk("move", gettext_lazy("Move"), at("move"), change, icon="folder-input"),
        Bulk("enable", gettext_lazy("Enable"), at("enable"), disable, icon="power"),
        Bulk("disable", gettext_lazy("Disable"), at("disable"), disable, icon="power-off"),
        Bulk("duplicate", gettext_lazy("Duplicate"), at("duplicate"), change, icon="copy"),
        Bulk("delete", gettext_lazy("Delete"), at("delete"), change, danger=True, icon="trash-2"),
    )


# --- live ---


def live_list(
    request: CatalogueRequest, environment: Environment, kind: str | None = None
) -> HttpResponse:
    """What is live now, as it is frozen there. Nothing can be changed here."""
    categories = live_categories(environment)
    veil = veil_of(environment, request.user)
    seen = categories.seen_through(veil)
    revisions = visible_revisions(environment, veil, categories)
    if kind is not None:
        revisions = revisions.filter(kind=kind)
    filters = with_choices(
        LiveOfferFilter,
        environment,
        categories=seen.options(),
        below=seen.subtrees(),
    )
    page = replace(LIVE_OFFERS, filters=filters).page(request, revisions)
    context = {
        "list": page,
        "environment": environment,
        "labels": seen.labels(),
        "windows": {row.pk: categories.window_of(row.body) for row in page.rows},
        "space_labels": dict(
            Space.objects.filter(environment=environment).values_list("name", "label")
        ),
        "only_fallback_offers": kind is not None,
        "at": now(),
    }
    return render_page(request, "catalog/live_offer_list.html", context, fragment="list")
