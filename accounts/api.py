"""How programs are let in, and what they may ask about keys and the journal."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.http import HttpRequest
from django.utils.timezone import now
from ninja import Router
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from accounts import remembering
from accounts.authenticating import find_key
from accounts.models import ApiKey, JournalEntry
from accounts.remembering import KeyMoved, forget_key, held_key, is_as_remembered
from offers_site.paging import DEFAULT_LIMIT, page_of
from offers_site.problems import Problem
from offers_site.values import Moment, Text

Answer = TypeVar("Answer")
READINGS = 3  # of a key that is changed from call to call


class KeyRequest(HttpRequest):
    """A request that KeyAuth has let through."""

    auth: ApiKey


def key_of(request: HttpRequest) -> ApiKey:
    """Whose call it is, once KeyAuth has let it through."""
    return cast(KeyRequest, request).auth


class KeyAuth(HttpBearer):
    """Lets in requests with a usable key that carries one of `scopes`, if there are any.

    A session alone opens nothing.
    """

    def __init__(self, *scopes: str) -> None:
        super().__init__()
        self.scopes = scopes

    def __call__(self, request: HttpRequest) -> ApiKey | None:
        way, _space, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if way.lower() != self.openapi_scheme or not secret:
            return None
        return self.authenticate(request, secret.strip())

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        key = self.find(token)
        if key is None:
            raise Problem(
                401,
                "key_invalid",
                "This key is unknown, expired or revoked.",
                headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        check_origin(key, request.META.get("HTTP_ORIGIN"))
        if self.scopes and not any(map(key.may, self.scopes)):
            wanted = " or ".join(self.scopes)
            raise Problem(403, "scope_missing", f"This key does not carry the scope {wanted}.")
        return key

    def find(self, token: str) -> ApiKey | None:
        return find_key(token, at=now())


class HeldAuth(KeyAuth):
    """For calls that come all the time: the key as this process remembers it.

    Whoever lets it in has to see that it is so still, and raises KeyMoved; see `answer`.
    """

    def find(self, token: str) -> ApiKey | None:
        at = now()
        return held_key(token, at=at) or remembering.read_key(token, at=at)

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        """Nobody is sent away by what is only remembered."""
        try:
            return super().authenticate(request, token)
        except Problem as refusal:
            if refusal.status == 429 or not forget_key(token):
                raise
            return super().authenticate(request, token)

    def answer(self, request: HttpRequest, act: Callable[[ApiKey], Answer]) -> Answer:
        """What `act` answers the key, which is read again where it is not as it was remembered."""
        for _reading in range(READINGS):
            key = key_of(request)
            try:
                return act(key)
            except KeyMoved:
                pass
            except Problem:
                if self.is_as_remembered(key):
                    raise
            self.read_again(request)
        raise Problem(
            503, "busy", "The key that you show is being changed.", headers={"Retry-After": "1"}
        )

    def is_as_remembered(self, key: ApiKey) -> bool:
        return is_as_remembered(key)

    def read_again(self, request: HttpRequest) -> None:
        """Let the key in as it is now; raises Problem."""
        _way, _space, token = request.headers["Authorization"].partition(" ")
        forget_key(token.strip())
        key = self(request)
        if key is None:
            raise AuthenticationError
        cast(KeyRequest, request).auth = key


def check_origin(key: ApiKey, origin: str | None) -> None:
    """A key with origins works only for pages of those origins: it can be read by anybody."""
    if key.origins and origin not in key.origins:
        raise Problem(
            403, "origin_not_allowed", "This key may not be used from the origin of this request."
        )


router = Router(tags=["access"], auth=KeyAuth())


@router.get("/key", summary="What the presented key may do")
def read_key(request: HttpRequest) -> dict[str, Any]:
    key = key_of(request)
    return {
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "spaces": key.spaces,
        "coupon_folders": key.coupon_folders,
        "origins": key.origins,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
    }


@router.get("/journal", summary="Who changed what, newest first", auth=KeyAuth("journal"))
def list_journal(
    request: HttpRequest,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    verb: Text | None = None,
    subject_type: Text | None = None,
    subject_key: Text | None = None,
    by: Text | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
) -> dict[str, Any]:
    seen = JournalEntry.objects.visible_to(key_of(request).created_by)
    entries = seen.select_related("by").narrowed(
        verb=verb, subject_type=subject_type, subject_key=subject_key, since=since, until=until
    )
    if by:
        entries = entries.filter(by__email=by.strip().lower())
    return page_of(entries, describe, limit=limit, cursor=cursor)


def describe(entry: JournalEntry) -> dict[str, Any]:
    return {
        "id": str(entry.pk),
        "at": entry.at,
        "by": entry.by.email if entry.by else None,
        "by_name": entry.by_name or None,
        "via": entry.via,
        "verb": entry.verb,
        "subject_type": entry.subject_type,
        "subject_key": entry.subject_key,
        "subject_label": entry.subject_name,
        "before": entry.before,
        "after": entry.after,
        "comment": entry.comment,
        "request_id": entry.request_id or None,
    }
