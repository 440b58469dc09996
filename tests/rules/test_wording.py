"""Rules as sentences, in two languages."""

from dataclasses import fields

import pytest

from rules.english import ENGLISH
from rules.french import FRENCH
from rules.parsing import parse
from rules.refusals import BadRule, Code
from rules.relative import relative
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
            "age is under 26 and country is France or Belgium",
            "âge est inférieur à 26 ans et pays est France ou Belgique",
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
            "contact.created_at is on or after 1 May 2026, 08:00 UTC",
            "contact.created_at est le 1er mai 2026 à 08:00 UTC ou après",
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


SEEN, BORN = "last purchase", "dernier achat"
MEMBERS = {"travellers": "Frequent travellers", "vip": "VIP"}
OF_SHOP = {
    "en": Labels(
        {"contact.seen_at": SEEN, "contact.country": "country", "contact.level": "level"},
        {
            "contact.country": {"FR": "France", "BE": "Belgium"},
            "contact.spoken": {"fr": "French", "nl": "Dutch"},
            "contact.level": {"1": "Beginner", "2": "Expert"},
        },
        MEMBERS,
        frozenset({"vip"}),
    ),
    "fr": Labels(
        {"contact.seen_at": BORN, "contact.country": "pays", "contact.level": "niveau"},
        {
            "contact.country": {"FR": "France", "BE": "Belgique"},
            "contact.spoken": {"fr": "français", "nl": "néerlandais"},
            "contact.level": {"1": "Débutant", "2": "Expert"},
        },
        {"travellers": "Grands voyageurs", "vip": "VIP"},
        frozenset({"vip"}),
    ),
}


@pytest.mark.parametrize(
    ("text", "english", "french"),
    [
        (
            'contact.seen_at >= now - duration("720h")',
            "last purchase is in the last 30 days",
            "dernier achat se situe au cours des 30 derniers jours",
        ),
        (
            'contact.seen_at >= now - duration("720h") && contact.seen_at <= now',
            "last purchase is in the last 30 days",
            "dernier achat se situe au cours des 30 derniers jours",
        ),
        (
            'contact.country == "FR" && contact.seen_at <= now && now - duration("1h")'
            " < contact.seen_at",
            "country is France and last purchase is in the last hour",
            "pays est France et dernier achat se situe au cours de la dernière heure",
        ),
        (
            'now - contact.seen_at < duration("90m")',
            "last purchase is in the last 90 minutes",
            "dernier achat se situe au cours des 90 dernières minutes",
        ),
        (
            'contact.seen_at < now - duration("720h")',
            "last purchase is more than 30 days ago",
            "dernier achat remonte à plus de 30 jours",
        ),
        (
            'now - contact.seen_at > duration("24h")',
            "last purchase is more than 1 day ago",
            "dernier achat remonte à plus de 1 jour",
        ),
        (
            'contact.seen_at >= now && contact.seen_at <= now + duration("168h")',
            "last purchase is in the next 7 days",
            "dernier achat se situe au cours des 7 prochains jours",
        ),
        (
            'contact.seen_at <= now + duration("168h")',
            "last purchase is in the next 7 days, or past",
            "dernier achat se situe au cours des 7 prochains jours ou dans le passé",
        ),
        (
            'contact.seen_at > now + duration("36h")',
            "last purchase is more than 36 hours away",
            "dernier achat se situe dans plus de 36 heures",
        ),
        (
            "contact.seen_at <= now",
            "last purchase is in the past",
            "dernier achat est dans le passé",
        ),
        ("contact.seen_at > now", "last purchase is in the future", "dernier achat est à venir"),
        (
            '!(contact.seen_at >= now - duration("720h"))',
            "last purchase is not in the last 30 days, or unknown",
            "dernier achat ne se situe pas au cours des 30 derniers jours ou n’est pas renseigné",
        ),
        (
            "days(contact.seen_at, now) >= 0 && days(contact.seen_at, now) <= 30",
            "last purchase is in the last 30 days",
            "dernier achat se situe au cours des 30 derniers jours",
        ),
        (
            "days(contact.seen_at, now) > 30",
            "last purchase is more than 30 days ago",
            "dernier achat remonte à plus de 30 jours",
        ),
        (
            'now - contact.seen_at == duration("1500ms")',
            "the moment of the decision − last purchase is 1.5 seconds",
            "le moment de la décision − dernier achat est 1,5 seconde",
        ),
        (
            'filter("travellers") && !filter("vip")',
            "belongs to the audience Frequent travellers and is not in the list VIP",
            "fait partie de l’audience Grands voyageurs et ne figure pas dans la liste VIP",
        ),
        (
            '"fr" in contact.spoken || !("nl" in contact.spoken)',
            "contact.spoken contains French or contact.spoken does not contain Dutch",
            "contact.spoken contient français ou contact.spoken ne contient pas néerlandais",
        ),
        (
            'contact.level in [1, 2] && "FR" == contact.country',
            "level is Beginner or Expert and France is country",
            "niveau est Débutant ou Expert et France est pays",
        ),
        (
            "years(contact.birth_date) >= 18",
            "age is at least 18",
            "âge est d’au moins 18 ans",
        ),
    ],
)
def test_moments_audiences_and_choices_are_said_as_people_say_them(text, english, french):
    tree = parse(text)

    assert sentence(tree, "en", OF_SHOP["en"]) == english
    assert sentence(tree, "fr", OF_SHOP["fr"]) == french


@pytest.mark.parametrize(
    "text",
    [
        "contact.a >= contact.b",
        'now > now - duration("24h")',
        "days(contact.a, contact.b) > 3",
        "days(contact.a, now) > 9223372036854775807",
        "days(contact.a, now) >= 0",
    ],
)
def test_what_only_resembles_a_stretch_of_time_is_said_plainly(text):
    assert relative(parse(text)) is None


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
            if part.name not in {"digits", "genders"}:
                assert english.keys() == french.keys(), part.name
        elif part.name != "plural_from":
            assert bool(english) == bool(french), part.name


def test_every_mistake_has_words():
    assert set(ENGLISH.mistakes) == set(Code)
