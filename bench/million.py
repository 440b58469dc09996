"""A million contacts with fifteen attributes, and how long people wait for them.

`bench.contacts` runs this in an installation of its own. What it prints is JSON: for each figure
what was measured, the milliseconds, what it is held against, and its milliseconds.
"""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

import django

django.setup()

from django.db import connection  # noqa: E402 (after the setup)
from django.test import Client  # noqa: E402
from django.utils.timezone import now  # noqa: E402

from accounts.models import Role, User  # noqa: E402
from contacts import columns  # noqa: E402
from contacts.actions.attributes import declare_attribute  # noqa: E402
from contacts.audiences import matching  # noqa: E402
from contacts.counting import count  # noqa: E402
from contacts.vocabulary import check  # noqa: E402

PEOPLE = 1_000_000
TIMES = 7
ATTRIBUTES = (
    ("points", "int", "n % 5000"),
    ("orders", "int", "n % 40"),
    ("visits", "int", "(n * 7) % 300"),
    ("spend", "double", "(n % 100000) / 7.0"),
    ("propensity", "double", "(n % 1000) / 1000.0"),
    ("discount", "double", "(n % 50) / 100.0"),
    ("tier", "string", "(ARRAY['bronze','silver','gold'])[1 + n % 3]"),
    ("segment", "string", "'segment ' || (n % 60)"),
    ("store", "string", "'store ' || (n % 900)"),
    ("is_partner", "bool", "n % 4 = 0"),
    ("has_account", "bool", "n % 3 = 0"),
    ("first_order", "date", "date '2015-01-01' + n % 4000"),
    ("last_seen", "timestamp", "timestamptz '2025-01-01 00:00Z' + (n % 600000) * interval '1 min'"),
    ("interests", "list<string>", "ARRAY['interest ' || (n % 30), 'interest ' || (n % 7 + 40)]"),
    ("years_bought", "list<int>", "ARRAY[2020 + n % 6, 2010 + n % 9]"),
)
RULE = (
    'years(contact.birth_date) < 26 && contact.country in ["FR", "BE"] && contact.points > 1000'
    ' && contact.tier == "gold" && contact.is_partner'
)
BY_HAND = (
    "birth_date > current_date - interval '26 years' AND country IN ('FR', 'BE')"
    " AND {points} > 1000 AND {tier} = 'gold' AND {is_partner}"
)
NAMES = "ARRAY['Martin','Bernard','Dubois','Thomas','Robert','Richard','Petit','Durand','Leroy']"
FIRST = "ARRAY['Alice','Bob','Chloé','David','Élodie','Farid','Gaëlle','Hugo','Inès','Jean']"


def main() -> None:
    fill()
    for figure in (*counts(), *searches()):
        print(json.dumps(figure), flush=True)


def fill() -> None:
    """People made by the server itself, with names that many of them share."""
    for name, kind, _value in ATTRIBUTES:
        declare_attribute(name=name, label=name, type=kind, by=None, at=now())
    known = columns.known()
    placed = ", ".join(known[name].column for name, _kind, _value in ATTRIBUTES)
    values = ", ".join(value for _name, _kind, value in ATTRIBUTES)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contacts_contact (key, email, email_normal, phone, first_name, last_name,"
            f" birth_date, language, timezone, address1, postcode, city, country, {placed})"
            " SELECT 'C-' || lpad(n::text, 8, '0'), email, email, '+336' || lpad(n::text, 8, '0'),"
            f" ({FIRST})[1 + n % 10], ({NAMES})[1 + n % 9] || chr(97 + n % 26) || n % 5000,"
            " date '1940-01-01' + (n * 31) % 25000, 'fr', 'Europe/Paris', n || ' rue de la Paix',"
            " lpad((n % 95000)::text, 5, '0'), 'City ' || n % 3000,"
            f" (ARRAY['FR','BE','CH','DE'])[1 + n % 4], {values}"
            " FROM (SELECT n, 'person' || n || '@example.org' AS email"
            f" FROM generate_series(1, {PEOPLE}) AS n) AS people"
        )
        cursor.execute("VACUUM ANALYZE contacts_contact")


def milliseconds(work: Callable[[], object]) -> float:
    """The median of several, after one that warms up."""
    work()
    taken = []
    for _ in range(TIMES):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return median(taken)


def asked(statement: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


def counts() -> Iterator[tuple[str, float, str, float]]:
    known = columns.known()
    rule = check(RULE)
    names = {name: known[name].column for name in ("points", "tier", "is_partner")}
    by_hand = f"SELECT count(*) FROM contacts_contact WHERE {BY_HAND.format(**names)}"
    floor = milliseconds(lambda: asked(by_hand))
    people = matching(rule, at=now(), zone="Europe/Paris")
    what = f"count of a five-condition rule ({count(people):,} of {PEOPLE:,})"
    yield what, milliseconds(lambda: count(people)), "the same conditions in SQL by hand", floor


def searches() -> Iterator[tuple[str, float, str, float]]:
    person = User.objects.create(email="bench@example.org", created_at=now())
    person.roles.add(Role.objects.get(code="administrator"))
    client = Client(HTTP_HOST="localhost")
    client.force_login(person)

    def page(query: str) -> None:
        answer = client.get("/contacts/", {"q": query}, headers={"HX-Request": "true"})
        if answer.status_code != 200:
            raise RuntimeError(query)

    floor = milliseconds(lambda: page(""))
    for what, query in (
        ("a key", "C-00012345"),
        ("one letter", "m"),
        ("a name", "martin"),
        ("a full name", "elodie richard"),
        ("two names that hardly meet", "m zo"),
        ("an address", "person4711@"),
        ("a national number", "06 00 12 34 56"),
        ("the start of a number", "+336"),
        ("nobody", "xyzzy"),
    ):
        yield (
            f"list, searched by {what}",
            milliseconds(partial(page, query)),
            "the list, not searched",
            floor,
        )


if __name__ == "__main__":
    main()
