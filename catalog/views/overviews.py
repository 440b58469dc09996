"""The pages that show many offers at once, as tabs."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from catalog.models import Environment
from catalog.views.doors import CatalogueRequest
from catalog.views.tabs import Tab


def overviews_of(request: CatalogueRequest, environment: Environment, current: str) -> list[Tab]:
    """Those of the design side; none while live is looked at."""
    if request.place.is_live or not request.user.has_perm("catalog.view_design_offer"):
        return []
    found = [
        ("offer-list", _("List")),
        ("weight-grid", _("Weights")),
        ("offer-matrix", _("In which spaces")),
        ("offer-calendar", _("Calendar")),
        ("lint-list", _("What to look at")),
    ]
    category = request.GET.get("category", "")
    query = f"?{urlencode({'category': category})}" if category else ""
    return [
        Tab(label, reverse(f"catalog:{page}", args=[environment.name]) + query, page == current)
        for page, label in found
    ]
