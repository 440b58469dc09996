"""A process holds what is live: whole, of the right release, and made only once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from catalog.actions import releases
from catalog.shapes import CapShape, Every, shape_of
from decisioning import live
from decisioning.engine.values import Question, Slot
from tests.build import NOON, make_attribute, make_audience
from tests.catalog.making import LATER, edit, make_offer, make_shop, now, publish, weigh

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_held():
    live.forget()
    yield
    live.forget()


@pytest.fixture
def shop():
    return make_shop()


def decided(shop, number=None, **contact):
    number = now(shop).release_number if number is None else number
    question = Question(
        at=NOON,
        target="C-1",
        seed="s",
        slots=(Slot(slot="hero", space="webHero", count=9),),
        contact=contact,
    )
    (answer,) = live.engine_for(shop.pk, number).decide(question).answers
    return [f"{one.offer} {one.weight}" for one in answer.propositions]


GROWN = {"birth_date": (NOON - timedelta(days=365 * 30)).date()}


def test_a_release_decides_as_it_was_approved(shop):
    publish(make_offer(shop, "NYC"), make_offer(shop, "CAN", category="canada"))

    assert decided(shop, **GROWN) == ["CAN 18", "NYC 18"]
    assert decided(shop) == []  # the category asks for grown people


def test_every_number_is_what_it_was_from_whichever_side_it_is_reached(shop):
    nyc = make_offer(shop, "NYC")
    publish(nyc)
    publish(weigh(nyc, "20"))
    publish(make_offer(shop, "ROM"))
    releases.switch([nyc], enabled=False, by=None, at=LATER)
    expected = {1: ["NYC 18"], 2: ["NYC 40"], 3: ["NYC 40", "ROM 18"], 4: ["ROM 18"]}

    for order in ([1, 2, 3, 4], [4, 3, 2, 1], [3, 1, 4, 2]):
        live.forget()
        assert {n: decided(shop, n, **GROWN) for n in order} == expected


def test_only_what_changed_is_read_and_compiled_again(shop, monkeypatch):
    offers = [make_offer(shop, f"O{n}", filter=f"contact.city != '{n}'") for n in range(5)]
    publish(*offers)
    first = live.live_for(shop.pk, 1)
    publish(weigh(offers[3], "1"))
    read = []

    def noted(kind, body):
        read.append(kind)
        return shape_of(kind, body)

    monkeypatch.setattr(live, "shape_of", noted)

    second = live.live_for(shop.pk, 2)

    assert read == ["offer"]
    before, after = first.engine.release.by_code, second.engine.release.by_code
    assert [code for code in before if before[code].ask is not after[code].ask] == ["O3"]


def test_what_is_held_is_not_read_again(shop, django_assert_num_queries):
    publish(make_offer(shop))
    held = live.live_for(shop.pk, 1)

    with django_assert_num_queries(0):
        assert live.live_for(shop.pk, 1) is held


def test_the_oldest_makes_room_and_the_youngest_stays(shop):
    offer = make_offer(shop)
    for number in range(1, 8):
        publish(weigh(offer, str(number)))
        live.live_for(shop.pk, number)
    live.live_for(shop.pk, 1)

    assert sorted(live.held[shop.pk]) == [1, 5, 6, 7]
    assert live.latest(shop.pk).number == 7


@pytest.mark.parametrize("number", [0, 2])
def test_there_is_nothing_live_before_the_first_release(shop, number):
    with pytest.raises(live.NothingLive):
        live.engine_for(shop.pk, number)


def test_a_rule_that_means_nothing_any_more_never_holds(shop):
    attribute = make_attribute("points")
    publish(make_offer(shop, "A", filter="contact.points > 5"), make_offer(shop, "B"))
    attribute.delete()

    assert decided(shop, points=9, **GROWN) == ["B 18"]


def test_a_list_is_asked_by_its_number(shop):
    friends = make_audience("friends")
    publish(make_offer(shop, filter='filter("friends")'))

    assert decided(shop, lists=(friends.pk,), **GROWN) == ["NYC 18"]
    assert decided(shop, lists=(friends.pk + 1,), **GROWN) == []


def test_counters_outlive_a_change_of_the_limit(shop):
    caps = (CapShape(limit=5, per="contact", every=Every(weeks=2), spaces="each"),)
    offer = make_offer(shop, caps=caps)
    publish(offer)
    publish(edit(offer, caps=(caps[0].model_copy(update={"limit": 1}),)))

    def cap(number):
        (found,) = live.engine_for(shop.pk, number).release.by_code["NYC"].offer.caps
        return found

    key = "NYC/proposition/contact/2weeks/each"
    assert (cap(1).key, cap(1).limit) == (key, 5)
    assert (cap(2).key, cap(2).limit) == (key, 1)
    assert (cap(1).every, cap(1).unit, cap(1).per_contact, cap(1).each_space) == (
        2, "weeks", True, True,
    )  # fmt: skip


def test_what_is_read_of_people_is_what_rules_and_content_name(shop):
    make_attribute("points")
    make_attribute("tier", "string")
    make_attribute("unasked", "string")
    content = {"title": "{{ contact.tier }}"}
    publish(make_offer(shop, filter="contact.points > 5", content=content))

    asked = live.live_for(shop.pk, 1).columns

    assert sorted(asked) == ["birth_date", "key", "language", "lists", "points", "tier"]


@pytest.mark.django_db(transaction=True)
def test_threads_that_miss_the_same_release_load_it_once(monkeypatch):
    shop = make_shop()
    publish(make_offer(shop))
    loads, found = [], []
    load = live.load

    def noted(environment, number, former):
        loads.append(number)
        return load(environment, number, former)

    monkeypatch.setattr(live, "load", noted)

    def ask():
        found.append(live.live_for(shop.pk, 1))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert loads == [1]
    assert len(set(map(id, found))) == 1
