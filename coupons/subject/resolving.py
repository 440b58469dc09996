"""What the rows of a file of codes refer to: coupons and people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import sql

from accounts.journal import Actor
from contacts.storing import keep_keys
from coupons.models import Coupon
from coupons.models.folders import knows_all
from coupons.normalising import lookups
from coupons.subject.common import actor_of
from transfers.subjects import Chunk, RowFault

PLAIN = "^[A-Za-z0-9][A-Za-z0-9._-]*$"
# The code as it is compared, of a staged row `s` and its coupon `c`.
NORM = sql.SQL("CASE WHEN c.case_sensitive THEN s.code ELSE s.code_norm END")


def chosen_coupon(chosen: Mapping[str, Any], by: Actor = None) -> Coupon | None:
    """The coupon that an option names, if there is one and `by` may see it."""
    forms = lookups(str(chosen.get("coupon") or ""))
    return Coupon.objects.open_to(by).filter(code_norm=forms[-1]).first() if forms else None


# --- what rows refer to ---


def identify(chunk: Chunk, text: sql.Composable) -> None:
    chunk.cursor.execute(sql.SQL("UPDATE {} s SET _identity = {}").format(chunk.table, text))


def find_coupons(chunk: Chunk) -> list[RowFault]:
    """Each row's own coupon; and those rows whose coupon is not there or takes no such code."""
    chunk.cursor.execute(sql.SQL("ANALYZE {}").format(chunk.table))
    chunk.cursor.execute(
        sql.SQL(
            "UPDATE {} s SET _parent = c.id, _identity = c.id || ':' || {} "
            "FROM coupons_coupon c WHERE c.code_norm = s.coupon_code_norm AND {}"
        ).format(chunk.table, NORM, visible(actor_of(chunk)))
    )
    return faults_where(
        chunk,
        ("s._parent IS NULL", "pool_not_found", "coupon_code"),
        ("c.type <> 'individual'", "pool_wrong_type", "coupon_code"),
        ("c.status = 'archived'", "coupon_archived", "coupon_code"),
        (f"NOT c.wide_characters AND s.code !~ '{PLAIN}'", "code_invalid_chars", "code"),
    )


def visible(by: Actor) -> sql.Composable:
    """May whoever sent the file know of the coupon `c`?"""
    if knows_all(by):
        return sql.SQL("true")
    pks = list(Coupon.objects.open_to(by).values_list("pk", flat=True))
    return sql.SQL("c.id = ANY({}::bigint[])").format(sql.Literal(pks))


def faults_where(chunk: Chunk, *cases: tuple[str, str, str]) -> list[RowFault]:
    """The rows `s` of which one of these holds, with the first that does; `c` is their coupon."""
    whens = [
        sql.SQL("WHEN {} THEN {}").format(sql.SQL(condition), sql.Literal(number))
        for number, (condition, _code, _column) in enumerate(cases)
    ]
    chunk.cursor.execute(
        sql.SQL(
            "SELECT * FROM (SELECT s._number, CASE {} END AS wrong, s.coupon_code, s.code "
            "FROM {} s LEFT JOIN coupons_coupon c ON c.id = s._parent) found "
            "WHERE wrong IS NOT NULL"
        ).format(sql.SQL(" ").join(whens), chunk.table)
    )
    found = []
    for number, wrong, coupon_code, code in chunk.cursor.fetchall():
        _condition, reason, column = cases[wrong]
        found.append(RowFault(number, reason, column, code if column == "code" else coupon_code))
    return found


def of_other_coupons(chunk: Chunk, coupon: Coupon) -> list[RowFault]:
    chunk.cursor.execute(
        sql.SQL(
            "SELECT _number, coupon_code FROM {} WHERE coupon_code_norm <> {} ORDER BY 1"
        ).format(chunk.table, sql.Literal(coupon.code_norm))
    )
    return [
        RowFault(number, "pool_not_found", "coupon_code", code, {"hint": "other_coupon"})
        for number, code in chunk.cursor.fetchall()
    ]


def ends_before_it_starts(chunk: Chunk) -> list[RowFault]:
    """Only where the file says both; what it leaves to the row is seen when that is changed."""
    if not {"start_date", "end_date"} <= set(chunk.names):
        return []
    chunk.cursor.execute(
        sql.SQL("SELECT _number, end_date::text FROM {} WHERE end_date <= start_date").format(
            chunk.table
        )
    )
    return [
        RowFault(number, "date_range", "end_date", end, {"hint": "window"})
        for number, end in chunk.cursor.fetchall()
    ]


def find_people(chunk: Chunk) -> list[RowFault]:
    """Keys become those of the people whom they name, who may have been merged since.

    Nobody is erased until the chunk is written.
    """
    keep_keys()
    chunk.cursor.execute(
        sql.SQL(
            "UPDATE {} s SET recipient_key = c.key FROM contacts_contactalias a "
            "JOIN contacts_contact c ON c.id = a.contact_id WHERE a.key = s.recipient_key"
        ).format(chunk.table)
    )
    chunk.cursor.execute(
        sql.SQL(
            "SELECT s._number, s.recipient_key FROM {} s WHERE s.recipient_key IS NOT NULL "
            "AND NOT EXISTS (SELECT FROM contacts_contact c "
            "WHERE c.kind = 'contact' AND c.key = s.recipient_key)"
        ).format(chunk.table)
    )
    rows = chunk.cursor.fetchall()
    return [RowFault(n, "recipient_unknown", "recipient_key", key) for n, key in rows]
