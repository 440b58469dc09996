"""The rows that forms name, by name: each table is read at most once for any number of forms."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from accounts.models import AccessLabel
from catalog.models import Category, Environment, Offer, Space
from catalog.surroundings import content_fields
from coupons.models import Coupon


class References:
    """From names to primary keys, as they are when they are first asked for."""

    def __init__(self, environment: Environment | None) -> None:
        self.environment = environment

    @cached_property
    def categories(self) -> dict[str, int]:
        rows = Category.objects.filter(environment=self.environment)
        return dict(rows.values_list("name", "pk"))

    @cached_property
    def spaces(self) -> dict[str, int]:
        """All of the installation: a space may pass people on to another environment."""
        return dict(Space.objects.values_list("name", "pk"))

    @cached_property
    def required(self) -> dict[str, tuple[str, ...]]:
        """The content fields that each space of the environment requires."""
        rows = Space.objects.filter(environment=self.environment).values_list("name", "fields")
        return {
            name: tuple(field["name"] for field in fields if field["required"])
            for name, fields in rows
        }

    @cached_property
    def fallback_offers(self) -> dict[str, int]:
        rows = Offer.objects.fallback_offers().filter(environment=self.environment)
        return dict(rows.values_list("code", "pk"))

    @cached_property
    def fields(self) -> dict[str, str]:
        return content_fields(self.environment)

    @cached_property
    def coupons(self) -> dict[str, int]:
        return dict(Coupon.objects.values_list("code", "pk"))

    @cached_property
    def labels(self) -> dict[str, int]:
        return dict(AccessLabel.objects.values_list("code", "pk"))

    def learn(self, categories: Iterable[Any]) -> None:
        """Categories that have just been made, for those below them."""
        self.categories.update((row.name, row.pk) for row in categories)
