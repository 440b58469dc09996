"""How programs and pages come in: which key, from where, how often."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.utils.timezone import now

from accounts.api import KeyAuth, KeyRequest
from accounts.authenticating import hash_secret, noted
from accounts.models import ApiKey
from decisioning.limiting import WITHIN, TooMany, count
from decisioning.statements import read
from offers_site.http import address_of
from offers_site.problems import Problem

FIELDS = [field.attname for field in ApiKey._meta.concrete_fields]
STATEMENT = (
    f"SELECT {', '.join(FIELDS)} FROM {ApiKey._meta.db_table}"  # noqa: S608 (our identifiers)
    " WHERE secret_hash = %s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %s)"
)


class PageAuth(KeyAuth):
    """A key of a program, or one that stands in a page and is used only so often."""

    def find(self, token: str) -> ApiKey | None:
        """As for every other call, by a statement that is prepared once."""
        at = now()
        rows = read(STATEMENT, [hash_secret(token), at])
        return noted(ApiKey.from_db("default", FIELDS, rows[0]), at) if rows else None

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
