"""Offers by spaces, with what is missing where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Prefetch
from django.http import HttpResponse
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from catalog.forms.fields import categories_seen
from catalog.forms.offerlist import MatrixFilter, with_choices
from catalog.matrix import NOT_THERE, Total, cells_of, required_of, totals_of
from catalog.models import Category, Environment, Offer, Representation, Space
from catalog.tree import tree_of
from catalog.views.doors import CatalogueRequest, reviews
from catalog.views.livespaces import labels_of_fields
from catalog.views.overviews import overviews_of
from catalog.views.saving import in_its_zone
from offers_site.http import render_page
from offers_site.lists import Column, List

SHOWN = 8  # spaces beside each other before somebody chooses others
MATRIX = List(
    name="offer-matrix",
    template="catalog/offer_matrix.html",
    columns=(
        Column("label", gettext_lazy("Offer"), sort="label", pinned=True),
        Column("complete", gettext_lazy("Complete"), pinned=True),
        Column(
            "changed_at",
            gettext_lazy("Changed"),
            sort="changed_at",
            newest_first=True,
            shown=False,
        ),
    ),
    sort="label",
    filters=MatrixFilter,
    row_key="code",
)


@require_safe
@reviews
@in_its_zone
def offer_matrix(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    """A row for each offer, a column for each space; above them how many are complete in each."""
    at = now()
    spaces = list(Space.objects.filter(environment=environment).order_by("label", "pk"))
    for space in spaces:
        space.environment = environment
    tree = tree_of(Category.objects.filter(environment=environment).defer("description"))
    choices = categories_seen(environment, request.user)
    filters = with_choices(
        MatrixFilter, environment, categories=choices, tree=tree, at=at, spaces=spaces
    )
    label, *others = MATRIX.columns
    columns = (
        label,
        others[0],
        *(
            Column(column_of(space), space.label, shown=place < SHOWN, drawn_as="space")
            for place, space in enumerate(spaces)
        ),
        *others[1:],
    )
    offers = Offer.objects.visible_to(request.user).filter(environment=environment)
    page = replace(MATRIX, filters=filters, columns=columns).page(request, with_places(offers))
    filled(page.rows, environment, spaces)
    totals = totals_of(page.form.narrow(offers), spaces)
    context = {
        "list": page,
        "environment": environment,
        "by_column": {column_of(space): space for space in spaces},
        "totals": [(total, addresses_of(environment, total)) for total in totals],
        "labels": labels_of_fields(environment),
        "overviews": overviews_of(request, environment, "offer-matrix"),
        "may_edit": request.user.has_perm("catalog.change_offer"),
    }
    return render_page(request, "catalog/offer_matrix.html", context, fragment="list")


def column_of(space: Space) -> str:
    return f"space-{space.name}"


def with_places(offers: Any) -> Any:
    places = Representation.objects.order_by("position", "pk")
    unshown = ("description", "filter", "translations", "publishing_errors")
    return (
        offers.defer(*unshown)
        .select_related("category")
        .prefetch_related(Prefetch("representations", places))
    )


def filled(rows: list[Offer], environment: Environment, spaces: list[Space]) -> None:
    """Give the rows of a page their cells, by column."""
    required = {space.pk: required_of(space) for space in spaces}
    for row in rows:
        each: Any = row
        row.environment = environment
        cells = cells_of(row, required)
        each.cells = {column_of(space): cells.get(space.pk, NOT_THERE) for space in spaces}
        each.there = len(cells)
        each.complete = sum(cell.is_complete for cell in cells.values())


def addresses_of(environment: Environment, total: Total) -> dict[str, str]:
    """Where the offers of each figure of a space are listed."""
    here = reverse("catalog:offer-matrix", args=[environment.name])
    return {
        state: f"{here}?{urlencode({'space': total.space.name, 'state': state})}"
        for state in ("complete", "missing", "own", "off", "nowhere")
    }
