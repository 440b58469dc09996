"""What people and programs are told when a request cannot be served."""

from __future__ import annotations

import sys

import psycopg
import structlog
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language_from_request, override
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.rights import Right
from offers_site.problems import problem

MOST_ADMINISTRATORS = 5
AWAY = (
    OperationalError,
    InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
SERVER_ERROR = ("server_error", "Something went wrong on our side.")
UNAVAILABLE = ("unavailable", "The database does not answer. Try again in a moment.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return sorry(
        request,
        400,
        "bad_request",
        _("This request cannot be understood"),
        _("The address or the form is not as we make them. Go back and try again."),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    rights = missing_rights(exception)
    return sorry(
        request,
        403,
        "forbidden",
        _("You may not see or do this"),
        _("Your roles do not include what this page asks for.")
        if rights
        else _("This is not open to you."),
        rights=rights,
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return sorry(
        request,
        404,
        "not_found",
        _("There is nothing at this address"),
        _("It may have been removed, or the address has a mistake in it."),
    )


@login_not_required
def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    return sorry(
        request,
        403,
        "csrf_refused",
        _("This form has expired"),
        _("Nothing was saved. Go back, load the page again and send the form once more."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Without a query: the database may be what failed, and then another try may do.

    It may have failed before anybody knew what the person has chosen: the browser says a language.
    """
    away = isinstance(sys.exc_info()[1], AWAY)
    status = 503 if away else 500
    headers = {"Retry-After": "5"} if away else {}
    if is_program(request):
        code, text = UNAVAILABLE if away else SERVER_ERROR
        return problem(status, code, text, headers=headers)
    context = {"request_id": request_id(), "code": status}
    language = getattr(request, "LANGUAGE_CODE", "") or get_language_from_request(request)
    try:
        with override(language):
            page: str = render_to_string("errors/server_error.html", context)
    except Exception:  # noqa: BLE001 (whatever it is, there must be an answer)
        page = f"<!doctype html><title>{status}</title><h1>Something went wrong</h1>"
    return HttpResponse(page, status=status, headers=headers)


def sorry(
    request: HttpRequest,
    status: int,
    code: str,
    title: str,
    text: str,
    *,
    rights: list[Right] | None = None,
) -> HttpResponse:
    if is_program(request):
        return problem(status, code, text)
    signed_in = isinstance(getattr(request, "user", None), User)
    asked = signed_in and bool(rights)
    context = {
        "shell": "base.html" if signed_in else "signed_out.html",
        "code": status,
        "title": title,
        "text": text,
        "rights": [right.label for right in rights or []] if signed_in else [],
        "administrators": User.objects.active().administrators()[:MOST_ADMINISTRATORS]
        if asked
        else [],
        "request_id": request_id(),
    }
    return render(request, "errors/sorry.html", context, status=status)


def is_program(request: HttpRequest) -> bool:
    return f"{request.path}/".startswith("/api/")


def request_id() -> str:
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def missing_rights(exception: Exception) -> list[Right]:
    """The rights that a view asked for in vain.

    `permission_required` raises without a word, but the frame that raised knows what it asked.
    """
    names: tuple[object, ...] = exception.args if isinstance(exception, PermissionDenied) else ()
    trace = exception.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "check_perms":
            names = tuple(trace.tb_frame.f_locals.get("perms", ()))
        trace = trace.tb_next
    known = set(Right.values)
    return [Right(str(name)) for name in names if str(name) in known]
