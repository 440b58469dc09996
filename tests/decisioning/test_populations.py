"""Many people decided for at once get what each of them would get alone, and it is as exact."""

import json
import random
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Offer
from contacts.columns import known
from contacts.models import Contact
from contacts.storing import update
from decisioning import calling
from decisioning.live import live_for
from decisioning.models import CapTotalUse, CapUse, Clock, Interaction, Proposition
from decisioning.populations import NoSuchSpace, ask_everybody, look, record
from decisioning.replaying import differences, sampled
from offers_site.identifiers import moment_of
from tests.build import NOON, make_attribute
from tests.catalog.making import edit, fresh, publish
from tests.decisioning.crowds import alone, got, meanwhile, open_shop
from tests.decisioning.http import Bank, forget
from tests.often import often

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    yield open_shop()
    forget()


@pytest.fixture
def bank():
    return Bank()


# --- contact by contact ---


def had_before(bank, people):
    """Everybody has had something, said something about it, and the shared limit is nearly used."""
    chance = random.Random(7)  # noqa: S311 (no secret)
    for number in range(2 * len(people)):
        target = {"key": f"C{chance.randrange(len(people)):02}"}
        slot = {"space": "hero", "count": chance.randint(1, 6)}
        answer = bank.decide(slot, target=target, call={"device": "mobile"})
        for shown in answer["slots"][0]["propositions"]:
            if number % 2:
                status = {"status": chance.choice(["accepted", "rejected"])}
                bank.post(f"propositions/{shown['token']}/status", status)


def test_each_gets_what_a_call_gives(shop, bank):
    had_before(bank, shop)
    stored = Interaction.objects.count()

    @settings(
        max_examples=often(60),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        space=st.sampled_from(["hero", "desk", "hero_2"]),
        count=st.none() | st.integers(1, 12),
        categories=st.sampled_from([(), ("rest",), ("ties",), ("rest", "nowhere")]),
        seed=st.text("ab", min_size=1, max_size=3),
        call=st.sampled_from([{}, {"device": "mobile"}]),
        at=st.sampled_from(["2026-11-21T12:00", "2026-12-30T00:00", "2027-03-01T10:00"]),
    )
    def same(space, count, categories, seed, call, at):
        population = ask_everybody(space, count=count, categories=categories, seed=seed, call=call)
        zone = live_for(population.environment, 1).engine.release.zone
        for one in look(population, shop, at=calling.moment_of(at, zone)):
            slot = {"space": space, "count": count, "categories": categories}
            (expected,) = bank.decide(slot, target={"key": one.key}, at=at, seed=seed, call=call)[
                "slots"
            ]
            found = [(m.offer, m.rank, float(m.weight), m.context) for m in one.made]
            assert found == [
                (each["offer"], each["rank"], each["weight"], each["context"])
                for each in expected["propositions"]
            ], one.key
            assert [answer.reason for answer in one.answers] == [expected["reason"]]

    same()
    assert Interaction.objects.count() == stored  # looking leaves no trace


def test_contents_that_cannot_be_written_for_somebody_give_way(shop):
    found = got(look(ask_everybody("hero", count=3), shop, at=NOON))

    assert found["C01"] == ["NAMED", "LINKED", "ONCE"]
    assert found["C02"][:2] == ["NAMED", "ONCE"]  # "Paris" is no link
    assert found["C03"][:2] == ["LINKED", "ONCE"]  # has no first name


# --- what is stored ---


def kept(model, **which):
    row = model.objects.filter(**which).values().get()
    return {n: v for n, v in row.items() if n not in {"id", "interaction", "run_id", "seed"}}


