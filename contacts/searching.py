"""Finding people while somebody types, however many there are.

Every way to find somebody is a scan of one index between two places, cut off early: one letter
costs what a whole name costs. `~>=~` and `~<~` compare bytes, as those indexes do; what begins with
a text stands from it until before its `end`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.db import connection

from contacts.columns import TABLE
from contacts.models import ContactQuerySet, folded, folded_sql
from contacts.values import normal_email

MOST = 500  # of each way; who sees more than that goes on typing
PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{2,}")
BY_LAST_NAME = folded_sql("last_name", "first_name")
BY_FIRST_NAME = folded_sql("first_name", "last_name")
ALIASES = "SELECT contact_id FROM contacts_contactalias WHERE key ~>=~ %s AND key ~<~ %s"

Way = tuple[str, list[str]]


def search(people: ContactQuerySet, text: str, *, kind: str, personal: bool) -> ContactQuerySet:
    """Those whose key, name, address or phone number begins with `text`. Costs a query.

    Without `personal`, only the key is looked at.
    """
    text = " ".join(text.split())
    if not text:
        return people
    with connection.cursor() as cursor:
        cursor.execute(*finding(text, kind=kind, personal=personal, most=f"LIMIT {MOST}"))
        found = [pk for (pk,) in cursor.fetchall()]
    if not found:
        return people.none()
    return people.meeting("@.id = ANY(%s)", [found])  # one parameter, and not one for each


def finding(text: str, *, kind: str, personal: bool, most: str = "") -> Way:
    """A SELECT of the primary keys of those whom a text finds, and its values."""
    ways = [by_key(text), by_former_key(text)]
    if personal:
        ways += [*by_address(text), *by_phone(text), *by_name(text)]
    select = f"(SELECT id FROM {TABLE} WHERE kind = %s AND {{}} {most})"  # noqa: S608 (our words)
    return (
        " UNION ".join(select.format(condition) for condition, _ in ways),
        [value for _, values in ways for value in (kind, *values)],
    )


def beginning(expression: str, text: str) -> Way:
    """The condition that an expression begins with a text."""
    return f"{expression} ~>=~ %s AND {expression} ~<~ %s", [text, end(text)]


def end(text: str) -> str:
    """The first text after all those that begin with `text`, by code points."""
    last = ord(text[-1]) + 1
    if 0xD800 <= last <= 0xDFFF:  # halves of pairs, which are no characters
        last = 0xE000
    return text[:-1] + chr(last) if last <= 0x10FFFF else text + chr(0x10FFFF)


def by_key(text: str) -> Way:
    return beginning('LOWER("key")', text.lower())


def by_former_key(text: str) -> Way:
    return f"id IN ({ALIASES})", [text, end(text)]


def by_address(text: str) -> Iterator[Way]:
    if " " not in text:
        yield beginning("email_normal", normal_email(text) or text)


def by_phone(text: str) -> Iterator[Way]:
    """An international number from its start; a national one from its end, without its nought."""
    if not PHONE.fullmatch(text):
        return
    digits = re.sub(r"\D", "", text)
    international = digits.removeprefix("00")
    if not digits.startswith("0") or international != digits:
        yield beginning("phone", "+" + international)
    national = digits.lstrip("0")
    if len(national) >= 5:
        yield beginning("REVERSE(phone)", national[::-1])


def by_name(text: str) -> Iterator[Way]:
    """`martin al` as well as `alice mar`."""
    for expression, of in ((BY_LAST_NAME, "last_name"), (BY_FIRST_NAME, "first_name")):
        condition, values = beginning(expression, folded(text))
        yield f"{of} IS NOT NULL AND {condition}", values
