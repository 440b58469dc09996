"""The tabs of an offer."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from catalog.models import Offer
from catalog.views.leading import page_of_offer


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    is_current: bool
    count: int | None = None
    has_errors: bool = False


def tabs_of(offer: Offer, current: str, *, has_errors: bool = False) -> list[Tab]:
    """Those of an offer; of a fallback offer, which knows no conditions, fewer."""
    found = [
        ("overview", _("Overview"), "offer-detail", None),
        ("content", _("Content"), "offer-edit-content", len(offer.representations.all())),
        ("eligibility", _("Eligibility"), "offer-edit-eligibility", len(offer.contexts.all())),
        ("caps", _("Caps"), "offer-edit-caps", len(offer.caps.all())),
        ("details", _("Details"), "offer-edit-details", None),
        ("journal", _("Journal"), "offer-journal", None),
    ]
    if offer.is_fallback:
        found = [
            ("overview", _("Overview"), "fallback-offer-detail", None),
            ("journal", _("Journal"), "offer-journal", None),
        ]
    return [
        Tab(
            label,
            page_of_offer(page, offer),
            name == current,
            count,
            has_errors=has_errors and name == current,
        )
        for name, label, page, count in found
    ]
