"""The tabs of an offer and of a space."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.models import Environment, Offer


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    is_current: bool
    count: int | None = None
    has_errors: bool = False


def tabs_of(
    offer: Offer, current: str, user: User, *, is_live: bool = False, has_errors: bool = False
) -> list[Tab]:
    """Those of an offer; of a fallback offer, which knows no conditions, and on live, fewer."""
    detail = "fallback-offer-detail" if offer.is_fallback else "offer-detail"
    found: list[tuple[str, str, str, int | None]]
    found = [("overview", _("Overview"), f"catalog:{detail}", None)]
    if user.has_perm("catalog.change_offer") and not (offer.is_fallback or is_live):
        contexts = len(offer.contexts.all())
        found += [
            (
                "content",
                _("Content"),
                "catalog:offer-edit-content",
                len(offer.representations.all()),
            ),
            ("eligibility", _("Eligibility"), "catalog:offer-edit-eligibility", contexts),
            ("caps", _("Caps"), "catalog:offer-edit-caps", len(offer.caps.all())),
            ("details", _("Details"), "catalog:offer-edit-details", None),
        ]
    if user.has_perm("decisioning.view_proposition"):
        found.append(("propositions", _("Propositions"), "decisioning:offer-propositions", None))
    if not is_live:
        found.append(("journal", _("Journal"), "catalog:offer-journal", None))
    return [
        Tab(
            label,
            reverse(page, args=[offer.environment.name, offer.code]),
            name == current,
            count,
            has_errors=has_errors and name == current,
        )
        for name, label, page, count in found
    ]


def tabs_of_space(environment: Environment, space: str, current: str, user: User) -> list[Tab]:
    """What it is, what it would show, and what it has shown."""
    found = [("overview", _("Overview"), "catalog:space-detail")]
    if user.has_perm("decisioning.explain"):
        found.append(("preview", _("Preview"), "decisioning:space-preview"))
    if user.has_perm("decisioning.view_proposition"):
        found.append(("propositions", _("Propositions"), "decisioning:space-propositions"))
    args = [environment.name, space]
    return [Tab(label, reverse(page, args=args), name == current) for name, label, page in found]
