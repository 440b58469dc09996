"""How programs and pages come in: which key, from where, how often."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.utils.timezone import now

from accounts.api import KeyAuth, KeyRequest
from accounts.models import ApiKey
from decisioning.limiting import WITHIN, TooMany, count
from offers_site.http import address_of
from offers_site.problems import Problem


class PageAuth(KeyAuth):
    """A key of a program, or one that stands in a page and is used only so often."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        key = super().authenticate(request, token)
        if key.is_publishable:
            try:
                count(f"{key.pk}:{address_of(request)}", int(now().timestamp()) // WITHIN)
            except TooMany as refusal:
                raise Problem(
                    429,
                    "rate_limited",
                    "Too many calls from this address: wait a minute.",
                    headers={"Retry-After": str(refusal.wait)},
                ) from None
        return key


def key_of(request: HttpRequest) -> ApiKey:
    return cast(KeyRequest, request).auth
