"""What offers and spaces came to: their propositions, how far these got, caps, and a trial."""

import re
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Q
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from catalog.models import Environment, Offer
from catalog.shapes import CapShape
from contacts.models import Contact
from decisioning.browsing import Wanted, decisions, propositions
from decisioning.models import CapUse, Interaction, Proposition
from offers_site.keysets import Walk
from tests.build import NOON, make_contact, make_label, make_user
from tests.catalog.making import edit, publish
from tests.decisioning.http import forget, open_bank
from tests.decisioning.making import make_decision, make_environment, make_proposition

pytestmark = pytest.mark.django_db
GENERATED, PRESENTED, INTERESTED, ACCEPTED, REJECTED = 0, 1, 2, 3, 5


@pytest.fixture
def bank():
    yield open_bank()
    forget()


@pytest.fixture
def client():
    client = Client()
    client.force_login(make_user("alice@example.org", role="administrator"))
    return client


def read(client, page, *args, **asked):
    response = client.get(reverse(f"decisioning:{page}", args=args), asked)
    assert response.status_code == 200, response.status_code
    whole = response.content.decode()
    main = whole[whole.find("<main") :] if "<main" in whole else whole
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


# --- finding ---


def codes(rows):
    return [row.offer for row in rows]


def test_a_condition_without_an_index_is_looked_for_a_part_at_a_time(monkeypatch):
    monkeypatch.setattr(Walk, "LOOKED_AT", 3)
    shop = make_environment()
    for number in range(8):
        status = ACCEPTED if number in (0, 7) else PRESENTED
        make_proposition(shop, str(number), at=NOON - timedelta(minutes=number), status=status)

    def page(after=None, before=None):
        keys = propositions(Wanted(environments=[shop.pk], space="webHero"), Q(status=ACCEPTED))
        rows, _earlier, more = keys.slice(2, after=after, before=before)
        return codes(rows), keys.cursor_after(rows) if more else None

    first, after = page()
    second, further = page(after)
    third, end = page(further)
    assert (first, second, third, end) == (["0"], [], ["7"], None)
    assert page(before=further)[0] == ["0"]  # there is no whole page before it: the first one


def test_decisions_are_found_by_person_offer_space_and_time():
    shop, other = make_environment(), make_environment("other")
    ada, bob = make_contact("ada"), make_contact("bob")
    visitor = make_contact("v1", kind="visitor")
    Contact.objects.filter(pk=visitor.pk).update(linked_contact=ada)
    ranked = [{"slot": "s", "space": "callCenter_2"}]
    first = make_decision(shop, ada, at=NOON - timedelta(days=2))
    second = make_decision(shop, visitor, at=NOON - timedelta(days=1), slots=ranked)
    third = make_decision(other, bob, at=NOON)
    make_proposition(shop, "TOP", visitor, at=second.at, interaction=second.pk)

    def found(**wanted):
        rows, _earlier, _more = decisions(Wanted(**wanted)).slice(5, after=None, before=None)
        return [row.pk for row in rows]

    assert found() == [third.pk, second.pk, first.pk]
    assert found(people=[ada.pk, visitor.pk]) == [second.pk, first.pk]
    assert found(space="callCenter") == [second.pk]
    assert found(space="call") == []
    assert found(offer="TOP") == [second.pk]
    assert found(environments=[other.pk]) == [third.pk]
    assert found(since=first.at + timedelta(seconds=1), until=third.at) == [second.pk]


def test_an_index_gives_their_order():
    for keys in (decisions(Wanted()), propositions(Wanted(environments=[1], offer="TOP"))):
        assert "NULLS" not in str(keys.ordered(backwards=False).query)


# --- how far they came ---


def test_the_funnel_counts_what_became_of_the_propositions_of_a_period(bank, client):
    contacts = Environment.objects.get(name="contacts")
    statuses = [GENERATED] * 2 + [PRESENTED] * 3 + [INTERESTED] * 2 + [ACCEPTED] * 2 + [REJECTED]
    for status in statuses:
        make_proposition(contacts, "PLAT", status=status, at=now() - timedelta(days=1))
    make_proposition(contacts, "SAVE", space="callCenter", at=now() - timedelta(days=1))
    make_proposition(contacts, "PLAT", space="callCenter", at=now() - timedelta(days=40))

    text = read(client, "offer-funnel", "contacts", "PLAT")
    assert "Proposed decided and stored 10 Presented" in text
    assert "whatever came of it 8 80.0% Interested" in text
    assert "or more than that 4 40.0% Accepted 2 20.0% Rejected 1 10.0%" in text
    assert "Proposed decided and stored 11 " in read(
        client, "offer-funnel", "contacts", "PLAT", days="90"
    )
    space = read(client, "space-funnel", "contacts", "callCenter", days="90")
    assert "Proposed decided and stored 2 " in space
    assert "Savings boost 3 % 1 1" in space


