"""Whom a call is for: by key, by the fields of a space, by a signed token, or by the browser.

Nobody is ever picked at random, and nobody is known before they agreed to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog
from django.core import signing
from psycopg.errors import UndefinedColumn

from catalog.shapes import SpaceShape
from contacts.actions.visitors import Visitor
from contacts.columns import TABLE, Column
from contacts.models import ContactAlias
from contacts.values import BadValue, from_text, normal_email
from decisioning.calling import NOTHING_TOLD, Told, Warned, warning
from offers_site.statements import read

log = structlog.get_logger("overture.decisioning")
Way = Literal["explicit", "implicit", "anonymous"]
SALT = "decisioning.identification"
SEEN_AGAIN_AFTER = timedelta(days=1)  # how exactly we know when a visitor was last there
PEOPLE = (
    f"SELECT id, kind, key, linked_contact_id, changed_at FROM {TABLE}"  # noqa: S608 (our words)
    " WHERE (kind = 'contact' AND key = %s) OR (kind = 'visitor' AND key = %s)"
)


@dataclass(frozen=True, slots=True)
class Found:
    """Who somebody is in a space; nobody has no contact."""

    contact: int | None
    way: Way


ANONYMOUS = Found(None, "anonymous")


# --- signed identification ---


def sign(told: Mapping[str, Any], *, until: datetime) -> str:
    """A token that says who somebody is, for pages that cannot be trusted to say it."""
    return signing.dumps({**told, "until": int(until.timestamp())}, salt=SALT, compress=False)


def read_token(token: str, *, at: datetime) -> Told | None:
    """What a token says; None when it is not ours or its time is over."""
    try:
        said = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    if said.pop("until") <= at.timestamp():
        return None
    return Told.model_validate(said)


# --- who it is ---


@dataclass
class Identity:
    """What a call tells of a person, looked up no more often than it takes."""

    told: Told
    columns: Mapping[str, Column]
    is_signed: bool = False
    visitor: Visitor | None = None
    is_due: bool = False  # whether the visitor is to be met again, or for the first time
    warnings: list[Warned] = field(default_factory=list)
    by_key: int | None = None
    by_fields: dict[tuple[str, ...], int | None] = field(default_factory=dict)

    @property
    def is_told(self) -> bool:
        """Whether the caller says who it is, rightly or wrongly."""
        return self.told.key is not None or bool(self.told.keys)

    def in_space(self, space: SpaceShape) -> Found:
        """Who it is for a space of an environment for contacts."""
        contact = self.explicit(space) if self.is_told else None
        if contact is not None:
            return Found(contact, "explicit")
        if space.implicit_identification and self.visitor and self.visitor.linked:
            return Found(self.visitor.linked, "implicit")
        return ANONYMOUS

    def explicit(self, space: SpaceShape) -> int | None:
        if space.needs_token and not self.is_signed:
            self.warn("token_needed", f"{space.name} takes only signed identification.")
            return None
        if self.told.key is not None:
            if self.by_key is None:
                self.warn("target_unknown", "There is no contact with this key.")
            return self.by_key
        fields = space.identification or ("key",)
        if fields not in self.by_fields:
            self.by_fields[fields] = self.find(fields)
        return self.by_fields[fields]

    def find(self, fields: Sequence[str]) -> int | None:
        """The one contact that has these values."""
        values = self.told.keys
        if len(values) != len(fields):
            detail = f"Expected {len(fields)} values: {', '.join(fields)}."
            self.warn("bad_target_key", detail)
            return None
        conditions, given = [], []
        for name, text in zip(fields, values, strict=True):
            try:
                column, value = self.place_of(name, text)
            except BadValue as refusal:
                self.warn("bad_target_key", f"{name}: {refusal.code}.")
                return None
            conditions.append(f'"{column}" = %s')
            given.append(value)
        statement = (
            f"SELECT id FROM {TABLE} WHERE kind = 'contact'"  # noqa: S608 (our identifiers)
            f" AND {' AND '.join(conditions)} LIMIT 2"
        )
        try:
            rows = read(statement, given)
        except UndefinedColumn:  # purged since this process loaded the release
            self.warn("bad_target_key", "One of the values is not known of anybody any more.")
            return None
        if len(rows) > 1:
            log.warning("target.ambiguous", fields=list(fields))
            self.warn("target_ambiguous", "Several contacts have these values.")
            return None
        if not rows:
            self.warn("target_unknown", "No contact has these values.")
            return None
        found: int = rows[0][0]
        return found

    def place_of(self, name: str, text: str) -> tuple[str, Any]:
        """(column, value) by which somebody is found; raises BadValue."""
        column = self.columns.get(name)
        if column is None or not column.column:  # purged
            raise BadValue("unknown_field", name)
        value = from_text(column, text)
        if value is None:
            raise BadValue("required", name)
        if name == "email":
            return "email_normal", normal_email(value)
        return column.column, value

    def warn(self, code: str, detail: str) -> None:
        found = warning(code, detail, "/target")
        if found not in self.warnings:
            self.warnings.append(found)


def identify(
    told: Told | None, columns: Mapping[str, Column], *, at: datetime, vouched: bool = False
) -> Identity:
    """What a call says, signed or not; `look_up` goes on."""
    told = told or NOTHING_TOLD
    warnings: list[Warned] = []
    is_signed = vouched
    if told.token is not None:
        said = read_token(told.token, at=at)
        if said is None:
            warnings.append(warning("bad_token", "It is not ours, or its time is over.", "/target"))
            told = Told(visitor=told.visitor)
        else:
            is_signed = True
            told = Told(key=said.key, keys=said.keys, visitor=told.visitor)
    return Identity(told, columns, is_signed, warnings=warnings)


def look_up(identity: Identity, at: datetime) -> None:
    """What can be known before any space is looked at: at most two queries."""
    key, visitor = identity.told.key, identity.told.visitor
    if key is None and visitor is None:
        return
    identity.is_due = visitor is not None
    for pk, kind, found, linked, changed_at in read(PEOPLE, [key, visitor]):
        if kind == "contact":
            identity.by_key = pk
        else:
            identity.visitor = Visitor(pk, found, linked)
            identity.is_due = changed_at < at - SEEN_AGAIN_AFTER
    if key is not None and identity.by_key is None:
        identity.by_key = formerly(key)


def formerly(key: str) -> int | None:
    """Who had this key before two were merged."""
    return ContactAlias.objects.filter(key=key).values_list("contact_id", flat=True).first()
