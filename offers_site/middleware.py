"""The outermost layer: gives each request an id, one line in the log and a place in the figures."""

import re
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from offers_site import metrics
from offers_site.identifiers import uuid7

log = structlog.get_logger("overture.request")
ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
UNREMARKABLE = frozenset({"healthz", "readyz", "metrics"})


def describe_request(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
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
    metrics.REQUESTS.labels(request.method, view, response.status_code).inc()
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


def path_to_log(request: HttpRequest) -> str:
    """The path, with secrets that stand in it (reset links) named instead of shown."""
    match = request.resolver_match
    path = request.path
    for name, value in (match.kwargs if match else {}).items():
        if name in {"token", "key", "code_value"}:
            path = path.replace(str(value), f"<{name}>")
    return path