def test_what_is_stored_is_what_one_decision_stores(shop):
    first, second = shop[5], shop[7]
    alike = {"points": 55, "first_name": "Ada", "city": "https://a.example", "language": "en"}
    for pk, key in ((first, "C05"), (second, "back\\slash\tor")):
        update(pk, {**alike, "key": key}, known(), at=NOON, version=None)
    for _time in range(2):  # the second time there is a history
        decided = alone(first, count=4)
        (chosen,) = record(ask_everybody("hero", count=4), [second], at=NOON).chosen

    assert [made.offer for made in chosen.made] == [made.offer for made in decided.made]
    ours, theirs = (
        kept(Interaction, id=chosen.interaction),
        kept(Interaction, id=decided.interaction),
    )
    mine, others = json.loads(ours.pop("inputs")), json.loads(theirs.pop("inputs"))
    assert mine.pop("target") == "back\\slash\tor"
    others.pop("target")
    mine["history"].sort(), others["history"].sort()  # in no order
    assert mine == others
    assert len(mine["history"]) == 4
    assert {**ours, "contact_id": first} == theirs
    for rank in (1, 2, 3, 4):
        row = kept(Proposition, interaction=chosen.interaction, rank=rank)
        expected = kept(Proposition, interaction=decided.interaction, rank=rank)
        assert {**row, "contact_id": first} == expected
    clocks = dict(Clock.objects.values_list("contact", "ticks"))
    assert clocks == {first: 2, second: 2}
    uses = dict(CapUse.objects.values_list("contact", "used"))
    assert uses[first] == uses[second] == 1
    assert moment_of(chosen.interaction) == NOON


def test_dates_and_moments_of_a_person_are_stored_as_one_decision_stores_them(shop):
    make_attribute("seen", "timestamp")
    rule = "contact.seen < now && years(contact.birth_date) > 20"
    publish(edit(fresh(Offer.objects.get(code="LAST")), filter=rule))
    seen = datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=ZoneInfo("Europe/Paris"))
    for pk in shop[:2]:
        update(pk, {"points": 5, "seen": seen}, known(), at=NOON, version=None)

    names = [alone(shop[0]).interaction]
    names += [one.interaction for one in record(ask_everybody("hero"), [shop[1]], at=NOON).chosen]

    for name in names:
        assert json.loads(Interaction.objects.get(id=name).inputs or "")["contact"] == {
            "points": 5,
            "birth_date": "1990-01-01",
            "seen": "2026-01-02T02:04:05.000600+00:00",
        }


def test_a_space_that_keeps_nothing_keeps_nothing(shop):
    found = record(ask_everybody("desk"), shop, at=NOON)

    assert all(one.made for one in found.chosen)
    assert not Interaction.objects.exists()
    assert not Clock.objects.exists()


def test_nothing_to_offer_is_stored_as_well(shop):
    record(ask_everybody("hero", categories=["nowhere"]), shop[:3], at=NOON)

    assert Interaction.objects.count() == 3
    assert not Proposition.objects.exists()
    assert not Clock.objects.exists()


def test_decisions_of_many_are_decided_again_from_what_was_stored(shop):
    for _time in range(3):
        record(ask_everybody("hero", count=4, call={"device": "mobile"}), shop, at=NOON)

    interactions = sampled(100)
    assert len(interactions) == 36
    assert list(differences(interactions, live_for)) == [None] * 36


# --- exactly ---


def test_what_everybody_shares_goes_to_who_comes_first(shop):
    found = got(record(ask_everybody("hero", count=11), shop, at=NOON).chosen)

    assert Counter("SHARED" in offers for offers in found.values()) == {True: 5, False: 7}
    assert sum(CapTotalUse.objects.values_list("used", flat=True)) == 5
    again = record(ask_everybody("hero", count=11), shop, at=NOON).chosen
    assert all("SHARED" not in offers for offers in got(again).values())


def test_who_has_moved_meanwhile_is_left_for_another_time(shop, monkeypatch):
    meanwhile(monkeypatch, lambda: alone(shop[3]))  # they are shown something, now

    found = record(ask_everybody("hero"), shop, at=NOON)

    assert found.moved == (shop[3],)
    assert "C03" not in got(found.chosen)
    only = Interaction.objects.get(contact=shop[3])
    theirs = Proposition.objects.filter(contact=shop[3])
    assert set(theirs.values_list("interaction", flat=True)) == {only.pk}
    (later,) = record(ask_everybody("hero", count=9), found.moved, at=NOON, hold=True).chosen
    assert "LINKED" in got([later])["C03"]
    assert "ONCE" not in got([later])["C03"]  # they have had it already


def test_who_is_gone_is_counted(shop):
    Contact.objects.filter(pk=shop[0]).delete()

    found = record(ask_everybody("hero"), shop, at=NOON)

    assert (found.gone, len(found.chosen)) == (1, 11)


def test_a_month_without_room_gets_some(shop):
    later = NOON.replace(year=2031)

    record(ask_everybody("hero"), shop, at=later)

    assert moment_of(Interaction.objects.first().id) == later


def test_only_spaces_that_are_live_can_be_asked(shop):
    with pytest.raises(NoSuchSpace):
        ask_everybody("nowhere")
