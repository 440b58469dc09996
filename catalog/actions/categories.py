"""Making, changing, moving and deleting categories."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.actions.granting import stale
from accounts.journal import Actor, record
from catalog.accepting import accept
from catalog.deleting import check_category_unused, forget, out_of_live
from catalog.describing import category_shape
from catalog.gathering import Kind
from catalog.models import Category, Environment
from catalog.placing import place
from catalog.saving import hold
from catalog.shapes import CategoryShape


@transaction.atomic(durable=True)
def create_category(
    environment: Environment, shape: CategoryShape, *, by: Actor, at: datetime
) -> Category:
    """Add a category after those beside it; raises NotAcceptable, NameTaken or MayNotGrant."""
    made: Category = accept(None, shape, environment=environment, by=by, at=at)
    return made


@transaction.atomic(durable=True)
def edit_category(
    category: Category, shape: CategoryShape, *, version: int, by: Actor, at: datetime
) -> Category:
    """Change a category as read at `version`; raises Stale too."""
    edited: Category = accept(
        category, shape, environment=category.environment, version=version, by=by, at=at
    )
    return edited


@transaction.atomic(durable=True)
def move_category(
    category: Category,
    *,
    parent: Category | None,
    position: int | None = None,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Category:
    """Put a category below another (None: at the top), at a place among those there.

    Without a position it comes last. Raises NotAcceptable when it would stand below itself.
    """
    environment = hold(category.environment)
    now = Category.objects.select_related("parent").filter(pk=category.pk).first()
    if now is None or version not in (None, now.version):
        raise stale(category)
    before = now.parent.name if now.parent else None
    shape = category_shape(now).model_copy(update={"parent": parent.name if parent else None})
    if before != shape.parent:
        now = accept(now, shape, environment=environment, by=by, at=at)
    beside = place(now, position)
    if beside is not None:
        Category.objects.filter(pk=now.pk).update(version=F("version") + 1, changed_at=at)
        now.refresh_from_db()
        record("category.moved", now, by=by, at=at, before=beside[0], after=beside[1])
    return now


@transaction.atomic(durable=True)
def delete_category(category: Category, *, by: Actor, at: datetime) -> None:
    """Delete a category that nothing uses, in design or in live, or raise StillUsed."""
    environment = hold(category.environment)
    check_category_unused(category, by)
    out_of_live(environment, Kind.CATEGORY, [category.name], by=by, at=at)
    forget(category, "category.deleted", by=by, at=at)
