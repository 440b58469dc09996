"""The tree of categories as people look at it: what each says, and what it inherits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from math import prod
from typing import Any

from django.db.models import Count

from accounts.models import User
from catalog.livenow import live_categories, visible_revisions
from catalog.models import Category, Environment, Offer, Revision
from catalog.shapes import CategoryShape
from catalog.veiling import veil_of
from offers_site.resembling import folded

Window = tuple[datetime | None, datetime | None]


@dataclass(frozen=True)
class Branch:
    """One category in the tree."""

    category: CategoryShape
    chain: Sequence[CategoryShape]  # with all above it, the topmost first
    place: int  # among those beside it, from nought
    beside: int
    has_below: bool
    offers: int  # in it
    offers_below: int  # in it and below
    multiplier: Decimal  # of all, now
    row: Category | None = None  # in design

    @property
    def name(self) -> str:
        return self.category.name

    @property
    def depth(self) -> int:
        return len(self.chain) - 1

    @property
    def level(self) -> int:
        return len(self.chain)

    @property
    def parent(self) -> str:
        return self.category.parent or ""

    @property
    def has_parent(self) -> bool:
        return bool(self.parent)

    @property
    def has_filter(self) -> bool:
        return bool(self.category.filter)

    @property
    def place_from_one(self) -> int:
        return self.place + 1

    @property
    def is_first(self) -> bool:
        return self.place == 0

    @property
    def is_last(self) -> bool:
        return self.place == self.beside - 1

    @cached_property
    def window(self) -> Window:
        """In which offers below can be proposed: what all the dates above leave of it."""
        starts = [each.start for each in self.chain if each.start is not None]
        ends = [each.end for each in self.chain if each.end is not None]
        return max(starts, default=None), min(ends, default=None)

    @property
    def inherits_window(self) -> bool:
        return self.window != (self.category.start, self.category.end)

    @property
    def themes(self) -> tuple[str, ...]:
        return tuple(self.category.themes)

    @cached_property
    def inherited_themes(self) -> tuple[str, ...]:
        own = set(self.category.themes)
        above = (theme for each in self.chain[:-1] for theme in each.themes)
        return tuple(theme for theme in dict.fromkeys(above) if theme not in own)

    @cached_property
    def off_above(self) -> CategoryShape | None:
        """The one above that is disabled, and this with it."""
        return next((each for each in self.chain[:-1] if not each.enabled), None)

    @property
    def is_on(self) -> bool:
        return all(each.enabled for each in self.chain)

    @property
    def filters(self) -> list[CategoryShape]:
        return [each for each in self.chain if each.filter]

    @cached_property
    def multipliers(self) -> tuple[CategoryShape, ...]:
        return tuple(each for each in self.chain if each.multiplier != 1)

    @property
    def multiplied(self) -> tuple[tuple[str, object], ...]:
        """Where the multiplier comes from: labels and numbers."""
        return tuple((each.label, each.multiplier) for each in self.multipliers)


def outline(
    categories: Sequence[CategoryShape],
    offers: Mapping[str, int],
    *,
    at: datetime,
    rows: Mapping[str, Category] | None = None,
) -> list[Branch]:
    """All categories, each before what is below it. Those beside each other keep their order."""
    known = {each.name: each for each in categories}
    below: dict[str | None, list[CategoryShape]] = {}
    for each in categories:
        parent = each.parent if each.parent in known else None
        below.setdefault(parent, []).append(each)
    found: list[Branch] = []

    def grow(parent: str | None, above: tuple[CategoryShape, ...]) -> int:
        total = 0
        beside = below.get(parent, [])
        for place, each in enumerate(beside):
            chain = (*above, each)
            at_index = len(found)
            found.append(None)  # type: ignore[arg-type] # filled once those below are counted
            own = offers.get(each.name, 0)
            number = own + grow(each.name, chain)
            found[at_index] = Branch(
                category=each,
                chain=chain,
                place=place,
                beside=len(beside),
                has_below=each.name in below,
                offers=own,
                offers_below=number,
                multiplier=multiplier_at(chain, at),
                row=(rows or {}).get(each.name),
            )
            total += number
        return total

    grow(None, ())
    return found


def multiplier_at(chain: Iterable[CategoryShape], at: datetime) -> Decimal:
    """By what weights are multiplied at a moment; starts are in, ends are not."""
    return prod(
        (
            Decimal(str(each.multiplier))
            for each in chain
            if each.multiplier_start is None or each.multiplier_start <= at
            if each.multiplier_end is None or at < each.multiplier_end
        ),
        start=Decimal(1),
    )


def matching(branches: Sequence[Branch], text: str) -> list[Branch]:
    """Those whose label, name or theme has every word, with all above them."""
    words = folded(text).split()
    if not words:
        return list(branches)
    kept: set[str] = set()
    for each in branches:
        own = folded(" ".join([each.category.label, each.name, *each.category.themes]))
        if all(word in own for word in words):
            kept |= {above.name for above in each.chain}
    return [each for each in branches if each.name in kept]


# --- how many offers ---


def offers_in_design(environment: Environment, user: User) -> dict[str, int]:
    """How many offers stand in each category, of those that a person may see."""
    seen = Offer.objects.offers().visible_to(user).filter(environment=environment)
    counted = seen.order_by().values_list("category__name").annotate(number=Count("pk"))
    return {name: number for name, number in counted if name}


def offers_in_live(environment: Environment, user: User) -> dict[str, int]:
    """The same of what is live."""
    veil = veil_of(environment, user)
    live = visible_revisions(environment, veil, live_categories(environment))
    offers = live.filter(kind=Revision.Kind.OFFER).order_by()
    counted: Any = offers.values_list("body__category").annotate(number=Count("pk"))
    return {name: number for name, number in counted if name}
