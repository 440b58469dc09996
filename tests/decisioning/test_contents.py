"""What an answer shows: rendered for the person, linked, and never half."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest

from catalog.describing import offer_shape, space_shape
from catalog.models import Offer, Space
from contacts.models import Contact
from decisioning.models import Proposition
from tests.catalog.making import edit, fresh, publish, write
from tests.decisioning.http import forget, open_bank

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank_of_the_module")]
HERO = {"space": "webHero"}


@pytest.fixture
def bank():
    yield open_bank()
    forget()


def say(code, **content):
    offer = fresh(Offer.objects.get(code=code))
    publish(edit(offer, content={**offer_shape(offer).content, **content}, translations={}))


def offers(answer):
    return [one["offer"] for slot in answer["slots"] for one in slot["propositions"]]


def test_a_proposition_says_all_of_itself(bank):
    (shown,) = bank.decide(HERO, target={"key": "C2"})["slots"][0]["propositions"]

    link = f"http://localhost:8000/o/{shown['token']}"
    assert shown["links"] == {
        action: f"{link}/{action}" for action in ("click", "accept", "reject")
    }
    assert (shown["label"], shown["rank"], shown["context"], shown["fallback"]) == (
        "Platinum card, first year free", 1, "Everywhere", False,
    )  # fmt: skip
    assert sorted(shown["content"]) == ["destination_url", "html", "image_url", "title"]
    assert f'<a href="{link}/click">' in shown["html"]
    assert shown["json"]["link"] == f"{link}/click"
    assert shown["text"] is None
    assert Proposition.objects.get().destination_url == shown["content"]["destination_url"]


def test_what_is_not_stored_leads_straight_to_its_destination(bank):
    answer = bank.decide(HERO, target={"key": "C2"}, record=False)

    (shown,) = answer["slots"][0]["propositions"]
    destination = shown["content"]["destination_url"]
    assert shown["links"] == {"click": destination, "accept": None, "reject": None}
    assert f'<a href="{destination}">' in shown["html"]


def test_content_is_in_the_language_of_the_reader(bank):
    def title(key, language=None, **headers):
        body = {"environment": "contacts", "target": {"key": key}, "slots": [HERO]}
        response = bank.post("decisions", {**body, "language": language}, **headers)
        return response.json()["slots"][0]["propositions"][0]["content"]["title"]

    Contact.objects.filter(key="C4").update(language=None)
    english, french = title("C2"), title("C2", "fr")

    assert english != french
    assert title("C4") == english
    assert title("C4", **{"Accept-Language": "fr-CH, en;q=0.5"}) == french
    assert title("C2", **{"Accept-Language": "fr"}) == english  # what we know of them comes first


def test_content_that_fails_gives_its_place_to_the_next(bank):
    say("PLAT", destination_url="https://{{ contact.first_name }}/x", title="For you")
    Contact.objects.filter(key="C2").update(first_name="not a host")

    answer = bank.decide({"space": "webHero", "count": 2}, target={"key": "C2"}, explain=True)

    assert offers(answer) == ["HOMEINS", "SAVE"]
    steps = {one["offer"]: one["step"] for one in answer["slots"][0]["explain"]}
    assert steps["PLAT"] == "representation"
    assert set(Proposition.objects.values_list("offer", flat=True)) == {"HOMEINS", "SAVE"}


def test_a_required_field_that_stays_empty_is_no_content(bank):
    say("PLAT", title="{{ contact.city }}")

    assert offers(bank.decide(HERO, target={"key": "C2"})) == ["HOMEINS"]


def test_ranks_that_share_a_list_go_on_together_when_content_fails(bank):
    say("PLAT", title="{{ contact.city }}")

    answer = bank.decide({"space": "webHero_2"}, {"space": "webHero_1"}, target={"key": "C2"})

    assert offers(answer) == ["SAVE", "HOMEINS"]


def test_what_people_type_is_escaped(bank):
    say("PLAT", title="Hello {{ contact.first_name }}")
    Contact.objects.filter(key="C2").update(first_name="<script>alert(1)</script>")

    (shown,) = bank.decide(HERO, target={"key": "C2"})["slots"][0]["propositions"]

    assert "<script" not in shown["html"]
    assert "&lt;script&gt;" in shown["html"]


def test_values_are_kept_with_a_proposition(bank):
    space = Space.objects.select_related("environment").get(name="webHero")
    shape = space_shape(space).model_copy(
        update={
            "store_on_proposition": {"phone": "call.device", "income": "contact.income"},
            "store_on_status": {"phone": "call.device", "lost": "proposition.weight + 0.5"},
        }
    )
    write(space, shape, space.environment)
    say("PLAT", title="Platinum")

    answer = bank.decide(HERO, target={"key": "C2"}, call={"device": "mobile"})
    (shown,) = answer["slots"][0]["propositions"]
    before = Proposition.objects.get().data
    path = f"propositions/{shown['token']}/status"
    told = bank.post(path, {"status": "rejected", "call": {"device": "desktop"}}).json()

    assert before == {"phone": "mobile", "income": "high"}
    assert told["data"] == {"phone": "desktop", "income": "high", "lost": 30.5}
    assert Proposition.objects.get().data == told["data"]


# --- links ---


@pytest.fixture
def shown(bank):
    (found,) = bank.decide(HERO, target={"key": "C2"})["slots"][0]["propositions"]
    return found


def path_of(shown, action):
    return f"/o/{shown['token']}/{action}"


@pytest.mark.parametrize(("action", "status"), [("click", 2), ("accept", 3), ("reject", 5)])
def test_a_link_notes_and_leads_to_what_is_stored(client, shown, action, status):
    response = client.get(path_of(shown, action), {"next": "https://evil.example", "r": "x"})

    assert (response.status_code, response["Location"]) == (
        302,
        shown["content"]["destination_url"],
    )
    assert Proposition.objects.get().status == status


def test_a_link_opened_twice_notes_once(client, shown):
    for _time in range(2):
        assert client.get(path_of(shown, "accept")).status_code == 302
    assert client.get(path_of(shown, "click")).status_code == 302

    assert Proposition.objects.get().status == 3


@pytest.mark.parametrize(
    "way",
    [
        {"method": "head"},
        {"headers": {"Sec-Purpose": "prefetch;prerender"}},
        {"headers": {"Purpose": "prefetch"}},
        {"headers": {"X-Moz": "prefetch"}},
        {"headers": {"X-Purpose": "preview"}},
    ],
)
def test_who_only_looks_ahead_notes_nothing(client, shown, way):
    method = way.pop("method", "get")

    response = getattr(client, method)(path_of(shown, "accept"), **way)

    assert response.status_code == 302
    assert Proposition.objects.get().status == 1


@pytest.mark.parametrize("token", ["x", "a" * 36, "é" * 36, "%00" * 9])
def test_a_token_that_we_did_not_write_leads_nowhere(client, bank, token):
    assert client.get(f"/o/{token}/click").status_code == 404


def test_a_proof_is_good_for_one_proposition(bank, client, shown):
    """Whoever has a link of their own cannot write one of somebody else's."""
    (other,) = bank.decide(HERO, target={"key": "C1"})["slots"][0]["propositions"]
    mine = urlsafe_b64decode(shown["token"])
    theirs = Proposition.objects.get(contact__key="C1")
    forged = urlsafe_b64encode(theirs.pk.bytes + mine[16:]).decode()

    assert client.get(f"/o/{forged}/accept").status_code == 404
    assert client.get(f"/o/{theirs.pk}/accept").status_code == 404
    assert client.post(path_of(other, "accept")).status_code == 405
    theirs.refresh_from_db()
    assert theirs.status == 1


def test_a_link_is_kept_by_no_cache(client, shown):
    response = client.get(path_of(shown, "click"))

    assert response["Cache-Control"] == "private, no-store"


def test_a_token_cannot_be_altered(client, shown):
    token = shown["token"]
    altered = token[:-1] + ("A" if token[-1] != "A" else "B")

    assert client.get(f"/o/{altered}/accept").status_code == 404
    assert client.get(f"/o/{token}/steal").status_code == 404
    assert Proposition.objects.get().status == 1
