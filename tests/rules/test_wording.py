"""Rules as sentences, in two languages."""

from dataclasses import fields

import pytest

from rules.parsing import parse
from rules.phrases import ENGLISH, FRENCH
from rules.refusals import BadRule, Code
from rules.wording import Labels, complaint, sentence

LABELS = {
    "en": Labels(
        {"contact.country": "country"}, {"contact.country": {"FR": "France", "BE": "Belgium"}}
    ),
    "fr": Labels(
        {"contact.country": "pays"}, {"contact.country": {"FR": "France", "BE": "Belgique"}}
    ),
}


@pytest.mark.parametrize(
    ("text", "english", "french"),
    [
        (
            'years(contact.birth_date) < 26 && contact.country in ["FR", "BE"]',
            "age in years is under 26 and country is France or Belgium",
            "âge en années est inférieur à 26 et pays est France ou Belgique",
        ),
        (
            "!(contact.age < 26)",
            "contact.age is not under 26, or unknown",
            "contact.age n’est pas inférieur à 26 ou n’est pas renseigné",
        ),
        (
            "a && (b || !c)",
            "a: yes and (b: yes or c: no or unknown)",
            "a\u00a0: oui et (b\u00a0: oui ou c\u00a0: non ou non renseigné)",
        ),
        (
            'contact.created_at >= timestamp("2026-05-01T08:00:00Z")',
            "contact.created_at is not before 1 May 2026, 08:00 UTC",
            "contact.created_at n’est pas avant 1 mai 2026, 08:00 UTC",
        ),
        ("has(contact.age)", "contact.age is known", "contact.age est renseigné"),
        (
            'filter("frequent")',
            "belongs to the audience “frequent”",
            "fait partie de l’audience «\u00a0frequent\u00a0»",
        ),
        ("x > 1234567.5", "x is over 1,234,567.5", "x est supérieur à 1\u202f234\u202f567,5"),
        (
            '"vip" in contact.tags',
            "contact.tags contains “vip”",
            "contact.tags contient «\u00a0vip\u00a0»",
        ),
    ],
)
def test_a_rule_is_a_sentence(text, english, french):
    tree = parse(text)

    assert sentence(tree, "en", LABELS["en"]) == english
    assert sentence(tree, "fr", LABELS["fr"]) == french


def test_a_mistake_says_what_was_expected():
    with pytest.raises(BadRule) as refusal:
        parse("contact.age <")

    assert complaint(refusal.value.first, "en") == "The rule ends too early. Expected: a value."
    assert complaint(refusal.value.first, "fr") == (
        "La règle s’arrête trop tôt. Attendu\u00a0: une valeur."
    )


def test_both_languages_have_the_same_phrases():
    for part in fields(ENGLISH):
        english, french = getattr(ENGLISH, part.name), getattr(FRENCH, part.name)
        if isinstance(english, dict):
            if part.name != "digits":
                assert english.keys() == french.keys(), part.name
        else:
            assert bool(english) == bool(french), part.name


def test_every_mistake_has_words():
    assert set(ENGLISH.mistakes) == set(Code)
