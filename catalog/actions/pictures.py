"""Adding pictures."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.journal import record
from accounts.models import User
from catalog.models.content import Asset
from catalog.pictures import name_of, read_picture


@transaction.atomic(durable=True)
def add_picture(*, name: str, data: bytes, by: User | None, at: datetime) -> Asset:
    """Keep a picture, once: the same one again is the one that is there. Raises BadPicture."""
    picture = read_picture(data)
    asset, is_new = Asset.objects.get_or_create(
        hash=picture.hash,
        defaults={
            "name": name_of(name),
            "media_type": picture.media_type,
            "width": picture.width,
            "height": picture.height,
            "size": len(picture.data),
            "data": picture.data,
            "created_at": at,
        },
    )
    if is_new:
        record("picture.added", asset, by=by, at=at)
    return asset
