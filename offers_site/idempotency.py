"""Names that callers give to what they ask, so that to ask again does nothing twice."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest

from offers_site.problems import Problem

LONGEST = 200


class OtherBody(Exception):
    """Something else was told under this name before."""


def name_of(request: HttpRequest) -> str:
    """What the header Idempotency-Key says, or ""; raises Problem."""
    name: str = request.META.get("HTTP_IDEMPOTENCY_KEY", "")
    if len(name) > LONGEST or "\0" in name:
        raise Problem(
            422,
            "idempotency_key_invalid",
            "An idempotency key has at most 200 characters, and not NUL.",
        )
    return name


def digest_of(body: bytes) -> str:
    """By which another body is told from the same."""
    return hashlib.sha256(body).hexdigest()


def name_reused() -> Problem:
    return Problem(
        422,
        "idempotency_key_reused",
        "The same Idempotency-Key came with another body before.",
    )
