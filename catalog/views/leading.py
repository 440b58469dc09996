"""Where things of the catalogue are found, and where a problem is mended."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.http import Http404
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.models import Environment, Offer
from catalog.problems import Problem
from catalog.readiness import Obstacle
from catalog.views.doors import CatalogueRequest

# The page of each kind of thing, tried in this order.
PAGES = {
    "category": ("category-edit", "category-detail"),
    "space": ("space-edit", "space-detail"),
    "filter": ("filter-edit", "filter-detail"),
    "presentation_rule": ("presentation-rule-edit", "presentation-rule-detail"),
    "offer": ("offer-detail",),
    "fallback_offer": ("fallback-offer-detail",),
}
CONTENT = re.compile(r"content|translations|representations")
DETAILS = re.compile(r"label|description|tags|access_labels|coupon")


def find_offer(
    request: CatalogueRequest, environment: Environment, code: str, *, kind: str = ""
) -> Offer:
    """An offer that the person may see, with its parts; raises Http404."""
    if "\0" in code:
        raise Http404
    offer = one_offer(request.user, environment, code, kind=kind)
    request.belongs_to = offer.get_absolute_url()
    return offer


def one_offer(user: User, environment: Environment, code: str, *, kind: str = "") -> Offer:
    visible = Offer.objects.visible_to(user).filter(environment=environment, code=code)
    if kind:
        visible = visible.filter(kind=kind)
    offer = (
        visible.with_parts()
        .select_related("template", "planned", "author", "category", "environment")
        .first()
    )
    if offer is None:
        raise Http404
    return offer


def page_of_offer(name: str, offer: Offer, *more: Any) -> str:
    return reverse(f"catalog:{name}", args=[offer.environment.name, offer.code, *more])


def place_of(offer: Offer, problem: Problem) -> str:
    """Where something about an offer is mended."""
    path = problem.path
    if offer.is_fallback:
        return page_of_offer("fallback-offer-edit", offer)
    if CONTENT.match(path):
        return page_of_offer("offer-edit-content", offer) + anchor(path)
    if DETAILS.match(path):
        return page_of_offer("offer-edit-details", offer)
    if path.startswith("caps"):
        return page_of_offer("offer-edit-caps", offer)
    return page_of_offer("offer-edit-eligibility", offer) + anchor(path)


def anchor(path: str) -> str:
    """The field of a form that a path means, as pages number them."""
    context = re.match(r"contexts\[(\d+)\](?:\.(\w+))?", path)
    if context:
        return f"#context-{context[1]}"
    return f"#div_id_{path}" if path in {"filter", "start", "end", "category"} else ""


def place_of_obstacle(offer: Offer, obstacle: Obstacle) -> str:
    """The same of what stands around an offer; empty where there is no page for it."""
    if obstacle.kind in {"offer", "fallback_offer"} and obstacle.name == offer.code:
        return place_of(offer, obstacle.problem)
    if obstacle.kind == "environment":
        return address(("environment-edit", "environment-detail"), obstacle.name)
    return address(PAGES.get(obstacle.kind, ()), offer.environment.name, obstacle.name)


def address(pages: Sequence[str], *args: str) -> str:
    for page in pages:
        try:
            return reverse(f"catalog:{page}", args=args)
        except NoReverseMatch:
            continue
    return ""


def linked(offer: Offer, obstacles: Sequence[Obstacle]) -> list[tuple[str, str]]:
    """Sentences about what is in the way, each with the place where it is mended."""
    return [(sentence_of(offer, one), place_of_obstacle(offer, one)) for one in obstacles]


def sentence_of(offer: Offer, obstacle: Obstacle) -> str:
    if obstacle.name == offer.code:
        return obstacle.problem.message
    words = {"label": obstacle.label, "message": obstacle.problem.message}
    return _("%(label)s: %(message)s") % words
