"""The HTTP API of all rooms, its document and its refusals."""

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from accounts.api import router as accounts_router
from accounts.models import ApiKey
from catalog.api import router as catalog_router
from contacts.api import router as contacts_router
from coupons.api import router as coupons_router
from decisioning.api import router as decisions_router
from jobs.api import router as jobs_router
from offers_site.jsonbytes import to_json
from offers_site.problems import FieldError, Problem, problem
from offers_site.subjects import SUBJECTS
from transfers.api import imports_router

api = NinjaAPI(
    title="Overture",
    version="1",
    description="Decisions, statuses, catalogue, contacts, coupons, deliveries and imports.",
    docs_url=None,
    openapi_url=None,
)
api.add_router("", accounts_router)
api.add_router("", decisions_router)  # first: its addresses are no contact's
api.add_router("", contacts_router)
api.add_router("", coupons_router)
api.add_router("", catalog_router)
api.add_router("/jobs", jobs_router)
api.add_router("/imports", imports_router(SUBJECTS))


View = Callable[..., HttpResponse]


def for_programs(view: View) -> View:
    """A view without cookies: no sign-in and no forged form; a wrong method is a problem too.

    What takes GET takes HEAD; the server sends the answer without its body.
    """

    @csrf_exempt
    @login_not_required
    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_preflight(request):
            return preflight(request)
        response = answered_as_get(view, request, *args, **kwargs)
        let_pages_read(request, response)
        if response.status_code != 405:
            return response
        allowed = allowed_of(response)
        return problem(
            405,
            "method_not_allowed",
            f"This address takes {allowed}.",
            headers={"Allow": allowed},
        )

    return answer


def answered_as_get(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """What a view answers, which knows of no HEAD; the request is as it came afterwards."""
    if request.method != "HEAD":
        return view(request, *args, **kwargs)
    request.method = "GET"
    try:
        return view(request, *args, **kwargs)
    finally:
        request.method = "HEAD"


def allowed_of(refusal: HttpResponse) -> str:
    """The methods that an address takes."""
    methods = set(refusal.headers["Allow"].split(", "))
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


# --- pages of other origins ---


def is_preflight(request: HttpRequest) -> bool:
    """A browser asks whether a page may call. It shows no key yet, so nothing is looked up."""
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def preflight(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(status=204)
    response["Access-Control-Allow-Origin"] = request.headers.get("Origin", "null")
    response["Access-Control-Allow-Methods"] = "GET, POST"
    response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Idempotency-Key"
    response["Access-Control-Max-Age"] = "600"
    response["Vary"] = "Origin"
    return response


def let_pages_read(request: HttpRequest, response: HttpResponse) -> None:
    """A page reads the answer when its key stands in pages of its origin."""
    key, origin = getattr(request, "auth", None), request.META.get("HTTP_ORIGIN")
    if isinstance(key, ApiKey) and origin and origin in key.origins:
        response["Access-Control-Allow-Origin"] = origin
        patch_vary_headers(response, ["Origin"])


def keyed_urls() -> Any:
    """The API's addresses. They ask for a key instead of a person who has signed in."""
    patterns, app_name, namespace = api.urls
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            pattern.callback = for_programs(pattern.callback)
    return patterns, app_name, namespace


@api.exception_handler(Problem)
def on_problem(request: HttpRequest, refusal: Problem) -> HttpResponse:
    return refusal.response()


@api.exception_handler(ValidationError)
def on_validation_error(request: HttpRequest, refusal: ValidationError) -> HttpResponse:
    errors = [field_error(error) for error in refusal.errors]
    return problem(422, "invalid", "The request does not have the expected form.", errors=errors)


def field_error(error: dict[str, Any]) -> FieldError:
    """What pydantic says about one value, as a JSON pointer below where the value stands."""
    place, *path = [str(part) for part in error["loc"]]
    if place == "body":
        path = path[1:]  # the name of our parameter
    pointer = "/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in path)
    return {
        "pointer": pointer if place == "body" else f"{place}:{pointer}",
        "code": str(error["type"]),
        "detail": str(error["msg"]),
    }


@api.exception_handler(AuthenticationError)
def on_no_key(request: HttpRequest, refusal: AuthenticationError) -> HttpResponse:
    return problem(
        401,
        "key_missing",
        "Send a key: Authorization: Bearer …",
        headers={"WWW-Authenticate": "Bearer"},
    )


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, refusal: HttpError) -> HttpResponse:
    code = "body_unreadable" if refusal.status_code == 400 else "refused"
    return problem(refusal.status_code, code, str(refusal))


@api.exception_handler(RequestDataTooBig)
def on_too_big(request: HttpRequest, refusal: RequestDataTooBig) -> HttpResponse:
    return problem(413, "body_too_large", "The body is larger than this call accepts.")


@for_programs
@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3.1 document; it says what can be asked, never what is stored."""
    written = document(reverse("api-1:api-root"))
    return HttpResponse(written, content_type="application/json")


@functools.lru_cache(maxsize=1)
def document(root: str) -> bytes:
    """The same for everybody, as long as the addresses begin with this; it takes long to write."""
    return to_json(api.get_openapi_schema(path_prefix=root))


@for_programs
@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """A page to read the document and try calls with a key."""
    settings = {"url": reverse("api-openapi"), "deepLinking": True}
    return render(request, "api_docs.html", {"settings": settings})
