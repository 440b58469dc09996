"""Every stored decision comes out as it did, whatever has changed since."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from catalog.models import Environment, Offer
from contacts.actions.attributes import declare_attribute, purge_attribute, retire_attribute
from contacts.actions.audiences import change_members, delete_audience
from contacts.actions.contacts import erase_contact
from contacts.actions.refusing import StillUsed
from contacts.models import Attribute, Contact
from decisioning.models import Interaction, Proposition
from tests.build import NOON, make_audience
from tests.catalog.making import edit, publish, weigh
from tests.decisioning.http import forget, open_bank

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank_of_the_module")]
GONE = ("vip", "seen_on")


@pytest.fixture
def bank():
    yield open_bank()
    forget()


def replay(*words):
    out = StringIO()
    call_command("replay", *words, stdout=out, stderr=StringIO())
    return out.getvalue().splitlines()


def test_what_rules_asked_for_may_be_retired_purged_or_deleted_since(bank):
    declare_attribute(name="vip", label="VIP", type="bool", by=None, at=NOON)
    declare_attribute(name="seen_on", label="Seen on", type="date", by=None, at=NOON)
    chosen = make_audience("chosen")
    with connection.cursor() as cursor:
        columns = {each.name: each.column for each in Attribute.objects.filter(name__in=GONE)}
        cursor.execute(
            f"UPDATE contacts_contact SET {columns['vip']} = true,"
            f" {columns['seen_on']} = '2026-01-02' WHERE key = 'C2'"
        )
    change_members(chosen, ["C2"], replaces=True, by=None, at=NOON)
    rule = 'contact.vip && contact.seen_on < date("2026-02-01") && filter("chosen")'
    publish(edit(Offer.objects.get(code="PLAT"), filter=rule))
    forget()
    answer = bank.decide({"space": "webHero", "count": 3}, target={"key": "C2"})
    assert "PLAT" in [one["offer"] for one in answer["slots"][0]["propositions"]]

    for each in Attribute.objects.filter(name__in=GONE):
        with pytest.raises(StillUsed, match=r"in live: PLAT \(Banque"):
            retire_attribute(each, by=None, at=NOON)
    publish(edit(Offer.objects.get(code="PLAT"), filter=None))

    for each in Attribute.objects.filter(name__in=GONE):
        retire_attribute(each, by=None, at=NOON)
    forget()
    assert replay("--fail-on-diff")[0] == "0 diffs"
    purge_attribute(Attribute.objects.get(name="seen_on"), by=None, at=NOON)
    delete_audience(chosen, by=None, at=NOON)
    forget()
    assert replay("--fail-on-diff")[0] == "0 diffs"


# --- what the rest of the module replays ---


@pytest.fixture(scope="module")
def decisions(bank_of_the_module):
    """Decisions of every kind, of two releases, for people who are otherwise by now."""
    bank = open_bank()
    slots: list[dict[str, Any]] = [
        {"slot": "a", "space": "webHero_1", "categories": ["banking", "essentials"]},
        {"slot": "b", "space": "webHero_2", "categories": ["banking", "essentials"]},
        {"slot": "c", "space": "webHero", "count": 3, "call": {"device": "mobile"}},
        {"slot": "d", "space": "callCenter", "themes": ["card"], "count": 2},
    ]
    tokens = []
    for who in ("C1", "C2", "C3", "C4", "C5", "C6", "C2"):
        answer = bank.decide(*slots, target={"key": who}, call={"device": "desktop"})
        tokens += [one["token"] for slot in answer["slots"] for one in slot["propositions"]]
        assert answer["recorded"]
    for number, token in enumerate(tokens):
        status = ("accepted", "rejected", "interested")[number % 3]
        bank.post(f"propositions/{token}/status", {"status": status})
    publish(weigh(Offer.objects.get(code="SAVE"), "99"))
    for who in ("C1", "C2"):
        bank.decide(*slots, target={"key": who}, deduplicate=False)
    Contact.objects.update(birth_date=None)


@pytest.fixture
def decided(decisions):
    forget()
    yield
    forget()


def test_decisions_of_several_releases_come_out_as_they_did(decided):
    assert Interaction.objects.values_list("release", flat=True).distinct().count() == 2
    assert replay("--fail-on-diff")[0] == "0 diffs"


def test_what_was_stored_otherwise_is_told(decided):
    one = Proposition.objects.filter(offer="PLAT").first()
    Proposition.objects.filter(pk=one.pk).update(weight=31)

    with pytest.raises(SystemExit) as ended:
        replay("--fail-on-diff")
    said = replay()

    assert ended.value.code == 1
    assert said[0] == "1 diffs"
    assert said[2].startswith(f"{one.interaction} (contacts, release 1): was ")
    assert "PLAT 31.000000" in said[2].split("; comes out ")[0]
    assert "PLAT 30.000000" in said[2].split("; comes out ")[1]


def test_another_release_or_the_design_comes_out_otherwise(decided):
    first, second = replay("--against", "release:1"), replay("--against", "release:2")
    # C2 alone was shown SAVE by the second: C1 had accepted it
    assert (first[0], second[0]) == ("1 diffs", "7 diffs")
    assert replay("--against", "design")[0] == second[0]
    edit(Offer.objects.get(code="SAVE"), enabled=False)
    assert replay("--against", "design")[0] == "8 diffs"


def test_a_sample_is_as_large_as_asked(decided):
    out = StringIO()
    call_command("replay", "--sample", "3", "--json", stdout=out, stderr=StringIO())
    answer = json.loads(out.getvalue().splitlines()[-1])
    assert (answer["decisions"], answer["diffs"], answer["first"]) == (3, 0, [])


def test_a_release_that_there_never_was_is_told(decided):
    with pytest.raises(CommandError):
        replay("--against", "release:99")


def test_people_who_were_erased_are_left_out(decided):
    erase_contact(Contact.objects.get(key="C2"), by=None, at=NOON)
    out = StringIO()
    call_command("replay", "--json", stdout=out, stderr=StringIO())
    assert json.loads(out.getvalue().splitlines()[-1])["decisions"] == 6
    assert Environment.objects.get(name="contacts").release_number == 2
