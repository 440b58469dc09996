"""Where sessions are kept: Django's own table, asked only for keys that Django could have made."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.utils.timezone import now

from offers_site.statements import read

STATEMENT = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"


class SessionStore(db.SessionStore):
    """A cookie can spell a NUL, for which PostgreSQL has no place: such a key is no key."""

    def _validate_session_key(self, key: Any) -> bool:
        plausible = super()._validate_session_key(key)  # type: ignore[misc] # unknown to the stubs
        return bool(plausible) and set(key) <= set(VALID_KEY_CHARS)

    def load(self) -> dict[str, Any]:
        """As Django does it, by a statement that is prepared once."""
        rows = read(STATEMENT, [self.session_key, now()], once=True)
        if not rows:
            self._session_key = None
            return {}
        kept: dict[str, Any] = self.decode(rows[0][0])
        return kept
