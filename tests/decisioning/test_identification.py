"""Whom a call is for: only who they say and can show they are, and nobody before they agree."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from catalog.describing import environment_shape, space_shape
from catalog.models import Environment, Offer, Space
from contacts import columns
from contacts.actions.attributes import declare_attribute
from contacts.models import Attribute, Contact
from decisioning.identifying import sign
from decisioning.models import Interaction
from tests.build import NOON, make_contact
from tests.catalog.making import edit, publish, write
from tests.decisioning.http import Bank, forget, open_bank

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank_of_the_module")]
HERO = {"space": "webHero"}


@pytest.fixture
def bank():
    yield open_bank()
    forget()


def change_space(name, **values):
    space = Space.objects.select_related("environment").get(name=name)
    write(space, space_shape(space).model_copy(update=values), space.environment)
    offer = Offer.objects.filter(representations__space=space, category__isnull=False)[0]
    publish(edit(offer, description=f"{name} is otherwise."))


def codes(answer):
    return [one["code"] for one in answer["warnings"]]


def seen(answer):
    """How somebody was identified, in which environment, and why not."""
    (slot,) = answer["slots"]
    return answer["identification"], slot["environment"], slot["reason"]


# --- where nobody gets in ---


def make_sandbox(name):
    environment = Environment.objects.get(name=name)
    write(environment, environment_shape(environment).model_copy(update={"sandbox": True}))
    offer = Offer.objects.filter(environment=environment, category__isnull=False)[0]
    publish(edit(offer, description="To try."))


def test_a_sandbox_is_for_those_who_try(bank):
    make_sandbox("contacts")
    body = {"environment": "contacts", "slots": [HERO], "target": {"key": "C2"}}

    public = Bank("decide", "propositions").post("decisions", body)

    assert (public.status_code, public.json()["code"]) == (404, "sandbox")
    assert Bank("decide", "decide:at").post("decisions", body).json()["recorded"] is True


def test_nobody_is_led_into_a_sandbox(bank):
    make_sandbox("visitors")

    assert seen(Bank("decide").decide(HERO)) == ("anonymous", "contacts", "not_identified")
    assert seen(bank.decide(HERO)) == ("anonymous", "visitors", None)


# --- explicit ---


def test_by_key(bank):
    assert seen(bank.decide(HERO, target={"key": "C2"})) == ("explicit", "contacts", None)


def test_by_an_attribute_that_is_not_in_use_any_more(bank):
    """In every process alike, whenever it loaded the release."""
    card = declare_attribute(name="card", label="Card", type="string", by=None, at=NOON)
    make_contact("C9", card="K-9")
    change_space("webHero", identification=("card",))
    Attribute.objects.filter(pk=card.pk).update(retired_at=NOON)
    forget()
    assert seen(bank.decide(HERO, target={"keys": ["K-9"]}))[0] == "explicit"

    columns.drop(card)
    card.delete()

    in_this_process = bank.decide(HERO, target={"keys": ["K-9"]})
    forget()
    in_a_new_one = bank.decide(HERO, target={"keys": ["K-9"]})
    assert codes(in_this_process) == codes(in_a_new_one) == ["bad_target_key"]


def test_by_a_former_key(bank):
    ada = Contact.objects.get(key="C1")
    ada.aliases.create(key="old-1")

    assert seen(bank.decide(HERO, target={"key": "old-1"})) == ("explicit", "contacts", None)


def test_by_the_fields_of_the_space(bank):
    email = bank.decide(HERO, target={"keys": ["ADA.Moreau@example.org"]})
    both = bank.decide({"space": "callCenter"}, target={"keys": ["C2", "1984-09-30"]})

    assert seen(email) == ("explicit", "contacts", None)
    assert seen(both) == ("explicit", "contacts", None)


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        (["C2"], "bad_target_key"),
        (["C2", "1984-09-30", "more"], "bad_target_key"),
        (["C2", "yesterday"], "bad_target_key"),
        (["C2", " "], "bad_target_key"),
        (["C2", "1984-09-29"], "target_unknown"),
    ],
)
def test_who_does_not_match_every_field_is_not_identified(bank, keys, code):
    answer = bank.decide({"space": "callCenter"}, target={"keys": keys})

    assert seen(answer) == ("anonymous", "contacts", "not_identified")
    assert codes(answer) == [code]
    assert answer["slots"][0]["propositions"] == []


def test_of_several_nobody_is_picked(bank):
    make_contact("C2b", email="bruno.keller@example.org")

    answer = bank.decide(HERO, target={"keys": ["bruno.keller@example.org"]})

    assert seen(answer) == ("anonymous", "visitors", None)
    assert codes(answer) == ["target_ambiguous"]


def test_an_unknown_key_leads_to_the_space_for_visitors(bank):
    answer = bank.decide(HERO, target={"key": "nobody"})

    assert seen(answer) == ("anonymous", "visitors", None)
    assert codes(answer) == ["target_unknown"]


# --- signed ---


def test_by_a_signed_token(bank):
    token = bank.post("tokens", {"key": "C2"}).json()["token"]

    answer = bank.decide(HERO, target={"token": token})

    assert (seen(answer), codes(answer)) == (("explicit", "contacts", None), [])


@pytest.mark.parametrize("forged", ["", "nonsense", "a.b.c", "é" * 5])
def test_a_forged_token_is_nobody(bank, forged):
    answer = bank.decide(HERO, target={"token": forged})

    assert seen(answer) == ("anonymous", "visitors", None)
    assert codes(answer) == ["bad_token"]


def test_a_token_has_an_end(bank):
    over = sign({"key": "C2"}, until=now() - timedelta(seconds=1))

    assert codes(bank.decide(HERO, target={"token": over})) == ["bad_token"]


def test_a_space_may_take_signed_identification_alone(bank):
    change_space("webHero", needs_token=True)
    token = bank.post("tokens", {"keys": ["ada.moreau@example.org"]}).json()["token"]

    plain = bank.decide(HERO, target={"key": "C1"})
    signed = bank.decide(HERO, target={"token": token})

    assert (seen(plain), codes(plain)) == (("anonymous", "visitors", None), ["token_needed"])
    assert (seen(signed), codes(signed)) == (("explicit", "contacts", None), [])


def test_a_key_that_stands_in_a_page_signs_nothing(bank):
    page = Bank("decide", origins=["https://shop.example"])

    response = page.post("tokens", {"key": "C2"}, Origin="https://shop.example")

    assert (response.status_code, response.json()["code"]) == (403, "key_publishable")


# --- browsers ---


def test_a_browser_is_known_again(bank):
    first = bank.decide(HERO)
    second = bank.decide(HERO, target={"visitor": first["visitor"]})

    assert second["visitor"] == first["visitor"]
    assert Contact.objects.visitors().count() == 1
    assert set(Interaction.objects.values_list("contact__key", flat=True)) == {first["visitor"]}


def test_nobody_is_known_without_their_consent(bank):
    answer = bank.decide(HERO, consent=False)
    told = bank.decide(HERO, consent=False, target={"visitor": "v-1"})

    assert (answer["visitor"], answer["recorded"]) == (None, False)
    assert (told["visitor"], told["recorded"]) == (None, False)
    assert len(answer["slots"][0]["propositions"]) == 1
    assert not Contact.objects.visitors().exists()
    assert not Interaction.objects.exists()


@pytest.mark.parametrize("call", [{"record": False}, {"seed": "t1"}, {"at": "2026-06-15"}])
def test_what_is_not_stored_makes_no_visitor(bank, call):
    assert bank.decide(HERO, **call)["visitor"] is None
    assert not Contact.objects.visitors().exists()


def test_a_browser_stands_for_whom_it_was_last_seen_with(bank):
    visitor = bank.decide(HERO)["visitor"]
    bank.decide(HERO, target={"key": "C2", "visitor": visitor})

    later = bank.decide(HERO, target={"visitor": visitor})

    assert seen(later) == ("implicit", "contacts", None)


def test_a_space_may_not_recognise_browsers(bank):
    change_space("webHero", implicit_identification=False)
    visitor = bank.decide(HERO)["visitor"]
    bank.decide(HERO, target={"key": "C2", "visitor": visitor})

    assert seen(bank.decide(HERO, target={"visitor": visitor})) == ("anonymous", "visitors", None)


def test_a_shared_browser_goes_over_to_the_next(bank):
    visitor = bank.decide(HERO)["visitor"]
    for key in ("C2", "C5"):
        bank.decide(HERO, target={"key": key, "visitor": visitor})

    assert Contact.objects.get(key=visitor).linked_contact.key == "C5"


def test_without_consent_a_browser_is_not_linked(bank):
    visitor = bank.decide(HERO)["visitor"]

    answer = bank.decide(HERO, target={"key": "C2", "visitor": visitor}, consent=False)

    assert seen(answer) == ("explicit", "contacts", None)
    assert Contact.objects.get(key=visitor).linked_contact is None


# --- spaces ---


def test_a_space_may_answer_no_single_calls(bank):
    change_space("callCenter", unitary=False)

    answer = bank.decide({"space": "callCenter"}, target={"key": "C2"})

    assert answer["slots"][0]["reason"] == "unitary_disabled"
    assert answer["slots"][0]["propositions"] == []


def test_an_unknown_space_does_not_fail_the_others(bank):
    answer = bank.decide({"space": "nowhere"}, HERO, target={"key": "C2"})

    unknown, known = answer["slots"]
    assert (unknown["reason"], unknown["propositions"]) == ("unknown_space", [])
    assert len(known["propositions"]) == 1
    assert [(one["code"], one["pointer"]) for one in answer["warnings"]] == [
        ("unknown_space", "/slots/0/space")
    ]


@pytest.mark.parametrize(
    ("environment", "space", "code"),
    [
        ("nowhere", "webHero", "unknown_environment"),
        ("contacts", "nowhere", "unknown_space"),
        ("contacts", "webHeroAnon", "unknown_space"),
        ("contacts", "webHero_0", "unknown_space"),
    ],
)
def test_where_nothing_is_known_the_answer_is_404(bank, environment, space, code):
    body = {"environment": environment, "slots": [{"space": space}]}

    response = bank.post("decisions", body)

    assert (response.status_code, response.json()["code"]) == (404, code)


def test_a_key_may_be_for_some_spaces_alone(bank):
    caller = Bank("decide", spaces=["callCenter"])

    answer = caller.decide(HERO, {"space": "callCenter"}, target={"key": "C2"})

    assert [slot["reason"] for slot in answer["slots"]] == ["unknown_space", None]


# --- what a call tells besides ---


def test_call_data_are_held_against_their_declaration(bank):
    answer = bank.decide(
        HERO, target={"key": "C6"}, call={"device": 7, "nonsense": True}, record=False
    )
    odd = bank.decide(HERO, target={"key": "C6"}, call={"device": "watch"}, record=False)

    assert [(one["code"], one["pointer"]) for one in answer["warnings"]] == [
        ("call_data_type", "/call/device"),
        ("call_data_unknown", "/call/nonsense"),
    ]
    assert codes(odd) == ["call_data_choice"]


def test_call_data_of_a_slot_are_its_own(bank):
    phone = {"space": "webHero", "count": 3, "call": {"device": "mobile"}}

    answer = bank.decide(
        phone, {**phone, "call": {}}, target={"key": "C6"}, deduplicate=False, record=False
    )

    weights = [{p["offer"]: p["weight"] for p in s["propositions"]} for s in answer["slots"]]
    assert [each["APP"] for each in weights] == [3, 0.5]
    assert [slot["slot"] for slot in answer["slots"]] == ["webHero", "webHero-2"]
