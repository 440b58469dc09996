"""Refusals for programs: application/problem+json (RFC 9457) with a stable code."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NotRequired, TypedDict

from django.http import HttpResponse, JsonResponse


class FieldError(TypedDict):
    """What is wrong with one field: a JSON pointer into the body, a stable code, a sentence."""

    pointer: str
    code: str
    detail: NotRequired[str]


class Problem(Exception):
    """An answer to a program that could not be served; raise it anywhere below the API."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}

    def response(self) -> HttpResponse:
        return problem(
            self.status, self.code, self.detail, errors=self.errors, headers=self.headers
        )


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = list(errors)
    return JsonResponse(
        body, status=status, content_type="application/problem+json", headers=headers
    )
