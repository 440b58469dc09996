"""A file that somebody has brought waits an hour for them to look at its plan."""

from __future__ import annotations

import secrets
import zlib

from django.core.cache import cache

from accounts.models import User

SECONDS = 60 * 60


def keep(data: bytes, *, user: User) -> str:
    """The word under which this person finds the file again."""
    word = secrets.token_urlsafe(16)
    cache.set(key_of(word, user), zlib.compress(data, 1), SECONDS)
    return word


def kept(word: str, *, user: User) -> bytes | None:
    """The file, or None when it is too long ago or somebody else's."""
    found = cache.get(key_of(word, user))
    return zlib.decompress(found) if found else None


def forget(word: str, *, user: User) -> None:
    cache.delete(key_of(word, user))


def key_of(word: str, user: User) -> str:
    return f"package:{user.pk}:{word}"
