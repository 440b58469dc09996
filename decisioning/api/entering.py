"""How programs and pages come in: which key, from where, how often."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.utils.timezone import now

from accounts.api import HeldAuth, KeyAuth, KeyRequest
from accounts.models import ApiKey
from accounts.remembering import read_key
from decisioning.limiting import WITHIN, TooMany, count
from offers_site.http import address_of
from offers_site.problems import Problem


class PageAuth(KeyAuth):
    """A key of a program, or one that stands in a page and is used only so often."""

    def find(self, token: str) -> ApiKey | None:
        return read_key(token, at=now())

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        key = super().authenticate(request, token)
        if key.is_publishable:
            cast(KeyRequest, request).auth = key  # so that the page may read when it is to wait
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


class HeldPageAuth(HeldAuth, PageAuth):
    """The same, as this process remembers the key."""
