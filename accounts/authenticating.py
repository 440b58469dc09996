"""Which key a program shows, and whether it still opens anything."""

import hashlib
import secrets
from datetime import datetime

from accounts.models import ApiKey

SHOWN = 10  # characters of a key by which people recognise it: too few to guess the rest


def make_secret(*, publishable: bool) -> str:
    """A fresh key of 256 random bits; `pk_` says that it may stand in a web page."""
    return f"{'pk' if publishable else 'sk'}_{secrets.token_urlsafe(32)}"


def hash_secret(secret: str) -> str:
    """Chance this long needs no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find_key(secret: str, *, at: datetime) -> ApiKey | None:
    """The key that `secret` opens with at `at`, whose use is noted; None when it opens nothing."""
    keys = ApiKey.objects.usable_at(at).select_related("created_by")
    return noted(keys.filter(secret_hash=hash_secret(secret)).first(), at)


def noted(key: ApiKey | None, at: datetime) -> ApiKey | None:
    """The key, whose use is written down now and then."""
    if key and key.is_due_to_note_use(at):
        ApiKey.objects.filter(pk=key.pk).note_use(at)
    return key
