"""The keys that call this process often, as it remembers them.

Whoever lets one in by memory has to see that it is so still: `STAMP` goes into the first statement
that is asked anyway, and what it gives is held against the `stamp` of the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS
from django.db.models.base import ModelState

from accounts.authenticating import hash_secret, noted
from accounts.models import ApiKey
from offers_site.statements import read

FIELDS = [field.attname for field in ApiKey._meta.concrete_fields]
STATEMENT = (
    f"SELECT ctid::text || xmin::text, {', '.join(FIELDS)}"  # noqa: S608 (our identifiers)
    f" FROM {ApiKey._meta.db_table}"
    " WHERE secret_hash = %s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %s)"
)
# What changes whenever a key does; nothing of one that is revoked.
STAMP = """(SELECT a.ctid::text || a.xmin::text FROM accounts_apikey a
    WHERE a.id = %s AND a.revoked_at IS NULL)"""
MOST_HELD = 1_000


class KeyMoved(Exception):
    """The key is not as it was remembered. Nothing was done."""


class Held(NamedTuple):
    """A key as it was read. Each call makes its own of it: who made it may change by themselves."""

    values: Mapping[str, Any]  # by the names of its fields
    stamp: str

    def made(self) -> ApiKey:
        """What `from_db` makes, in a fraction of the time."""
        key = ApiKey.__new__(ApiKey)
        state = ModelState()
        state.db, state.adding = DEFAULT_DB_ALIAS, False
        key.__dict__.update(self.values, _state=state, stamp=self.stamp)
        return key


_held: dict[str, Held] = {}  # by the hashes of their secrets


def read_key(secret: str, *, at: datetime) -> ApiKey | None:
    """As `authenticating.find_key`, by a statement that is prepared once; it is remembered."""
    hashed = hash_secret(secret)
    rows = read(STATEMENT, [hashed, at])
    if not rows:
        return None
    stamp, *values = rows[0]
    key = ApiKey.from_db(DEFAULT_DB_ALIAS, FIELDS, values)
    if key.is_due_to_note_use(at):
        return noted(key, at)
    if len(_held) >= MOST_HELD:
        _held.clear()
    _held[hashed] = Held(dict(zip(FIELDS, values, strict=True)), stamp)
    return key


def held_key(secret: str, *, at: datetime) -> ApiKey | None:
    """As this process remembers it, if it does and that is enough for now."""
    held = _held.get(hash_secret(secret))
    if held is None:
        return None
    key = held.made()
    if key.is_due_to_note_use(at) or (key.expires_at and key.expires_at <= at):
        return None
    return key


def forget_key(secret: str) -> bool:
    """Says whether it was remembered."""
    return _held.pop(hash_secret(secret), None) is not None


def check_stamp(key: ApiKey, stamp: str | None) -> None:
    """Hold what `STAMP` gave for a key against what is remembered of it; raises KeyMoved."""
    if key.stamp and key.stamp != stamp:
        raise KeyMoved
    key.stamp = ""  # it is more than remembered now


def is_as_remembered(key: ApiKey) -> bool:
    return not key.stamp or key.stamp == stamp_of(key)


def stamp_of(key: ApiKey) -> str | None:
    """What it would be remembered by now; None of one that is revoked."""
    rows = read(f"SELECT {STAMP}", [key.pk])
    return str(rows[0][0]) if rows[0][0] is not None else None
