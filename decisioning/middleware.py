"""For sites that write offers into their pages on the server: who the browser is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from decisioning.places import A_YEAR, COOKIE, Browser


def remember_visitors(get_response: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let the template tag know the visitor, and the browser the one that it has met.

    Stands among MIDDLEWARE, or as a decorator on a view.
    """

    def middleware(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        browser = Browser(visitor=request.COOKIES.get(COOKIE, "")[:120].replace("\0", ""))
        request.overture_browser = browser  # type: ignore[attr-defined]
        response = get_response(request, *args, **kwargs)
        if browser.met and browser.met != browser.visitor:
            response.set_cookie(
                COOKIE,
                browser.met,
                max_age=A_YEAR,
                secure=request.is_secure(),
                samesite="Lax",  # the script reads it too
            )
        return response

    return middleware
