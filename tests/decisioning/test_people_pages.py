"""The tabs of a person: what they were offered, and what they would get and why not."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from catalog.models import Offer
from contacts.models import Contact
from decisioning.models import Interaction, Proposition, Transition
from tests.build import make_label, make_user
from tests.decisioning.http import Bank, forget, open_bank

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank_of_the_module")]
JUNE = "2026-06-15T10:00"


@pytest.fixture
def bank():
    yield open_bank()
    forget()


@pytest.fixture
def client(bank):
    client = Client()
    client.force_login(make_user(role="administrator", first_name="Ana", last_name="Costa"))
    return client


def page(client: Client, tab: str, key: str = "C2", **asked: Any) -> Any:
    person = Contact.objects.get(key=key)
    response = client.get(f"/contacts/{person.public_id}/{tab}/", asked)
    assert response.status_code == 200
    return response


def rows(response: Any) -> list[tuple[str, int]]:
    return [(row.offer, row.status) for row in response.context["list"].rows]


# --- what they were offered ---


@pytest.fixture
def offered(bank):
    """C2 was shown three offers on the web, and takes the second."""
    target = {"keys": ["bruno.keller@example.org"]}
    answer = bank.decide({"space": "webHero", "count": 3}, target=target)
    shown = answer["slots"][0]["propositions"]
    bank.post(f"propositions/{shown[1]['token']}/status", {"status": "accepted"})
    bank.decide({"space": "webHero"}, target={"keys": ["chloe.nadeau@example.org"]})
    return [one["offer"] for one in shown]


def test_the_last_modified_stands_first_and_others_are_not_theirs(client, offered):
    response = page(client, "offers")

    assert rows(response)[0] == (offered[1], 3)
    assert sorted(rows(response)) == sorted([(offered[0], 1), (offered[1], 3), (offered[2], 1)])
    assert "Home insurance" in response.content.decode()


def test_it_is_narrowed_by_status_and_by_offer(client, offered):
    assert rows(page(client, "offers", status="3")) == [(offered[1], 3)]
    assert rows(page(client, "offers", q=offered[2].lower())) == [(offered[2], 1)]
    assert rows(page(client, "offers", until="2020-01-01")) == []


def test_what_carries_a_label_is_not_told(client, offered):
    Offer.objects.get(code=offered[0], environment__name="contacts").access_labels.add(
        make_label("private")
    )
    analyst = make_user("b@example.org", role="analyst")
    client.force_login(analyst)

    response = page(client, "offers")
    assert sorted(code for code, _status in rows(response)) == sorted(offered[1:])
    assert rows(page(client, "offers", q=offered[0])) == []
    assert sorted(told_to(created_by=analyst)) == sorted(offered[1:])


def test_a_key_reads_of_its_own_spaces_alone(offered):
    assert sorted(told_to(spaces=["webHero"])) == sorted(offered)
    assert told_to(spaces=["emailBody"]) == []


def told_to(**columns: Any) -> list[str]:
    """Which offers of C2 the API tells a key."""
    program = Bank("propositions", **columns)
    answer = program.client.get("/api/v1/contacts/C2/propositions", headers=program.headers)
    return [one["offer"] for one in answer.json()["results"]]


def test_a_status_is_corrected_with_a_reason(client, offered):
    row = Proposition.objects.get(offer=offered[1], status=3)
    person = Contact.objects.get(key="C2")
    address = f"/contacts/{person.public_id}/offers/{row.pk}/correct/"

    assert client.post(address, {"status": "rejected"}).status_code == 422
    client.post(address, {"status": "rejected", "reason": "Cancelled by letter"})

    row.refresh_from_db()
    last = Transition.objects.filter(proposition=row.pk).order_by("-number")[0]
    assert row.status == 5
    assert (last.before, last.after, last.source) == (3, 5, "screen")
    assert (last.by_name, last.comment) == ("Ana Costa", "Cancelled by letter")


def test_nobody_corrects_what_was_offered_to_somebody_else(client, offered):
    row = Proposition.objects.get(offer=offered[1], status=3)
    other = Contact.objects.get(key="C3")
    address = f"/contacts/{other.public_id}/offers/{row.pk}/correct/"

    assert client.post(address, {"status": "rejected", "reason": "No"}).status_code == 404


# --- what they would get ---


def told(response: Any) -> dict[str, Any]:
    (found,) = response.context["explanations"]
    return {one.code: one for one in (*found.chosen, *found.others)}


def test_what_they_would_get_is_not_kept(client):
    response = page(client, "preview", space="callCenter", at=JUNE, count="2")

    (found,) = response.context["explanations"]
    assert [(one.code, one.weight) for one in found.chosen] == [
        ("PLAT", "40.00"),
        ("HOMEINS", "26.00"),
    ]
    assert [each["preview"].rendered.text != "" for each in response.context["previews"]] == [
        True,
        True,
    ]
    assert (Interaction.objects.count(), Proposition.objects.count()) == (0, 0)


def test_content_stays_within_its_frame(client):
    """What offers show is not part of our page, whatever quotation marks are in it."""
    text = page(client, "preview", space="webHero", at=JUNE).content.decode()

    assert 'srcdoc="\n\n&lt;!doctype html&gt;\n&lt;html lang=&quot;' in text.replace(" ", " ")
    assert text.count("<!doctype html>") == 1


def test_another_date_is_another_answer(client):
    in_june = told(page(client, "preview", key="C5", space="callCenter", at=JUNE))
    in_winter = told(page(client, "preview", key="C5", space="callCenter", at="2026-12-15T10:00"))

    assert in_june["NYC"].weight == "18.00"
    assert in_winter["NYC"].gate == "Dates of a category"
    assert in_winter["NYC"].needs[0].now == "from 30 Apr 2026, 22:00 until 30 Sep 2026, 22:00"


def test_call_data_are_typed_or_taken_from_an_example(client):
    asked = {"space": "webHero", "key": "C6", "at": JUNE, "count": "5"}

    assert told(page(client, "preview", **asked))["APP"].weight == "0.50"
    assert told(page(client, "preview", **asked, sample="phone"))["APP"].weight == "3.00"
    typed = page(client, "preview", **asked, **{"call-device": "mobile"})
    assert told(typed)["APP"].weight == "3.00"


def test_what_is_typed_wrongly_is_said_at_its_field(client):
    response = page(client, "preview", space="callCenter", count="many", at="someday")

    assert set(response.context["form"].errors) == {"count", "at"}
    assert told(response)["PLAT"].rank == 1


@pytest.mark.parametrize("at", ["9999-12-31T23:59", "0001-01-01T00:00", "2026-06-31T00:00"])
def test_a_moment_outside_the_calendar_is_none(client, at):
    response = page(client, "preview", space="emailBody", at=at, **{"call-device": "\0"})

    assert set(response.context["form"].errors) == {"at"}


def test_a_visitor_has_the_spaces_of_visitors(client):
    visitor = Contact.objects.create(
        kind="visitor",
        key="0123456789abcdef0123456789abcdef",
        created_at=datetime(2026, 6, 1, tzinfo=UTC),
        changed_at=datetime(2026, 6, 1, tzinfo=UTC),
    )

    response = client.get(f"/contacts/{visitor.public_id}/preview/", {"at": JUNE})
    (found,) = response.context["explanations"]
    assert response.context["trial"].live.environment.audience == "visitors"
    html = response.content.decode()
    assert "<title>01234567… · What they would get · Overture</title>" in html
    assert re.search('href="/visitors/" .*aria-current="page"', html)
    assert found.chosen


def test_each_tab_has_its_right(bank):
    client = Client()
    client.force_login(make_user("b@example.org", "contacts.view_contact"))
    person = Contact.objects.get(key="C2")

    assert client.get(f"/contacts/{person.public_id}/").status_code == 200
    assert client.get(f"/contacts/{person.public_id}/offers/").status_code == 403
    assert client.get(f"/contacts/{person.public_id}/preview/").status_code == 403
