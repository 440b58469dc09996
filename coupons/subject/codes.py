"""Codes as files carry them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from psycopg import sql

from accounts.models import User
from coupons import altering, voiding
from coupons.models import Coupon, Movement, Standing
from coupons.moving import moving
from coupons.normalising import lookups, masked
from coupons.storing import store_codes
from coupons.subject import leaving
from coupons.subject.common import (
    HINTS,
    REASONS,
    actor_of,
    at_least_one,
    code_column,
    columns_by_name,
    person_of,
)
from transfers.reading.columns import Column, Kind
from transfers.reading.faults import FileFault
from transfers.reading.xml import XmlShape
from transfers.subjects import NOTHING, Chunk, Outcome, RowFault, Subject, SubjectOption

PLAIN = "^[A-Za-z0-9][A-Za-z0-9._-]*$"
# Of a file's columns those that an import may change afterwards, and what they are called inside.
CHANGEABLE = {
    "label": "label",
    "segment": "segment",
    "start_date": "start_at",
    "end_date": "end_at",
    "max_redemptions": "max_redemptions",
    "recipient_key": "restricted_to",
    "external_id": "external_id",
    "attributes": "attributes",
}
# The code as it is compared, of a staged row `s` and its coupon `c`.
NORM = sql.SQL("CASE WHEN c.case_sensitive THEN s.code ELSE s.code_norm END")


class Codes(Subject):
    name = "codes"
    label = _("Coupon codes")
    unit = _("codes")
    key = "code"
    xml = XmlShape(
        "value",
        "values",
        inherited={"coupon": {"code": "coupon_code"}},
        pairs={"attributes/attribute": "attributes"},
        attributes=frozenset({"code", "segment", "label", *CHANGEABLE, *leaving.CODE_FACTS})
        - {"attributes"},
        parent="coupon",
        around="coupons",
    )
    import_right = "coupons.add_codes"
    export_right = "coupons.export_codes"
    personal_right = "contacts.view_personal_data"
    key_right = "coupons.view_codes"
    operations = ("insert", "upsert", "update", "void")
    options = (
        SubjectOption(
            "coupon",
            _("Into which coupon"),
            _("The code of a coupon. Without it the file needs a column coupon_code."),
            stands_for="coupon_code",
        ),
        SubjectOption("batch", _("Name of the batch"), _("What these codes are called together.")),
    )
    sentences = REASONS
    hints = HINTS
    narrowing = leaving.CODE_FILTERS
    sorts = tuple(leaving.CODE_ORDERS)

    # Where one coupon is chosen and capitals do not matter in it, nothing has to be resolved.
    identity = sql.SQL("coalesce(s._identity, s.code_norm)")
    database_knows_doubles = True

    def columns(self, chosen: Mapping[str, Any] = NOTHING) -> Mapping[str, Column]:
        coupon = chosen_coupon(chosen)
        return columns_by_name(
            code_column(
                "coupon_code",
                _("Coupon"),
                aliases=("code_coupon", "coupon"),
                required=True,
                identifying=True,
            ),
            code_column(
                "code",
                _("Code"),
                # which characters a coupon takes is told when it is known
                wide=coupon is None or coupon.wide_characters,
                aliases=("value", "code_bon"),
                required=True,
            ),
            Column("label", _("Label"), aliases=("libelle",), max_length=200),
            Column("segment", _("Segment"), max_length=100, one_line=True),
            Column(
                "start_date",
                _("Start"),
                Kind.TIMESTAMP,
                aliases=("date_debut", "start_at"),
                where="start_at",
            ),
            Column(
                "end_date",
                _("End"),
                Kind.TIMESTAMP,
                aliases=("date_fin", "end_at"),
                ends_the_day=True,
                where="end_at",
            ),
            Column("max_redemptions", _("Uses"), Kind.INT, convert=at_least_one),
            Column(
                "recipient_key",
                _("Only for"),
                Kind.KEY,
                aliases=("cle_destinataire",),
                max_length=120,
                where="restricted_to",
            ),
            Column("external_id", _("External id"), max_length=120, one_line=True),
            Column("attributes", _("Attributes"), Kind.JSON),
            *leaving.CODE_COLUMNS,
        )

    def begin(self, chosen: Mapping[str, Any], by: User | None) -> None:
        if not chosen.get("coupon"):
            return
        coupon = chosen_coupon(chosen, by)
        if coupon is None:
            raise FileFault("pool_not_found", line=1, value=str(chosen["coupon"]))
        if not coupon.is_individual:
            raise FileFault("pool_wrong_type", line=1, value=coupon.code)
        if coupon.status == Coupon.Status.ARCHIVED:
            raise FileFault("coupon_archived", line=1, value=coupon.code)

    def resolve(self, chunk: Chunk) -> Sequence[RowFault]:
        faults: list[RowFault] = []
        coupon = chosen_coupon(chunk.options)
        if coupon is None:
            faults += find_coupons(chunk)
        elif "coupon_code" in chunk.names:
            faults += of_other_coupons(chunk, coupon)
        if coupon is not None and coupon.case_sensitive:
            identify(chunk, sql.SQL("s.code"))
        if {"start_date", "end_date"} & set(chunk.names):
            faults += ends_before_it_starts(chunk)
        if "recipient_key" in chunk.names:
            faults += find_people(chunk)
        return list({fault.number: fault for fault in reversed(faults)}.values())

    def apply(self, chunk: Chunk) -> Outcome:
        coupon = chosen_coupon(chunk.options)
        outcome = Outcome()
        if chunk.operation == "void":
            void(chunk, coupon, outcome)
            return outcome
        if chunk.operation != "insert":
            change(chunk, coupon, outcome)
        if chunk.operation == "update":
            outcome.faults += [RowFault(row[0], "code_unknown") for row in unknown(chunk, coupon)]
        elif outcome.rows < chunk.count:
            insert(chunk, coupon, outcome)
        return outcome

    export = staticmethod(leaving.select_codes)
    filters_from = staticmethod(leaving.code_filters_from)
    filters_in_words = staticmethod(leaving.in_words)

    def hidden(self, value: str) -> str:
        return masked(value)

    def columns_shown(self, shown: Sequence[str]) -> list[str]:
        return leaving.columns_shown(shown, self.columns())


def chosen_coupon(chosen: Mapping[str, Any], by: User | None = None) -> Coupon | None:
    """The coupon that an option names, if there is one and `by` may see it."""
    forms = lookups(str(chosen.get("coupon") or ""))
    coupons = Coupon.objects.visible_to(by) if by else Coupon.objects.all()
    return coupons.filter(code_norm=forms[-1]).first() if forms else None


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
        ).format(chunk.table, NORM, visible(person_of(chunk)))
    )
    return faults_where(
        chunk,
        ("s._parent IS NULL", "pool_not_found", "coupon_code"),
        ("c.type <> 'individual'", "pool_wrong_type", "coupon_code"),
        ("c.status = 'archived'", "coupon_archived", "coupon_code"),
        (f"NOT c.wide_characters AND s.code !~ '{PLAIN}'", "code_invalid_chars", "code"),
    )


def visible(person: User | None) -> sql.Composable:
    """May this person see the coupon `c`?"""
    if person is None or person.is_administrator:
        return sql.SQL("true")
    pks = list(Coupon.objects.visible_to(person).values_list("pk", flat=True))
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
    return [RowFault(n, "date_range", "end_date", end) for n, end in chunk.cursor.fetchall()]


def find_people(chunk: Chunk) -> list[RowFault]:
    """Keys become those of the people whom they name, who may have been merged since."""
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


# --- what becomes of them ---


def parent(coupon: Coupon | None) -> sql.Composable:
    return sql.SQL("s._parent") if coupon is None else sql.Literal(coupon.pk)


def value(chunk: Chunk, name: str) -> sql.Composable:
    return sql.SQL("s.{}" if name in chunk.names else "NULL").format(sql.Identifier(name))


def insert(chunk: Chunk, coupon: Coupon | None, outcome: Outcome) -> None:
    make_batches(chunk, coupon)
    before = outcome.rows
    rows = sql.SQL(
        "SELECT c.id AS coupon_id, b.id AS batch_id, s.code, {norm} AS code_norm, "
        "{label}::text AS label, {segment}::text AS segment, {start}::timestamptz AS start_at, "
        "{end}::timestamptz AS end_at, {uses}::integer AS max_redemptions, "
        "{person}::text AS restricted_to, {external}::text AS external_id, "
        "{attributes}::jsonb AS attributes FROM {staging} s "
        "JOIN coupons_coupon c ON c.id = {parent} "
        "JOIN coupons_batch b ON b.transfer_id = {transfer} AND b.coupon_id = c.id "
        "WHERE NOT s._known"
    ).format(
        norm=NORM,
        label=value(chunk, "label"),
        segment=value(chunk, "segment"),
        start=value(chunk, "start_date"),
        end=value(chunk, "end_date"),
        uses=value(chunk, "max_redemptions"),
        person=value(chunk, "recipient_key"),
        external=value(chunk, "external_id"),
        attributes=value(chunk, "attributes"),
        staging=chunk.table,
        parent=parent(coupon),
        transfer=sql.Literal(chunk.transfer),
    )
    outcome.inserted = store_codes(chunk.cursor, rows)
    if before + outcome.inserted < chunk.count:
        made = set(chunk.cursor.fetchall())
        tried = unknown(chunk, coupon)
        outcome.existing = [number for number, *key in tried if tuple(key) not in made]


def make_batches(chunk: Chunk, coupon: Coupon | None) -> None:
    """One batch for each coupon that the file brings codes to."""
    pools = sql.SQL("SELECT {}::bigint AS pk").format(sql.Literal(coupon.pk if coupon else None))
    if coupon is None:
        pools = sql.SQL("SELECT DISTINCT _parent AS pk FROM {}").format(chunk.table)
    chunk.cursor.execute(
        sql.SQL(
            "INSERT INTO coupons_batch "
            "(coupon_id, origin, label, transfer_id, by_id, key_id, idempotency_key, "
            "request_hash, created_at) "
            "SELECT p.pk, 'import', {label}, t.id, t.by_id, t.key_id, '', '', {at} "
            "FROM ({pools}) p JOIN transfers_transfer t ON t.id = {transfer} "
            "WHERE NOT EXISTS (SELECT FROM coupons_batch b "
            "WHERE b.transfer_id = t.id AND b.coupon_id = p.pk) "
            "ORDER BY 1 ON CONFLICT DO NOTHING"
        ).format(
            pools=pools,
            label=sql.Literal(str(chunk.options.get("batch") or chunk.origin)[:200]),
            at=sql.Literal(chunk.at),
            transfer=sql.Literal(chunk.transfer),
        )
    )


def unknown(chunk: Chunk, coupon: Coupon | None) -> list[tuple[int, int, str]]:
    """The rows that are no code yet: number, coupon, and how the code is compared."""
    chunk.cursor.execute(
        sql.SQL(
            "SELECT s._number, c.id, {} FROM {} s JOIN coupons_coupon c ON c.id = {} "
            "WHERE NOT s._known ORDER BY 1"
        ).format(NORM, chunk.table, parent(coupon))
    )
    return list(chunk.cursor.fetchall())


FOUND = sql.SQL(
    "{staging} s JOIN coupons_coupon c ON c.id = {parent} "
    "JOIN coupons_code v ON v.coupon_id = c.id AND v.code_norm = {norm}"
)


def found(chunk: Chunk, coupon: Coupon | None) -> sql.Composable:
    """Staged rows `s` with their codes `v`."""
    return FOUND.format(staging=chunk.table, parent=parent(coupon), norm=NORM)


def change(chunk: Chunk, coupon: Coupon | None, outcome: Outcome) -> None:
    """Bring codes that are there to what the file says, as long as nobody was given them."""
    chunk.cursor.execute(sql.SQL("ANALYZE {}").format(chunk.table))
    chunk.cursor.execute(
        sql.SQL("SELECT s._number, v.id FROM {} ORDER BY v.id").format(found(chunk, coupon))
    )
    numbers = {pk: number for number, pk in chunk.cursor.fetchall()}
    if not numbers:
        return
    chunk.cursor.execute(
        sql.SQL("UPDATE {} SET _known = true WHERE _number = ANY(%s)").format(chunk.table),
        [list(numbers.values())],
    )
    names = {ours: name for name, ours in CHANGEABLE.items() if name in chunk.names}
    wanted = sql.SQL("SELECT v.id AS code_id{} FROM {}").format(
        sql.SQL("").join(
            sql.SQL(", s.{} AS {}").format(sql.Identifier(name), sql.Identifier(ours))
            for ours, name in names.items()
        ),
        found(chunk, coupon),
    )
    done = altering.alter(chunk.cursor, wanted, names, frozen=altering.ALL_BUT_AVAILABLE)
    outcome.updated = done.count
    outcome.unchanged = len(numbers) - done.count - len(done.refused)
    outcome.faults += [
        RowFault(numbers[pk], "date_range" if hint == "window" else "not_updatable", "", "", told)
        for pk, hint in done.refused.items()
        for told in [{"hint": hint} if hint in HINTS else {}]
    ]


def void(chunk: Chunk, coupon: Coupon | None, outcome: Outcome) -> None:
    """Withdraw codes; those that are void already are unchanged."""
    chunk.cursor.execute(
        sql.SQL("SELECT c.id, v.id, s._number FROM {} ORDER BY c.id, v.id").format(
            found(chunk, coupon)
        )
    )
    pools: dict[int, dict[int, int]] = {}
    for pool, pk, number in chunk.cursor.fetchall():
        pools.setdefault(pool, {})[pk] = number
    there = {number for codes in pools.values() for number in codes.values()}
    outcome.faults = [RowFault(n, "code_unknown") for n, *_key in chunk.rows() if n not in there]
    actor = actor_of(chunk)
    for pool, numbers in pools.items():
        was = statuses_of(numbers)
        asked = [pk for pk in numbers if was.get(pk) not in voiding.FINAL]
        with moving(Movement.Kind.VOID, pool, by=actor, at=chunk.at, reason=chunk.origin[:500]):
            outcome.updated += voiding.void(asked, at=chunk.at).count
        now = statuses_of(asked)
        left = [pk for pk in asked if now.get(pk) != Standing.Status.VOID]
        used = [pk for pk in numbers if was.get(pk) == Standing.Status.REDEEMED]
        outcome.unchanged += len(numbers) - len(asked) - len(used)
        outcome.faults += [RowFault(numbers[pk], "already_redeemed") for pk in used]
        told = {"hint": "promised"}
        outcome.faults += [RowFault(numbers[pk], "not_updatable", detail=told) for pk in left]


def statuses_of(pks: Mapping[int, int] | Sequence[int]) -> dict[int, str]:
    rows = Standing.objects.filter(pk__in=list(pks))
    return dict(rows.values_list("pk", "status"))
