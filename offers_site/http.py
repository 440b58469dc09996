"""Requests and responses as every room sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from accounts.models import User


class StaffRequest(HttpRequest):
    """A request that LoginRequiredMiddleware and HtmxMiddleware have let through."""

    user: User
    htmx: HtmxDetails


def render_page(
    request: StaffRequest,
    template: str,
    context: Mapping[str, object],
    *,
    fragment: str,
    status: int = 200,
) -> HttpResponse:
    """Render the page, or only its fragment when htmx means to swap it in.

    One address has two answers, so caches must tell them apart; and when htmx restores its history
    it wants the whole page.
    """
    swaps = request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request
    name = f"{template}#{fragment}" if swaps else template
    response = render(request, name, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Boosted", "HX-History-Restore-Request"])
    return response
