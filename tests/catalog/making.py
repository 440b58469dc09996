"""A small catalogue written through the forms, as people write it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction

from catalog.actions import approvals
from catalog.approving import Side
from catalog.describing import category_shape, fallback_offer_shape, offer_shape
from catalog.models import Category, Environment, Offer, OfferTemplate, Space
from catalog.saving import hold, save, save_all
from catalog.shapes import (
    CategoryShape,
    ContextShape,
    EnvironmentShape,
    FallbackOfferShape,
    FilterShape,
    OfferShape,
    PresentationRuleShape,
    RepresentationShape,
    SpaceShape,
)
from tests.build import NOON
from tests.decisioning.http import forget
from tests.keeping import Kept

LATER = NOON + timedelta(hours=1)
CONTENT, ELIGIBILITY = Side.CONTENT, Side.ELIGIBILITY


def write(row: Any, shape: Any, environment: Environment | None = None, **more: Any) -> Any:
    with transaction.atomic():
        return save(row, shape, environment=environment, **{"by": None, "at": NOON, **more})


def write_all(environment: Environment, shapes: Iterable[Any]) -> list[Any]:
    """New rows of one kind, which take hardly longer than one."""
    with transaction.atomic():
        pairs = [(None, shape) for shape in shapes]
        return save_all(hold(environment), pairs, by=None, at=NOON)


def make_shop(**values: Any) -> Environment:
    """Two spaces, travel with canada below, the filter `grown` and the rule R1."""
    if values:
        return new_shop(**values)
    forget()
    SHOP.bring()
    return Environment.objects.get(name="shop")


def new_shop(**values: Any) -> Environment:
    shape = EnvironmentShape(
        **{"name": "shop", "label": "Shop", "timezone": "Europe/Paris"} | values
    )
    shop: Environment = write(None, shape)
    for name, channel in (("webHero", "web"), ("callCenter", "call_center")):
        fields = ({"name": "title", "required": True},)
        space = {"name": name, "label": name, "channel": channel, "fields": fields}
        write(None, SpaceShape.model_validate(space), shop)
    write(
        None, FilterShape(name="grown", label="Grown", rule="years(contact.birth_date) > 17"), shop
    )
    travel = CategoryShape(name="travel", label="Travel", multiplier=2, filter='filter("grown")')
    write(None, travel, shop)
    write(None, CategoryShape(name="canada", label="Canada", parent="travel"), shop)
    rule = PresentationRuleShape(name="R1", label="Already taken", statuses=("accepted",))
    write(None, rule, shop)
    return shop


SHOP = Kept(new_shop)


def make_offer(shop: Environment, code: str = "NYC", **values: Any) -> Offer:
    more = {name: values.pop(name) for name in ("template", "by", "at") if name in values}
    offer: Offer = write(None, offer_form(code, **values), shop, **more)
    return offer


def offer_form(code: str = "NYC", **values: Any) -> OfferShape:
    values = {
        "code": code,
        "label": code.capitalize(),
        "category": "travel",
        "content": {"title": f"Go to {code}"},
        "contexts": (ContextShape(label="All", weight="9"),),
        "representations": (
            RepresentationShape(space="webHero"),
            RepresentationShape(space="callCenter"),
        ),
    } | values
    return OfferShape(**values)


def make_fallback_offer(shop: Environment, code: str = "BRAND") -> Offer:
    shape = FallbackOfferShape(
        code=code,
        label="Discover us",
        content={"title": "Hello"},
        representations=(RepresentationShape(space="webHero"),),
    )
    offer: Offer = write(None, shape, shop)
    return offer


def make_template(shop: Environment, **values: Any) -> OfferTemplate:
    values = {"environment": shop, "name": "Trips", "created_at": NOON, "changed_at": NOON} | values
    return OfferTemplate.objects.create(**values)


def fresh(offer: Offer) -> Offer:
    return Offer.objects.with_parts().select_related("template", "planned").get(pk=offer.pk)


def edit(offer: Offer, *, by: Any = None, **values: Any) -> Offer:
    offer = fresh(offer)
    shape = fallback_offer_shape(offer) if offer.is_fallback else offer_shape(offer)
    edited: Offer = write(offer, shape.model_copy(update=values), offer.environment, by=by)
    return edited


def edit_category(category: Category, **values: Any) -> Category:
    shape = category_shape(category).model_copy(update=values)
    edited: Category = write(category, shape, category.environment)
    return edited


def weigh(offer: Offer, weight: str) -> Offer:
    return edit(offer, contexts=(ContextShape(label="All", weight=weight),))


def publish(*offers: Offer, at: Any = NOON) -> Environment:
    """Approve both sides of each; the environment as it is then."""
    outcome = approvals.approve_many(offers, by=None, at=at)
    assert (outcome.refused, outcome.held_up) == ([], [])
    return now(offers[0].environment)


def now(environment: Environment) -> Environment:
    return Environment.objects.get(pk=environment.pk)


def states(offer: Offer) -> tuple[str, str]:
    offer = fresh(offer)
    return offer.content_state, offer.eligibility_state


def space(name: str) -> Space:
    return Space.objects.get(name=name)


def category(name: str) -> Category:
    return Category.objects.select_related("parent", "environment").get(name=name)
