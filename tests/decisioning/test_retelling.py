"""Why did C4 not get SAHARA that Monday? Asked months later, when much is otherwise."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Environment, Offer
from contacts.actions.contacts import erase_contact
from contacts.models import Contact
from decisioning.models import Proposition
from tests.build import NOON, make_contact, make_label, make_user
from tests.catalog.making import edit, publish, weigh
from tests.decisioning.http import Bank, forget, open_bank
from tests.decisioning.making import make_decision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank_of_the_module")]
MONDAY = datetime(2026, 6, 15, 8, tzinfo=UTC)
RIGHTS = ("decisioning.view_proposition", "decisioning.explain", "contacts.view_contact")
PERSONAL = "contacts.view_personal_data"
SLOTS = (
    {"slot": "hero", "space": "webHero", "count": 2, "call": {"device": "mobile"}},
    {"slot": "desk", "space": "callCenter", "count": 1},
)


@pytest.fixture(scope="module")
def decided_in_june(bank_of_the_module):
    """C4 on a Monday in June. Since then C4, the catalogue and the release have changed."""
    bank: Bank = open_bank()
    with pytest.MonkeyPatch.context() as then:
        then.setattr("decisioning.api.decisions.now", lambda: MONDAY)
        answer = bank.decide(*SLOTS, target={"key": "C4"})
    assert answer["recorded"]
    Contact.objects.filter(key="C4").update(birth_date=None)
    publish(weigh(Offer.objects.get(code="SAVE"), "99"))
    return answer


@pytest.fixture
def decided(decided_in_june):
    forget()
    yield decided_in_june
    forget()


def signed_in(*rights, email="alice@example.org", **columns):
    client = Client()
    client.force_login(make_user(email, *rights, **columns))
    return client


def read(response):
    """The page as somebody reads it."""
    assert response.status_code == 200, response.status_code
    whole = response.content.decode()
    main = whole[whole.find("<main") :] if "<main" in whole else whole
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def ask(client, **asked):
    return client.get(reverse("decisioning:decision-list"), asked)


def detail(client, answer, **asked):
    return client.get(reverse("decisioning:decision-detail", args=[answer["interaction"]]), asked)


def test_why_somebody_did_not_get_an_offer_on_a_day(decided):
    client = signed_in(*RIGHTS, PERSONAL)
    day = {"since": "2026-06-15", "until": "2026-06-15"}

    not_proposed = read(ask(client, contact="C4", offer="SAHARA", **day))
    proposed = read(ask(client, contact="C4", offer="platinum card, first year free", **day))

    assert "Filter of a category" in not_proposed
    assert "Agrees to partners’ offers: yes now: no" in not_proposed
    assert "Rank 1" in proposed


def test_a_day_without_a_decision_says_when_the_next_one_was(decided):
    client = signed_in(*RIGHTS)
    text = read(ask(client, contact="C4", offer="SAHARA", until="2026-06-14"))
    assert "No decision was stored for this person on these days." in text
    assert "The first one after: 15 June 2026, 08:00:00 (UTC)." in text
    assert "Nobody has this key" in read(ask(client, contact="nobody", offer="SAHARA"))


def test_a_decision_is_explained_from_what_was_stored_with_it(decided):
    text = read(detail(signed_in(*RIGHTS, PERSONAL), decided))
    assert "comes out the same" in text
    assert "release 1" in text
    assert "Savings boost 3 % SAVE" in text
    assert not re.search(r"\b99\b", text)  # the weight that it has since
    assert "Diego Ferri" in text


def test_what_does_not_come_out_again_is_told(decided):
    Proposition.objects.filter(offer="PLAT").update(weight=31)
    text = read(detail(signed_in(*RIGHTS), decided))
    assert "It comes out otherwise now" in text
    assert "comes out the same" not in text


def test_who_may_not_see_people_sees_none(decided):
    plain = read(detail(signed_in(*RIGHTS), decided))
    assert "Diego" not in plain
    assert "C4" in plain

    client = signed_in("decisioning.view_proposition", "decisioning.explain", email="b@example.org")
    text = read(detail(client, decided)) + read(ask(client, contact="C4"))
    assert not re.search(r"\bC4\b|Diego", text)
    assert "A contact" in text


def test_who_may_not_ask_why_sees_what_was_proposed(decided):
    client = signed_in("decisioning.view_proposition", "contacts.view_contact")
    text = read(detail(client, decided))
    assert "Platinum card, first year free" in text
    assert "Why not the others" not in text
    assert "Not proposed" in read(ask(client, contact="C4", offer="SAHARA"))
    assert "Rank 1" in read(ask(client, contact="C4", offer="PLAT"))


def test_what_carries_a_label_is_not_told(decided):
    label = make_label("secret")
    edit(Offer.objects.get(code="PLAT"), access_labels=("secret",))
    client = signed_in(*RIGHTS)

    text = read(detail(client, decided)) + read(ask(client))
    assert "Platinum" not in text
    assert "PLAT" not in text
    assert "1 you may not see" in text
    hidden = read(ask(client, contact="C4", offer="PLAT"))
    assert hidden == read(ask(client, contact="C4", offer="NONE")).replace("NONE", "PLAT")
    assert "No offer of this name that you may see was live then." in hidden
    assert "Nothing matches" in read(ask(client, offer="PLAT"))

    Environment.objects.get(name="contacts").access_labels.add(label)
    assert detail(client, decided).status_code == 404
    assert "C4" not in read(ask(client))


def test_of_people_who_were_erased_nothing_is_told(decided):
    erase_contact(Contact.objects.get(key="C4"), by=None, at=NOON)
    text = read(detail(signed_in(*RIGHTS), decided))
    assert "The person was erased" in text
    assert "Erased" in text
    assert "C4" not in text


def test_new_decisions_come_in_by_themselves():
    shop = Environment.objects.create(
        name="shop", label="Shop", people="contacts", created_at=NOON, changed_at=NOON
    )
    make_decision(shop, make_contact("C-1"))
    client = signed_in(*RIGHTS)
    page = ask(client).content.decode()
    (address,) = re.findall(r'hx-get="([^"]+newer=[^"]+)"', page)
    htmx = {"HX-Request": "true"}

    assert client.get(unescape(address), headers=htmx).status_code == 204
    make_decision(shop, make_contact("C-2"), at=NOON + timedelta(hours=1))
    answer = client.get(unescape(address), headers=htmx)
    assert answer.status_code == 200
    assert "C-2" in answer.content.decode()
    assert "newer=" not in ask(client, arriving="paused").content.decode()
