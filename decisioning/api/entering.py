"""How programs and pages come in: which key, from where, how often."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.utils.timezone import now
from ninja.errors import AuthenticationError

from accounts.api import KeyAuth, KeyRequest
from accounts.authenticating import hash_secret, noted
from accounts.models import ApiKey
from decisioning import past
from decisioning.limiting import WITHIN, TooMany, count
from decisioning.statements import read
from offers_site.http import address_of
from offers_site.problems import Problem

FIELDS = [field.attname for field in ApiKey._meta.concrete_fields]
STATEMENT = (
    f"SELECT ctid::text || xmin::text, {', '.join(FIELDS)}"  # noqa: S608 (our identifiers)
    f" FROM {ApiKey._meta.db_table}"
    " WHERE secret_hash = %s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %s)"
)


MOST_HELD = 1_000
_held: dict[str, tuple[ApiKey, str]] = {}  # by their secrets' hashes, each with its stamp


class PageAuth(KeyAuth):
    """A key of a program, or one that stands in a page and is used only so often."""

    def find(self, token: str) -> ApiKey | None:
        """As for every other call, by a statement that is prepared once."""
        at, hashed = now(), hash_secret(token)
        rows = read(STATEMENT, [hashed, at])
        if not rows:
            return None
        stamp, *values = rows[0]
        key = ApiKey.from_db("default", FIELDS, values)
        if key.is_due_to_note_use(at):
            return noted(key, at)
        if len(_held) >= MOST_HELD:
            _held.clear()
        _held[hashed] = key, stamp
        return key

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


class HeldAuth(PageAuth):
    """As this process remembers the key: whoever lets it in has to see that it is so still."""

    def find(self, token: str) -> ApiKey | None:
        key, _stamp = _held.get(hash_secret(token), (None, ""))
        at = now()
        if key is None or key.is_due_to_note_use(at) or (key.expires_at and key.expires_at <= at):
            return super().find(token)
        return key

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        """Nobody is sent away by what is only remembered."""
        try:
            return super().authenticate(request, token)
        except Problem as refusal:
            if refusal.status == 429 or _held.pop(hash_secret(token), None) is None:
                raise
            return super().authenticate(request, token)

    def read_again(self, request: HttpRequest) -> ApiKey:
        """The key as it is now; raises Problem."""
        _held.pop(key_of(request).secret_hash, None)
        key = self(request)
        if key is None:
            raise AuthenticationError
        cast(KeyRequest, request).auth = key
        return key


def stamp_of(key: ApiKey) -> str:
    """By which a key that is remembered is known to be the same still."""
    held, stamp = _held.get(key.secret_hash, (None, ""))
    return stamp if held is key else ""


def is_as_remembered(key: ApiKey) -> bool:
    stamp = stamp_of(key)
    return not stamp or stamp == past.stamp_of(key.pk)


def key_of(request: HttpRequest) -> ApiKey:
    return cast(KeyRequest, request).auth
