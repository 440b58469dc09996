"""Somebody and what they hold, by one statement: every request of theirs begins with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import connection, models

from accounts.models import Role, User
from offers_site.statements import read

M = TypeVar("M", bound=models.Model)

PERSON = [field.attname for field in User._meta.concrete_fields]
ROLE = [field.attname for field in Role._meta.concrete_fields]
COLUMNS = [*(f"person.{name}" for name in PERSON), *(f"role.{name}" for name in ROLE)]
# A row for each role, with the keys of its labels; one without a role for somebody who has none.
STATEMENT = f"""
    SELECT {", ".join(COLUMNS)},
        ARRAY(SELECT accesslabel_id FROM accounts_role_labels WHERE role_id = role.id)
    FROM accounts_user person
    LEFT JOIN accounts_user_roles held ON held.user_id = person.id
    LEFT JOIN accounts_role role ON role.id = held.role_id
    WHERE person.id = %s AND person.is_active
    ORDER BY role.id
"""  # noqa: S608 (our identifiers)


def active_person(key: int) -> User | None:
    """The person of this key with their roles and labels, unless they are deactivated."""
    rows = read(STATEMENT, [key], once=True)
    if not rows:
        return None
    person = made(User, PERSON, rows[0])
    roles = [row[len(PERSON) : -1] for row in rows]
    person.held_roles = [made(Role, ROLE, role) for role in roles if role[0] is not None]
    if not person.is_administrator:  # who holds every label, and hardly ever needs them
        person.held_label_keys = frozenset(label for row in rows for label in row[-1])
    return person


def made(model: type[M], names: Sequence[str], row: Sequence[Any]) -> M:
    """As the ORM makes it of such a row."""
    fields = (model._meta.get_field(name) for name in names)
    values = [
        value
        if (read_as := getattr(field, "from_db_value", None)) is None
        else read_as(value, None, connection)
        for field, value in zip(fields, row, strict=False)
    ]
    return model.from_db("default", names, values)
