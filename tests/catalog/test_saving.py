"""From forms to rows and back, and what an edit leaves as it was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.actions.granting import Stale
from accounts.models import JournalEntry
from catalog.approving import Side
from catalog.describing import category_shape, environment_shape, offer_shape, space_shape
from catalog.models import ApprovalStep, Category, Environment, Offer, Tag
from catalog.problems import NameTaken
from catalog.rows import KINDS
from catalog.saving import hold, save, save_all
from catalog.shapes import (
    CapShape,
    CategoryShape,
    ContextShape,
    EnvironmentShape,
    FallbackOfferShape,
    FilterShape,
    OfferShape,
    RepresentationShape,
    SpaceShape,
)
from tests.build import NOON, make_label, make_user

pytestmark = pytest.mark.django_db
LATER = datetime(2026, 11, 22, tzinfo=UTC)


def write(row: Any, shape: Any, environment: Environment | None = None, **more: Any) -> Any:
    with transaction.atomic():
        return save(row, shape, environment=environment, **{"by": None, "at": NOON, **more})


@pytest.fixture
def shop() -> Environment:
    environment: Environment = write(None, EnvironmentShape(name="shop", label="Shop"))
    fields = ({"name": "title", "required": True}, {"name": "html", "required": False})
    hero = SpaceShape.model_validate(
        {"name": "hero", "label": "Hero", "channel": "web", "fields": fields}
    )
    write(None, hero, environment)
    write(None, hero.model_copy(update={"name": "body", "channel": "email"}), environment)
    write(None, CategoryShape(name="travel", label="Travel"), environment)
    return environment


OFFER = OfferShape(
    code="SAHARA",
    label="Sahara",
    category="travel",
    contexts=(ContextShape(label="All", weight="9"), ContextShape(label="Young", weight="12")),
    content={"title": "Dunes"},
    representations=(
        RepresentationShape(space="hero"),
        RepresentationShape(space="body", content={"title": "By mail"}),
    ),
    caps=(CapShape(limit=5), CapShape(limit=2, per="contact")),
    tags=("summer", "sand"),
)


def fresh(code: str = "SAHARA") -> Offer:
    return Offer.objects.with_parts().get(code=code)


def test_a_form_reads_back_as_it_was_written(shop):
    offer = write(None, OFFER, shop)

    assert offer_shape(offer) == OFFER.model_copy(update={"tags": ("sand", "summer")})
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["sand", "summer"]
    assert (offer.content_state, offer.eligibility_state) == ("editing", "editing")


def test_every_field_of_spaces_and_environments_reads_back():
    label = make_label("brand-a")
    environment = EnvironmentShape.model_validate(
        {
            "name": "full",
            "label": "Full",
            "description": "All of it",
            "timezone": "Europe/Paris",
            "language": "fr",
            "filter": "true",
            "four_eyes": True,
            "sandbox": True,
            "call_data": {"device": {"type": "string", "label": "Device", "choices": ("a", "b")}},
            "samples": ({"name": "phone", "label": "On the phone", "data": {"device": "a"}},),
            "access_labels": (label.code,),
        }
    )
    row = write(None, environment)
    space = SpaceShape.model_validate(
        {
            "name": "spot",
            "label": "Spot",
            "channel": "sms",
            "unitary": True,
            "default_count": 3,
            "default_themes": ("a", "b"),
            "fields": ({"name": "text", "required": True},),
            "render": {"html": "h", "text": "t", "json": "{}"},
            "identification": ("email",),
            "implicit_identification": True,
            "needs_token": True,
            "record": False,
            "status_on_proposition": "presented",
            "status_on_acceptance": "interested",
            "store_on_proposition": {"spend": "1"},
            "store_on_status": {"agent": "2"},
            "fill_with_fallback": True,
            "tie_policy": "fixed",
            "diversity": {"max_per_category": 2, "category_depth": 1},
        }
    )

    assert environment_shape(row) == environment
    assert space_shape(write(None, space, row)) == space


def test_what_a_form_does_not_change_is_not_written(shop):
    offer = write(None, OFFER, shop)
    before = JournalEntry.objects.count()

    again = write(offer, OFFER, shop, at=LATER)

    assert (again.version, again.changed_at) == (1, NOON)
    assert JournalEntry.objects.count() == before


def test_a_stale_form_changes_nothing(shop):
    offer = write(None, OFFER, shop)
    write(offer, OFFER.model_copy(update={"label": "First"}), shop, version=1)

    with pytest.raises(Stale):
        write(offer, OFFER.model_copy(update={"label": "Second"}), shop, version=1)

    assert fresh().label == "First"
    assert fresh().version == 2


def test_a_taken_code_is_refused(shop):
    write(None, OFFER, shop)
    with pytest.raises(NameTaken):
        write(None, OFFER, shop)
    with pytest.raises(NameTaken):
        write(None, FallbackOfferShape(code="SAHARA", label="Fallback"), shop)


def test_an_edited_line_keeps_its_row(shop):
    offer = write(None, OFFER, shop)
    contexts = {c.label: c.pk for c in offer.contexts.all()}
    caps = {c.per: c.pk for c in offer.caps.all()}
    edited = OFFER.model_copy(
        update={
            "contexts": (
                ContextShape(label="Young", weight="13"),
                ContextShape(label="Old", weight="1"),
            ),
            "caps": (CapShape(limit=3, per="contact"),),
        }
    )

    write(offer, edited, shop)

    assert {c.label: c.pk for c in fresh().contexts.all()} == {
        "Young": contexts["Young"],
        "Old": contexts["All"],
    }
    assert {c.per: c.pk for c in fresh().caps.all()} == {"contact": caps["contact"]}
    assert offer_shape(fresh()).contexts == edited.contexts


def test_an_enabled_representation_stays_enabled_until_it_lacks_something(shop):
    offer = write(None, OFFER, shop)
    offer.representations.update(is_enabled=True)

    def enabled() -> set[str]:
        return {r.space.name for r in fresh().representations.all() if r.is_enabled}

    write(offer, OFFER.model_copy(update={"filter": "true"}), shop)
    assert enabled() == {"hero", "body"}
    write(fresh(), OFFER.model_copy(update={"content": {"title": "Other"}}), shop)
    assert enabled() == {"hero", "body"}
    write(fresh(), OFFER.model_copy(update={"content": {}}), shop)
    assert enabled() == {"body"}
    write(fresh(), OFFER, shop)
    assert enabled() == {"body"}


def approve(offer: Offer) -> None:
    Offer.objects.filter(pk=offer.pk).update(content_state="approved", eligibility_state="live")


def states() -> tuple[str, str]:
    offer = fresh()
    return offer.content_state, offer.eligibility_state


def test_editing_a_side_takes_its_approval_back(shop):
    offer = write(None, OFFER, shop)
    approve(offer)
    write(fresh(), OFFER.model_copy(update={"label": "New"}), shop)
    assert states() == ("editing", "live")
    approve(offer)
    write(fresh(), OFFER.model_copy(update={"label": "New", "tags": ("sand",)}), shop)
    assert states() == ("approved", "editing")
    assert list(ApprovalStep.objects.values_list("side", "act")) == [(Side.CONTENT, "reset")]


def test_editing_a_category_takes_back_the_eligibility_of_all_below(shop):
    below = CategoryShape(name="desert", label="Desert", parent="travel")
    write(None, below, shop)
    offer = write(None, OFFER.model_copy(update={"category": "desert"}), shop)
    travel = Category.objects.get(name="travel")
    approve(offer)
    write(travel, CategoryShape(name="travel", label="Journeys"), shop)
    assert states() == ("approved", "live")
    write(travel, CategoryShape(name="travel", label="Journeys", filter="true"), shop)
    assert states() == ("approved", "editing")


def test_editing_a_filter_takes_back_whatever_asks_it(shop):
    inner = write(None, FilterShape(name="inner", label="Inner", rule="true"), shop)
    write(None, FilterShape(name="outer", label="Outer", rule='filter("inner")'), shop)
    offer = write(None, OFFER.model_copy(update={"filter": '!filter("outer")'}), shop)
    write(None, OFFER.model_copy(update={"code": "OTHER", "tags": ()}), shop)
    Offer.objects.update(eligibility_state="live", content_state="live")

    write(inner, FilterShape(name="inner", label="Inner", rule="false"), shop)

    assert states() == ("live", "editing")
    assert fresh("OTHER").eligibility_state == "live"
    assert offer.pk == fresh().pk


def test_the_journal_says_what_differs_and_whose_object_it_is(shop):
    alice = make_user("alice@example.org", "catalog.change_offer")
    offer = write(None, OFFER, shop, by=alice)
    write(offer, OFFER.model_copy(update={"content": {"title": "New"}}), shop, by=alice)

    entry = JournalEntry.objects.get(verb="offer.changed")
    assert (entry.subject_key, entry.by) == ("shop/SAHARA", alice)
    assert (entry.before, entry.after) == ({"content.title": "Dunes"}, {"content.title": "New"})
    assert fresh().content_edited_by == alice


def test_many_take_as_many_statements_as_few(shop):
    def statements(codes: range) -> int:
        shapes = [OFFER.model_copy(update={"code": f"O{code}"}) for code in codes]
        with (
            CaptureQueriesContext(
                connection,
            ) as queries,
            transaction.atomic(),
        ):
            save_all(hold(shop), [(None, shape) for shape in shapes], by=None, at=NOON)
        rows = KINDS[OfferShape].read(environment=shop)
        edited = [
            (row, offer_shape(row).model_copy(update={"filter": f"{row.code!r} == 'x'"}))
            for row in rows[-len(codes) :]
        ]
        with CaptureQueriesContext(connection) as more, transaction.atomic():
            save_all(hold(shop), edited, by=None, at=NOON)
        return len(queries) + len(more)

    write(None, OFFER, shop)  # its tags are there
    assert statements(range(2)) == statements(range(10, 60))


def test_categories_are_made_in_the_order_that_they_need(shop):
    shapes = [
        CategoryShape(name="c", label="C", parent="b"),
        CategoryShape(name="b", label="B", parent="a"),
        CategoryShape(name="a", label="A", parent="travel"),
    ]
    with transaction.atomic():
        save_all(hold(shop), [(None, shape) for shape in shapes], by=None, at=NOON)

    deepest = Category.objects.select_related("parent").get(name="c")
    assert category_shape(deepest).parent == "b"
    assert Category.objects.get(name="a").parent == Category.objects.get(name="travel")
