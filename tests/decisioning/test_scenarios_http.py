"""The scenarios of the decision algorithm, answered by the product over HTTP."""

from datetime import date

import pytest

from catalog.actions import approvals
from catalog.approving import Side
from catalog.describing import environment_shape, space_shape
from catalog.models import Environment, Offer, Space
from catalog.shapes import CallDatum, ContextShape, Diversity, PresentationRuleShape
from contacts.models import Contact
from decisioning import partitions
from decisioning.engine.values import Status
from decisioning.models import Interaction, Proposition
from offers_site.identifiers import uuid7_at
from tests.catalog.making import LATER, edit, fresh, publish, write
from tests.decisioning.http import forget, open_bank, told
from tests.engine.bank import day
from tests.engine.scenarios import SCENARIOS, Seen, Why

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank_of_the_module")]
SPACE_OF = {"web": "webHero", "email": "emailBody", "call_center": "callCenter"}


@pytest.fixture
def bank():
    yield open_bank()
    forget()


def had(who, past):
    """Nothing but this is somebody's history."""
    contact, environment = Contact.objects.get(key=who), Environment.objects.get(name="contacts")
    Proposition.objects.filter(contact=contact).delete()
    for one in past:
        at = day(one.at)
        partitions.make_month(at)
        offer = Offer.objects.get(code=one.offer, environment=environment)
        Proposition.objects.create(
            id=uuid7_at(at),
            environment=environment,
            contact=contact,
            at=at,
            changed_at=at,
            status=Status[one.status.upper()],
            rank=1,
            weight=1,
            is_fallback=False,
            offer=one.offer,
            space=SPACE_OF[one.channel],
            channel=one.channel,
            category=offer.category.name,
            category_path=offer.category.name,
        )


@pytest.fixture
def answered(bank):
    def ask(who, space, count, at="2026-06-15T10:00", *, past=(), age=None, **more):
        had(who, past)
        if age is not None:
            Contact.objects.filter(key=who).update(birth_date=date(2026 - age, 2, 11))
        slot = bank.ask(who, space, count, at, **more)
        return Seen(
            told=told(slot),
            contexts=tuple(one["context"] for one in slot["propositions"]),
            ranks=tuple(one["rank"] for one in slot["propositions"]),
            why={
                one["offer"]: Why(one["step"], one["rule"] or "", one["count"], one["limit"])
                for one in slot.get("explain", ())
            },
        )

    return ask


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.__name__)
def test_scenario(answered, scenario):
    scenario(answered)


# --- what only the product can do ---


def offers(slot):
    return [one["offer"] for one in slot["propositions"]]


def test_ac28_a_weight_of_zero_is_not_eligible(bank):
    sahara = Offer.objects.get(code="SAHARA")
    publish(edit(sahara, contexts=(ContextShape(label="Standard", weight="0"),)))

    slot = bank.ask("C5", "webHero", 9, categories=["travel"], explain=True)

    assert told(slot).startswith("NYC 18, ROCKIES 15")
    assert {one["offer"]: one["step"] for one in slot["explain"]}["SAHARA"] == "context"


def test_ac29_slots_of_ranks_are_one_decision(bank):
    answer = bank.decide(
        {"slot": "left", "space": "webHero_1", "categories": ["travel"]},
        {"slot": "right", "space": "webHero_2", "categories": ["travel"]},
        target={"key": "C5"},
    )

    left, right = (slot["propositions"] for slot in answer["slots"])
    assert [one["rank"] for one in (*left, *right)] == [1, 2]
    assert answer["recorded"] is True
    stored = Proposition.objects.order_by("rank").values_list("slot", "rank", "interaction")
    assert [(slot, rank, str(interaction)) for slot, rank, interaction in stored] == [
        ("left", 1, answer["interaction"]),
        ("right", 2, answer["interaction"]),
    ]


def test_ac30_who_is_not_known_yet_and_then_signs_in(bank):
    slot = {"space": "webHero", "categories": ["travel", "anonTravel"]}

    before = bank.decide(slot, target=None)
    after = bank.decide(slot, target={"key": "C5", "visitor": before["visitor"]})

    assert before["environment"] == before["slots"][0]["environment"] == "visitors"
    assert offers(before["slots"][0]) == ["ANON-TRIP"]
    assert (before["identification"], before["recorded"]) == ("anonymous", True)
    visitor = Contact.objects.get(kind="visitor", key=before["visitor"])
    assert after["environment"] == "contacts"
    assert after["slots"][0]["environment"] == "contacts"
    assert (after["identification"], after["visitor"]) == ("explicit", before["visitor"])
    assert visitor.linked_contact.key == "C5"


