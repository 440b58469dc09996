"""The outermost layer: gives each request an id, one line in the log and a place in the figures."""

import functools
import re
import time
from collections.abc import Callable

import structlog
from csp.constants import HEADER
from csp.middleware import CSPMiddleware, PolicyParts
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve

from offers_site import metrics
from offers_site.identifiers import uuid7
from offers_site.logs import path_to_log

log = structlog.get_logger("overture.request")
ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
STRAIGHT = (
    "/api/v1/decisions",
    "/api/v1/propositions/",
    "/api/v1/coupons/validate",
    "/api/v1/coupons/redemptions",
    "/api/v1/coupons/holds",
)
UNREMARKABLE = frozenset({"healthz", "readyz", "metrics"})


def describe_request(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if ACCEPTABLE_ID.fullmatch(given) else str(uuid7())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        response = get_response(request)
        seconds = time.perf_counter() - began
        response["X-Request-ID"] = request_id
        note(request, response, seconds)
        return response

    return middleware


def note(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """Log and count one request. Query strings and bodies may hold codes: they are left out."""
    match = request.resolver_match
    view = match.view_name if match else "unknown"
    # Whoever invents methods shall not fill the memory with figures.
    method = request.method if request.method in METHODS else "other"
    metrics.REQUESTS.labels(method, view, response.status_code).inc()
    metrics.REQUEST_SECONDS.labels(view).observe(seconds)
    if view in UNREMARKABLE and response.status_code < 400:
        return
    log.info(
        "request.answered",
        method=request.method,
        path=path_to_log(request),
        status=response.status_code,
        milliseconds=round(seconds * 1000, 1),
    )


def answer_programs(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Decisions, what became of them, and what tills ask go straight to their view.

    What stands below is for people who have signed in: sessions, their language, their forms.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(STRAIGHT):
            return get_response(request)
        match = _known.get(request.path_info)
        if match is None:
            try:
                match = resolved(request.path_info)
            except Resolver404:
                return get_response(request)
        request.resolver_match = match
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

    return middleware


_known: dict[str, ResolverMatch] = {}  # by path, where nothing in it is told to the view


def resolved(path: str) -> ResolverMatch:
    """What a path leads to; raises Resolver404."""
    found = resolve(path)
    if not found.args and not found.kwargs:  # so there are no more of them than we wrote
        _known[path] = found
    return found


def keep_private(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """An answer is for one person at one moment, unless its view says otherwise: nobody keeps it.

    After signing out, the browser's "Back" shows nothing either. What a view gives to everybody is
    the same for all.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        if response.headers["Cache-Control"].startswith("public"):
            response.headers.pop("Vary", None)
            response.cookies.clear()
        return response

    return middleware


class ContentPolicy(CSPMiddleware):
    """The policy of all answers but those that bring one: written once, not anew for each."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        own = self.get_policy_parts(request, response) != PolicyParts()
        if settings.DEBUG or own or hasattr(response, "_csp_exempt"):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, everywhere())
        return response


@functools.cache
def everywhere() -> str:
    return build_policy()
