"""Which rows each form has, and how they are read with all that their forms are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from catalog import describing
from catalog.models import (
    Category,
    ContentField,
    Environment,
    Filter,
    Offer,
    PresentationRule,
    Space,
)
from catalog.shapes import (
    CategoryShape,
    ContentFieldShape,
    EnvironmentShape,
    FallbackOfferShape,
    FilterShape,
    OfferShape,
    PresentationRuleShape,
    Shape,
    SpaceShape,
)

Row = Any  # of one of the models below


@dataclass(frozen=True)
class Kind:
    """The rows of one kind of form, and what the journal calls them."""

    model: type[models.Model]
    noun: str
    shape_of: Callable[[Any], Shape]
    related: tuple[str, ...] = ()
    prefetched: tuple[str, ...] = ()
    among: Mapping[str, Any] | None = None  # which of the model's rows are of this kind

    def read(self, **conditions: Any) -> list[Row]:
        """In a constant number of queries, however many there are."""
        rows = self.rows(**conditions, **(self.among or {}))
        return list(rows.prefetch_related(*self.prefetched).order_by("pk"))

    def read_again(self, row: Row) -> Row:
        """The row as it is now; its parts are read when somebody asks for them."""
        return self.rows().get(pk=row.pk)

    def rows(self, **conditions: Any) -> models.QuerySet[Any]:
        rows = self.model._default_manager.filter(**conditions)
        return rows.select_related(*self.related) if self.related else rows

    @property
    def has_labels(self) -> bool:
        return "access_labels" in self.prefetched


LABELS = ("access_labels",)
PARTS = ("contexts__space", "representations__space", "caps", "tags", *LABELS)
KINDS: Mapping[type[Shape], Kind] = {
    EnvironmentShape: Kind(
        Environment, "environment", describing.environment_shape, prefetched=LABELS
    ),
    ContentFieldShape: Kind(
        ContentField, "content_field", describing.content_field_shape, ("environment",)
    ),
    FilterShape: Kind(Filter, "filter", describing.filter_shape, ("environment",)),
    CategoryShape: Kind(
        Category, "category", describing.category_shape, ("environment", "parent"), LABELS
    ),
    SpaceShape: Kind(
        Space,
        "space",
        describing.space_shape,
        ("environment", "default_category", "anonymous_space", "fallback_offer"),
    ),
    OfferShape: Kind(
        Offer,
        "offer",
        describing.offer_shape,
        ("environment", "category"),
        PARTS,
        {"kind": Offer.Kind.OFFER},
    ),
    FallbackOfferShape: Kind(
        Offer,
        "offer",
        describing.fallback_offer_shape,
        ("environment",),
        PARTS,
        {"kind": Offer.Kind.FALLBACK},
    ),
    PresentationRuleShape: Kind(
        PresentationRule,
        "presentation_rule",
        describing.presentation_rule_shape,
        ("environment",),
    ),
}


def shape_of(row: Row) -> Shape:
    """The form of a row that was read as its kind says."""
    return next(
        kind.shape_of(row)
        for kind in KINDS.values()
        if isinstance(row, kind.model)
        and all(getattr(row, name) == value for name, value in (kind.among or {}).items())
    )
