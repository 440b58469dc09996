"""The call centre: who calls, what they are offered, what they say, and what comes next."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from catalog.models import Offer
from catalog.rendering import Rendered
from contacts.models import Contact
from decisioning.models import Interaction, Proposition, Transition
from decisioning.tokens import token_of
from tests.build import make_label, make_user
from tests.decisioning.http import forget, open_bank

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank_of_the_module")]
JUNE = datetime(2026, 6, 15, 8, 0, tzinfo=UTC)


@pytest.fixture
def bank(monkeypatch):
    """In the middle of June, when journeys are on offer."""
    monkeypatch.setattr("decisioning.views.calls.now", lambda: JUNE)
    yield open_bank()
    forget()


@pytest.fixture
def client(bank):
    client = Client()
    client.force_login(make_user(role="agent", first_name="Ana", last_name="Costa"))
    return client


def person(key: str = "C2") -> Contact:
    return Contact.objects.get(key=key)


def call(client: Client, key: str = "C2") -> Any:
    """The page after somebody was chosen."""
    address = f"/call-centre/{person(key).public_id}/offers/"
    return client.post(address, {"space": "callCenter"}, follow=True)


def say(client: Client, page: Any, number: int, status: str, reason: str = "") -> Any:
    card = page.context["cards"][number - 1]
    return client.post(
        f"/call-centre/{page.context['contact'].public_id}/answer/",
        {
            "space": "callCenter",
            "token": card.token,
            "status": status,
            "reason": reason,
            "decision": [str(each) for each in page.context["decisions"]],
        },
        follow=True,
    )


def offers(page: Any) -> list[tuple[int, str, str]]:
    return [(card.number, card.row.offer, card.status) for card in page.context["cards"]]


def told(page: Any) -> list[str]:
    return [str(message) for message in page.context["messages"]]


def test_whoever_calls_is_found_by_any_of_their_data(client):
    def found(text):
        return [
            each["contact"].key
            for each in client.post("/call-centre/", {"q": text}).context["people"]
        ]

    assert found("C2") == ["C2"]
    assert found("keller") == ["C2"]
    assert found("bruno.keller@example.org") == ["C2"]
    assert found("nobody") == []


def test_personal_data_find_nobody_for_those_who_may_not_see_them(client):
    client.force_login(
        make_user("b@example.org", "decisioning.use_call_centre", "contacts.view_contact")
    )

    page = client.post("/call-centre/", {"q": "keller"})
    assert page.context["people"] == []
    page = client.post("/call-centre/", {"q": "C2"})
    assert "Bruno" not in page.content.decode()
    assert "Bruno" not in call(client).content.decode()


def test_the_best_offers_come_with_their_scripts_and_are_stored(client):
    page = call(client)

    assert offers(page) == [
        (1, "PLAT", "generated"),
        (2, "HOMEINS", "generated"),
        (3, "SNOW", "generated"),
    ]
    assert page.context["cards"][0].text
    assert Interaction.objects.count() == 1
    again = client.get(page.redirect_chain[-1][0])
    assert offers(again) == offers(page)
    assert Interaction.objects.count() == 1  # looking again decides nothing


def test_a_script_in_html_stays_within_its_frame(client, monkeypatch):
    monkeypatch.setattr(
        "decisioning.callcentre.script_of",
        lambda *_: Rendered(content={}, html='<p title="a">Good morning</p>', text="", json=None),
    )

    text = call(client).content.decode()
    assert "&lt;p title=&quot;a&quot;&gt;Good morning&lt;/p&gt;" in text
    assert "<p title=" not in text


def test_a_status_is_noted_with_who_said_it(client):
    page = say(client, call(client), 1, "presented")

    assert offers(page)[0] == (1, "PLAT", "presented")
    (moved,) = Transition.objects.all()
    assert (moved.before, moved.after, moved.source, moved.by_name) == (0, 1, "screen", "Ana Costa")
    assert len(page.context["decisions"]) == 1  # nothing is answered yet


def test_a_refusal_needs_its_reason(client):
    page = say(client, call(client), 1, "rejected")

    assert told(page) == ["Say why it was rejected."]
    assert offers(page)[0] == (1, "PLAT", "generated")


def test_after_an_answer_the_next_best_offer_comes(client):
    page = say(client, call(client), 1, "rejected", "Too expensive")

    assert offers(page)[0] == (1, "PLAT", "rejected")
    assert page.context["cards"][0].comment == "Too expensive"
    assert page.context["cards"][3].is_next
    assert len({code for _number, code, _status in offers(page)}) == 4


def test_what_a_rule_keeps_back_by_now_is_said(bank, client, monkeypatch):
    """While somebody is on the line they take the card on the web."""
    for door in ("decisions", "propositions"):
        monkeypatch.setattr(f"decisioning.api.{door}.now", lambda: JUNE)
    page = call(client)
    assert page.context["cards"][0].kept_back == ()

    taken = bank.decide({"space": "webHero"}, target={"keys": ["bruno.keller@example.org"]})
    (one,) = taken["slots"][0]["propositions"]
    assert one["offer"] == "PLAT"
    bank.post(f"propositions/{one['token']}/status", {"status": "accepted"})

    page = client.get(page.redirect_chain[-1][0])
    assert page.context["cards"][0].kept_back == ("Already taken",)
    assert page.context["cards"][1].kept_back == ()


def test_what_cannot_follow_is_refused_in_words(client):
    page = say(client, say(client, call(client), 1, "accepted"), 1, "presented")

    assert told(page) == [
        "A proposition cannot go from “Accepted” to “Presented”: nothing was changed."
    ]
    assert offers(page)[0] == (1, "PLAT", "accepted")


def test_nobody_moves_what_was_offered_to_somebody_else(client):
    call(client, "C3")
    theirs = Proposition.objects.filter(contact=person("C3")).first()
    response = client.post(
        f"/call-centre/{person('C2').public_id}/answer/",
        {"space": "callCenter", "token": token_of(theirs.pk), "status": "accepted"},
    )

    assert response.status_code == 404
    theirs.refresh_from_db()
    assert theirs.status == 0


def test_an_offer_behind_a_label_gives_way_to_the_next(client):
    Offer.objects.get(code="PLAT").access_labels.add(make_label("private-bank"))

    page = call(client)
    assert "PLAT" not in page.content.decode()
    assert [code for _number, code, _status in offers(page)][:2] == ["HOMEINS", "SNOW"]


@pytest.mark.parametrize("decision", ["ffffffff-ffff-ffff-ffff-ffffffffffff", "x", "\0"])
def test_decisions_that_never_were_show_nothing(client, decision):
    address = f"/call-centre/{person().public_id}/"
    page = client.get(address, {"space": "nowhere", "decision": [decision, decision]})

    assert (page.status_code, page.context["cards"]) == (200, [])


@pytest.mark.parametrize("token", ["", "x" * 36, "never given", "\0"])
def test_a_token_that_is_none_moves_nothing(client, token):
    answer = {"space": "callCenter", "token": token, "status": "accepted"}
    response = client.post(f"/call-centre/{person().public_id}/answer/", answer)

    assert response.status_code in {302, 404}
    assert Transition.objects.count() == 0


def test_without_the_right_there_is_no_call_centre(client):
    client.force_login(make_user("b@example.org", "contacts.view_contact"))

    assert client.get("/call-centre/").status_code == 403
    assert client.post(f"/call-centre/{person().public_id}/offers/").status_code == 403
    assert Interaction.objects.count() == 0
