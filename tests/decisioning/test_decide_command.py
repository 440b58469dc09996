"""`manage.py decide`: one decision from the shell."""

import json

import pytest
from django.core.management import CommandError, call_command

from decisioning.models import Interaction
from tests.decisioning.http import forget, open_bank

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank_of_the_module")]
MORNING = ("--at", "2026-06-15T10:00", "--seed", "t1")


@pytest.fixture(autouse=True)
def bank():
    yield open_bank()
    forget()


def decide(*words, capsys):
    call_command("decide", "--space", "webHero", *words)
    return capsys.readouterr().out


def test_it_prints_the_best(capsys):
    out = decide("--contact", "C1", "--count", "3", *MORNING, capsys=capsys)

    assert out.splitlines() == [
        " 1. ACC50 25  Under 26",
        " 2. SAHARA 18  Standard",
        " 3. NYC 18  Standard",
    ]
    assert not Interaction.objects.exists()


def test_it_tells_why_not(capsys):
    out = decide("--contact", "C4", *MORNING, "--explain", capsys=capsys)

    assert (
        "    SAHARA: The filter of a category above it leaves this person out. "
        "travel; contact.partner_opt_in (has False)"
    ) in out.splitlines()


def test_for_programs_it_is_the_answer_of_the_api(capsys):
    out = decide("--contact", "C2", "--json", *MORNING, capsys=capsys)

    answer = json.loads(out)
    assert (answer["environment"], answer["recorded"]) == ("contacts", False)
    assert [one["offer"] for one in answer["slots"][0]["propositions"]] == ["PLAT"]


def test_it_says_which_call_data_it_passes_over(capsys):
    call_command(
        "decide", "--space=webHero", "--contact=C6", "--call", '{"devise": "mobile"}', *MORNING
    )

    assert capsys.readouterr().err == (
        "warning: call.devise: The environment declares no call data of this name.\n"
    )


def test_it_stores_only_when_it_is_told_to(capsys):
    decide("--contact", "C2", capsys=capsys)
    assert not Interaction.objects.exists()

    decide("--contact", "C2", "--record", capsys=capsys)

    assert Interaction.objects.get().contact.key == "C2"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--space", "webHero", "--contact", "nobody"], 1),
        (["--space", "nowhere", "--contact", "C2"], 1),
        (["--space", "webHero", "--contact", "C2", "--at", "soon"], 2),
        (["--space", "webHero", "--contact", "C2", "--seed", "t1", "--record"], 2),
    ],
)
def test_it_says_when_it_cannot(words, status):
    with pytest.raises(CommandError) as refusal:
        call_command("decide", *words)

    assert refusal.value.returncode == status
