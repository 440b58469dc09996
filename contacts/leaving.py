"""Which contacts leave in an export, and in which order: as the list showed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from psycopg import sql

from accounts.models import User
from contacts.audiences import members
from contacts.columns import OPT_OUTS, known
from contacts.disclosing import may_see_personal
from contacts.discretion import Discretion, discretions_of
from contacts.models import Audience
from contacts.searching import finding
from rules.refusals import BadRule
from transfers.subjects import BadFilter

ORDERS = {
    "key": "t.key",
    "-key": "t.key DESC",
    "created_at": "t.created_at, t.id",
    "-created_at": "t.created_at DESC, t.id DESC",
}
# Columns of the list that stand for others in files.
STANDS_FOR = {"name": ("first_name", "last_name"), "opt_outs": tuple(OPT_OUTS)}


def columns_shown(shown: Sequence[str], columns: Mapping[str, object]) -> list[str]:
    names = [name for each in shown for name in STANDS_FOR.get(each, (each,))]
    return [name for name in names if name in columns]


def filters_from(asked: Mapping[str, str], *, by: User, at: datetime, zone: str) -> dict[str, Any]:
    """The search of the list, and the audience; raises BadFilter."""
    filters: dict[str, Any] = {}
    if text := " ".join(asked.get("q", "")[:200].replace("\0", "").split()):
        filters |= {"q": text, "finds_personal": may_see_personal(by)}
    if name := asked.get("audience", ""):
        audience = Audience.objects.visible_to(by).filter(name=name[:50].replace("\0", "")).first()
        if audience is None:
            raise gone()
        told = discretions_of([audience], known())[name]
        if told is not Discretion.OPEN and not may_see_personal(by):
            raise BadFilter(
                _(
                    "This audience asks for personal data: only people who may see them can "
                    "export who belongs to it."
                )
            )
        filters |= {"audience": name, "at": at.isoformat(), "zone": zone}
    return filters


def gone() -> BadFilter:
    return BadFilter(_("There is no such audience, or its rule means nothing any more."))


def in_words(filters: Mapping[str, Any]) -> list[tuple[str, str]]:
    told = []
    if filters.get("q"):
        told.append((pgettext("what was looked for", "Search"), str(filters["q"])))
    if filters.get("audience"):
        label = Audience.objects.filter(name=filters["audience"]).values_list("label", flat=True)
        told.append((_("Audience"), label.first() or str(filters["audience"])))
    return told


def condition(filters: Mapping[str, Any]) -> sql.Composable:
    """Raises BadFilter when the audience means nothing any more: never everybody instead."""
    parts: list[sql.Composable] = [sql.SQL("t.kind = 'contact'")]
    if text := filters.get("q"):
        personal = filters.get("finds_personal") is True
        statement, values = finding(text, kind="contact", personal=personal)
        parts.append(among(statement, values))
    if filters.get("audience"):
        parts.append(among(*audience_select(filters)))
    if since := filters.get("changed_since"):
        parts.append(sql.SQL("t.changed_at >= {}").format(sql.Literal(since)))
    return sql.SQL(" AND ").join(parts)


def audience_select(filters: Mapping[str, Any]) -> tuple[str, Sequence[Any]]:
    audience = Audience.objects.filter(name=filters["audience"]).first()
    if audience is None:
        raise gone()
    try:
        at = datetime.fromisoformat(filters["at"])
        people = members(audience, at=at, zone=filters["zone"])
    except BadRule as refusal:
        raise gone() from refusal
    statement, values = people.values("pk").query.sql_with_params()
    return statement, values


def among(statement: str, values: Sequence[Any]) -> sql.Composable:
    """A statement with its values in it, as a condition on who leaves: COPY takes no parameters."""
    with connection.cursor() as cursor:
        written: str = cursor.mogrify(statement, values)
    return sql.SQL("t.id IN ({})").format(sql.SQL(written))


def order(filters: Mapping[str, Any]) -> sql.Composable:
    return sql.SQL(ORDERS.get(str(filters.get("sort", "")), ORDERS["key"]))