@pytest.mark.parametrize(
    ("tab", "title"), [("offer-funnel", "How far they came"), ("offer-caps", "Caps")]
)
def test_numbers_in_a_tab_of_their_own_are_a_page(bank, client, tab, title):
    url = reverse(f"decisioning:{tab}", args=["contacts", "PLAT"])

    whole = client.get(url).content.decode()
    part = client.get(url, headers={"HX-Request": "true"}).content.decode()

    named = f"Platinum card, first year free · {title} · Banque Solène, customers"
    assert f"<title>{named} · Overture</title>" in whole
    assert 'href="/catalogue/contacts/offers/PLAT/">Platinum card, first year free</a>' in whole
    assert "<title>" not in part
    assert part.strip() in whole


def test_propositions_are_listed_and_narrowed(bank, client):
    contacts = Environment.objects.get(name="contacts")
    ada = Contact.objects.get(key="C1")
    make_proposition(contacts, "PLAT", ada, status=ACCEPTED, context="Everywhere")
    make_proposition(contacts, "PLAT", space="callCenter", status=REJECTED)
    make_proposition(contacts, "SAVE")

    everything = read(client, "offer-propositions", "contacts", "PLAT")
    assert "Ada Moreau Home page hero 1 Accepted" in everything
    assert "Nobody in particular Call centre 1 Rejected" in everything
    accepted = read(client, "offer-propositions", "contacts", "PLAT", status="3")
    assert "Ada Moreau" in accepted
    assert "Nobody in particular" not in accepted
    assert "Savings boost 3 %" in read(client, "space-propositions", "contacts", "webHero")

    make_label("secret")
    edit(Offer.objects.get(code="PLAT"), access_labels=("secret",))
    reader = Client()
    reader.force_login(make_user("b@example.org", role="analyst"))
    text = read(reader, "space-propositions", "contacts", "webHero")
    assert "Savings boost 3 %" in text
    assert "Platinum" not in text
    assert "1 more on this page that you may not see." in text
    assert reader.get("/catalogue/contacts/offers/PLAT/propositions/").status_code == 404
    assert "Platinum" not in read(reader, "space-funnel", "contacts", "webHero")


# --- caps ---


def test_caps_say_how_much_is_used_and_when_they_begin_anew(bank, client):
    caps = (
        CapShape(limit=3),
        CapShape.model_validate({"limit": 2, "per": "contact", "every": {"months": 1}}),
    )
    publish(edit(Offer.objects.get(code="PLAT"), caps=caps))
    forget()
    slot = {"space": "webHero", "count": 3}
    for who in ("C2", "C2", "C4"):
        answer = bank.decide(slot, target={"key": who})
        assert "PLAT" in [one["offer"] for one in answer["slots"][0]["propositions"]]

    everybody = read(client, "offer-caps", "contacts", "PLAT")
    assert "3 of 3" in everybody
    assert "used up · counts for ever" in everybody
    assert "of 2" not in everybody

    one = read(client, "offer-caps", "contacts", "PLAT", contact="C2")
    assert "2 of 2" in one
    (until,) = set(CapUse.objects.values_list("until", flat=True))
    assert f"{until.astimezone(ZoneInfo('Europe/Paris')):%d %H:%M}" == "01 00:00"
    assert "counts from nought again on" in one
    assert "1 of 2" in read(client, "offer-caps", "contacts", "PLAT", contact="C4")
    assert "Nobody has this key" in read(client, "offer-caps", "contacts", "PLAT", contact="x")


# --- tried ---


def test_a_space_is_tried_and_nothing_is_stored(bank, client):
    for who in ("C2", ""):
        text = read(client, "space-preview", "contacts", "webHero", contact=who, count="2")
        assert "What is proposed" in text
        assert "Why not the others" in text
    assert "For Bruno Keller" in read(client, "space-preview", "contacts", "webHero", contact="C2")
    assert not Interaction.objects.exists()
    assert not Proposition.objects.exists()


def test_a_trial_shows_no_more_of_a_person_than_may_be_seen(bank):
    reader = Client()
    reader.force_login(make_user("b@example.org", role="analyst"))
    text = read(reader, "space-preview", "contacts", "webHero", contact="C2")
    assert "For C2" in text
    assert "Bruno" not in text


def test_a_space_that_is_not_live_says_so(client):
    make_environment("empty", release_number=0)
    Environment.objects.get(name="empty").spaces.create(
        name="late", label="Late", channel="web", created_at=NOON, changed_at=NOON
    )
    assert "It is not live" in read(client, "space-preview", "empty", "late")
