"""Adding pictures."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.journal import record
from accounts.models import User
from catalog.models.content import Asset
from catalog.pictures import keep, read_picture


@transaction.atomic(durable=True)
def add_picture(*, name: str, data: bytes, by: User | None, at: datetime) -> Asset:
    """Keep a picture, once: the same one again is the one that is there. Raises BadPicture."""
    asset, is_new = keep(read_picture(data), name=name, at=at)
    if is_new:
        record("picture.added", asset, by=by, at=at)
    return asset
