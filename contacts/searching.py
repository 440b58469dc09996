"""Finding people while somebody types, however many there are.

Every way to find somebody is one scan of one index, cut off early; `LIMIT` stands in each, so that
one letter costs what a whole name costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.db import models
from django.db.models.expressions import RawSQL

from contacts.columns import TABLE
from contacts.models import ContactQuerySet, folded
from contacts.models.folding import ACCENTED, PLAIN
from contacts.values import normal_email

MOST = 1_000  # of each way; who sees more than that goes on typing
MOST_WORDS = 5
PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{2,}")
FOLDED = f"LOWER(TRANSLATE({{}}, '{ACCENTED}', '{PLAIN}'))"
FIRST, LAST = FOLDED.format('"first_name"'), FOLDED.format('"last_name"')

Way = tuple[str, list[str]]


def search(people: ContactQuerySet, text: str, *, kind: str, personal: bool) -> ContactQuerySet:
    """Those whose key, name, address or phone number begins with `text`.

    Without `personal`, only the key is looked at.
    """
    text = " ".join(text.split())
    if not text:
        return people
    ways = [by_key(text), by_former_key(text)]
    if personal:
        ways += [*by_address(text), *by_phone(text), *by_name(text)]
    select = f"(SELECT id FROM {TABLE} WHERE kind = %s AND {{}} LIMIT {MOST})"  # noqa: S608 (our words)
    statement = " UNION ".join(select.format(condition) for condition, _ in ways)
    parameters = [value for _, values in ways for value in (kind, *values)]
    found = RawSQL(statement, parameters, output_field=models.BigIntegerField())  # noqa: S611 (likewise)
    return people.filter(pk__in=found)


def beginning(text: str) -> str:
    """The pattern of what begins with a text."""
    return re.sub(r"([\\%_])", r"\\\1", text) + "%"


def by_key(text: str) -> Way:
    return 'LOWER("key") LIKE %s', [beginning(text.lower())]


def by_former_key(text: str) -> Way:
    return "id IN (SELECT contact_id FROM contacts_contactalias WHERE key LIKE %s)", [
        beginning(text)
    ]


def by_address(text: str) -> Iterator[Way]:
    if " " not in text:
        yield "email_normal LIKE %s", [beginning(normal_email(text) or "")]


def by_phone(text: str) -> Iterator[Way]:
    """An international number from its start; a national one from its end, without its nought."""
    if not PHONE.fullmatch(text):
        return
    digits = re.sub(r"\D", "", text)
    international = digits.removeprefix("00")
    if not digits.startswith("0") or international != digits:
        yield "phone LIKE %s", [beginning("+" + international)]
    national = digits.lstrip("0")
    if len(national) >= 5:
        yield "REVERSE(phone) LIKE %s", [beginning(national[::-1])]


def by_name(text: str) -> Iterator[Way]:
    whole = folded(text)
    yield f"{LAST} LIKE %s", [beginning(whole)]
    yield f"{FIRST} LIKE %s", [beginning(whole)]
    words = whole.split()[:MOST_WORDS]
    for cut in range(1, len(words)):
        one, other = beginning(" ".join(words[:cut])), beginning(" ".join(words[cut:]))
        yield f"{FIRST} LIKE %s AND {LAST} LIKE %s", [one, other]
        yield f"{LAST} LIKE %s AND {FIRST} LIKE %s", [one, other]
