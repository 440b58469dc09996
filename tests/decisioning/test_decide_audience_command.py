"""`manage.py decide --audience`: everybody of an audience, from the shell."""

import json

import pytest
from django.core.management import CommandError, call_command

from decisioning.models import Interaction
from tests.decisioning.crowds import open_shop
from tests.decisioning.http import forget

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    yield open_shop()
    forget()


def told(capsys, *words):
    call_command("decide", *words)
    return capsys.readouterr().out.splitlines()


def test_the_command_shows_a_line_for_each_contact(shop, capsys):
    words = (
        "--audience",
        "contact.points >= 100",
        "--space",
        "hero",
        "--seed",
        "s",
        "--count",
        "2",
    )

    assert told(capsys, *words) == ["C10\tPOINTS 10, GOLD 9", "C11\tPOINTS 11, GOLD 9"]
    *lines, whole = map(json.loads, told(capsys, *words, "--json"))
    assert [one["contact"] for one in lines] == ["C10", "C11"]
    assert lines[0]["propositions"][0] == {
        "offer": "POINTS", "rank": 1, "weight": 10.0, "context": "All", "fallback": False,
    }  # fmt: skip
    assert (whole["people"], whole["propositions"], whole["without_offer"]) == (2, 4, 0)
    assert whole["offers"] == [
        {"offer": "GOLD", "total": 2, "ranks": [0, 2]},
        {"offer": "POINTS", "total": 2, "ranks": [2]},
    ]
    assert not Interaction.objects.exists()


def test_the_command_records(shop, capsys):
    (line,) = told(capsys, "--audience", "true", "--space", "hero", "--record", "--json")

    whole = json.loads(line)
    assert (whole["state"], whole["people"], whole["propositions"]) == ("finished", 12, 24)
    assert Interaction.objects.count() == 12
    joined = told(capsys, "--join", whole["job"])
    assert joined == ["12 contacts are decided for"]


REFUSED = [
    (["--audience", "true", "--space", "nowhere"], 1, "No space nowhere is live."),
    (["--audience", "contact.points > 999", "--space", "hero"], 1, "No contact meets"),
    (["--audience", "false", "--space", "hero", "--record"], 1, "No contact meets"),
    (["--audience", "contact.pints > 9", "--space", "hero"], 2, "\n  ^^^^^^^^^^^^^"),
    (["--audience", "", "--space", "hero", "--record"], 2, "--audience: "),
    (["--audience", "call.device == 'x'", "--space", "hero"], 2, "\n  ^^^^^^^^^^^"),
    (["--audience", "true"], 2, "--space is missing."),
    (["--audience", "true", "--space", "hero", "--explain"], 2, "--explain"),
    (["--audience", "true", "--space", "hero", "--workers", "2"], 2, "--workers"),
    (["--audience", "true", "--space", "hero", "--record", "--seed", "s"], 2, "--seed"),
    (["--audience", "true", "--space", "hero", "--at", "soon"], 2, "--at"),
    (["--join", "nothing"], 1, "There is no run nothing."),
]


def test_the_command_says_when_it_cannot(shop):
    for words, status, sentence in REFUSED:
        with pytest.raises(CommandError) as refusal:
            call_command("decide", *words)

        assert refusal.value.returncode == status, words
        assert sentence in str(refusal.value)
    assert not Interaction.objects.exists()
