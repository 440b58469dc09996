"""Applying a package."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.journal import Actor
from catalog.packages import applying
from catalog.packages.applying import Applied
from catalog.packages.reading import Read


@transaction.atomic(durable=True)
def apply_package(
    read: Read, *, publish: bool = False, prune: bool = False, by: Actor, at: datetime
) -> Applied:
    """Make the design what the package says, and publish it when asked to.

    All of it or nothing: raises NotAcceptable with every error, MayNot, NameTaken, NotAttributable.
    Done twice it changes nothing, and makes no release.
    """
    return applying.apply(read, publish=publish, prune=prune, by=by, at=at)
