"""Where sessions are kept: Django's own table, asked only for keys that Django could have made."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS


class SessionStore(db.SessionStore):
    """A cookie can spell a NUL, for which PostgreSQL has no place: such a key is no key."""

    def _validate_session_key(self, key: Any) -> bool:
        plausible = super()._validate_session_key(key)  # type: ignore[misc] # unknown to the stubs
        return bool(plausible) and set(key) <= set(VALID_KEY_CHARS)