def test_ac31_live_is_what_was_approved(bank):
    def weight():
        slot = bank.ask("C5", "callCenter", 9)
        return {one["offer"]: one["weight"] for one in slot["propositions"]}["NYC"]

    nyc = Offer.objects.get(code="NYC")
    number = bank.decide({"space": "callCenter"}, target={"key": "C5"})["release"]
    assert weight() == 18
    contexts = (ContextShape(label="Standard", weight="50"),)
    nyc = edit(nyc, contexts=contexts, content={**nyc.content, "title": "New York"})
    assert weight() == 18
    approvals.approve(nyc, Side.CONTENT, by=None, at=LATER)
    assert weight() == 18
    approvals.approve(fresh(nyc), Side.ELIGIBILITY, by=None, at=LATER)

    assert weight() == 100
    again = bank.decide({"space": "callCenter"}, target={"key": "C5"})
    assert again["release"] == number + 1


def test_ac32_a_category_off_line_is_off_line_at_once(bank):
    assert "SNOW" in offers(bank.ask("C2", "webHero", 9))
    response = bank.post("environments/contacts/categories/travel/disable", {})
    assert response.status_code == 200

    slot = bank.ask("C2", "webHero", 9)

    assert offers(slot) == ["PLAT", "HOMEINS", "SAVE", "PRESS", "APP"]


@pytest.mark.parametrize(
    ("depth", "expected"),
    [(None, "SAHARA 18, ROCKIES 15, SAVE 8"), (1, "SAHARA 18, SAVE 8, PRESS 1")],
)
def test_ac33_one_of_a_category(bank, depth, expected):
    hero = Space.objects.select_related("environment").get(name="webHero")
    diversity = Diversity(max_per_category=1, category_depth=depth)
    write(hero, space_shape(hero).model_copy(update={"diversity": diversity}), hero.environment)
    publish(edit(Offer.objects.get(code="SAVE"), description="Goes live with its space."))

    assert told(bank.ask("C5", "webHero", 3)) == expected


def test_ac35_what_is_not_stored_counts_for_nothing(bank):
    call = {"space": "callCenter", "count": 9}

    answer = bank.decide(call, target={"key": "C5"}, record=False)

    assert answer["recorded"] is False
    assert offers(answer["slots"][0]) == ["PRESS", "APP"]  # no season for journeys any more
    assert not Interaction.objects.exists()
    assert not Proposition.objects.exists()


@pytest.mark.parametrize(("records", "again"), [(True, ["APP"]), (False, ["PRESS"])])
def test_ac35_a_space_may_store_nothing(bank, records, again):
    space = Space.objects.select_related("environment").get(name="callCenter")
    once = PresentationRuleShape(name="once", label="Once", scope="offer", max=1)
    write(None, once, space.environment)
    change(space, record=records)

    first, second = (bank.decide({"space": "callCenter"}, target={"key": "C5"}) for _ in range(2))

    assert (first["recorded"], offers(first["slots"][0])) == (records, ["PRESS"])
    assert offers(second["slots"][0]) == again
    assert Proposition.objects.count() == (2 if records else 0)


def change(space, **values):
    """Another form of a space goes live."""
    write(space, space_shape(space).model_copy(update=values), space.environment)
    publish(edit(Offer.objects.get(code="APP"), description=f"{space.name} is otherwise."))


def test_ac36_the_life_of_a_proposition(bank):
    shop = Environment.objects.get(name="contacts")
    shape = environment_shape(shop)
    data = {**shape.call_data, "agent": CallDatum(type="int")}
    write(shop, shape.model_copy(update={"call_data": data}))
    space = Space.objects.select_related("environment").get(name="webHero")
    change(space, store_on_status={"agent": "call.agent"})
    (shown,) = bank.decide({"space": "webHero"}, target={"key": "C2"})["slots"][0]["propositions"]
    assert (shown["offer"], shown["status"]) == ("PLAT", "presented")

    def tell(**body):
        return bank.post(f"propositions/{shown['token']}/status", body).json()

    refused = tell(status="rejected", call={"agent": 12})
    again = tell(status=5)
    backwards = tell(status="presented")

    assert (refused["status"], refused["changed"]) == ("rejected", True)
    assert (again["status"], again["changed"], again["warnings"]) == ("rejected", False, [])
    assert (backwards["status"], backwards["changed"]) == ("rejected", False)
    assert [one["code"] for one in backwards["warnings"]] == ["transition_ignored"]
    assert refused["data"] == Proposition.objects.get().data == {"agent": 12}
