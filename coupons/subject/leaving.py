"""Which coupons, codes and redemptions leave in an export, with what, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from psycopg import sql

from accounts.journal import Actor
from accounts.models import User
from coupons.models import Coupon, Standing
from coupons.normalising import lookups
from transfers.reading.columns import Column, Kind
from transfers.subjects import BadFilter, SubjectOption
from transfers.writing.texts import as_text

Filters = Mapping[str, Any]
Exprs = Mapping[str, str]

# --- what narrows them ---

WORDS = {
    "coupon": gettext_lazy("Coupon"),
    "status": gettext_lazy("Status"),
    "segment": gettext_lazy("Segment"),
    "batch": gettext_lazy("Batch"),
    "type": gettext_lazy("Type"),
    "q": pgettext_lazy("what was looked for", "Search"),
}
OF_COUPON = SubjectOption("coupon", gettext_lazy("Of which coupon"), gettext_lazy("Its code."))
SEARCH = SubjectOption("q", gettext_lazy("Search"))
CODE_FILTERS = (
    OF_COUPON,
    SubjectOption(
        "status", gettext_lazy("With which status"), choices=tuple(Standing.Status.values)
    ),
    SubjectOption("segment", gettext_lazy("Of which segment")),
    SubjectOption("batch", gettext_lazy("Of which batch"), gettext_lazy("Its number.")),
    SEARCH,
)
COUPON_FILTERS = (
    SubjectOption("status", gettext_lazy("With which status"), choices=tuple(Coupon.Status.values)),
    SubjectOption("type", gettext_lazy("Of which type"), choices=tuple(Coupon.Type.values)),
    SEARCH,
)
REDEMPTION_FILTERS = (OF_COUPON,)


def filters_given(
    known: Sequence[SubjectOption], asked: Mapping[str, str], by: User | None
) -> dict[str, Any]:
    """What narrows an export, for whom; raises BadFilter for what there is not."""
    filters: dict[str, Any] = {}
    for option in known:
        word = " ".join(str(asked.get(option.name, "")).replace("\0", "").split())[:200]
        if word and option.choices and word not in option.choices:
            raise BadFilter(
                _("Choose one of: %(choices)s.") % {"choices": ", ".join(option.choices)}
            )
        if word:
            filters[option.name] = word
    if name := filters.get("coupon"):
        coupon = named(name, by)
        if coupon is None:
            raise BadFilter(_("There is no coupon with the code %(code)s.") % {"code": name})
        filters["coupon"] = coupon.code
    if not str(filters.get("batch", "0")).isdecimal():
        raise BadFilter(_("A batch is named by its number."))
    if by is not None and not by.is_administrator:
        filters["visible_to"] = by.pk
    return filters


def code_filters_from(
    asked: Mapping[str, str], *, by: User | None, at: datetime, zone: str
) -> dict[str, Any]:
    return hiding(filters_given(CODE_FILTERS, asked, by), by)


def coupon_filters_from(
    asked: Mapping[str, str], *, by: User | None, at: datetime, zone: str
) -> dict[str, Any]:
    return filters_given(COUPON_FILTERS, asked, by)


def redemption_filters_from(
    asked: Mapping[str, str], *, by: User | None, at: datetime, zone: str
) -> dict[str, Any]:
    return hiding(filters_given(REDEMPTION_FILTERS, asked, by), by)


def hiding(filters: dict[str, Any], by: User | None) -> dict[str, Any]:
    """Whoever may not see codes takes them away unreadable."""
    if by is not None and not by.has_perm("coupons.view_codes"):
        filters["masked"] = True
    return filters


def in_words(filters: Filters) -> list[tuple[str, str]]:
    told = [(str(WORDS[name]), str(filters[name])) for name in WORDS if filters.get(name)]
    if filters.get("masked"):
        told.append((_("Codes"), _("hidden but for a few characters")))
    return told


def named(code: str, by: Actor = None) -> Coupon | None:
    forms = lookups(code)
    return Coupon.objects.open_to(by).filter(code_norm=forms[-1]).first() if forms else None


def conditions(filters: Filters) -> list[sql.Composable]:
    """Of which coupons `c`; raises BadFilter when the one that was asked for is gone."""
    parts: list[sql.Composable] = []
    if name := filters.get("coupon"):
        coupon = named(name)
        if coupon is None:
            raise BadFilter(_("There is no coupon with the code %(code)s.") % {"code": name})
        parts.append(sql.SQL("c.id = {}").format(sql.Literal(coupon.pk)))
    if pk := filters.get("visible_to"):
        person = User.objects.get(pk=pk)
        pks = list(Coupon.objects.visible_to(person).values_list("pk", flat=True))
        parts.append(sql.SQL("c.id = ANY({}::bigint[])").format(sql.Literal(pks)))
    return parts


def like(text: str) -> sql.Composable:
    """A part of a text, whatever its letters."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return sql.Literal(f"%{escaped}%")


def select(
    columns: Sequence[Column],
    exprs: Exprs,
    source: str,
    parts: Sequence[sql.Composable],
    order: str,
) -> sql.Composable:
    """A SELECT of texts; a column that is not among `exprs` is one of `t`."""
    texts = [
        sql.SQL(exprs[column.name]) if column.name in exprs else as_text(column)
        for column in columns
    ]
    return sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY {}").format(
        sql.SQL(", ").join(texts),
        sql.SQL(source),
        sql.SQL(" AND ").join(parts) if parts else sql.SQL("true"),
        sql.SQL(order),
    )


def text_of(name: str, alias: str, kind: Kind = Kind.TEXT) -> str:
    return as_text(Column(name, kind=kind), alias).as_string()


MASKED = (
    "CASE WHEN length({0}) >= 8 THEN left({0}, 3) || '…' || right({0}, 2) "
    "ELSE left({0}, 1) || '…' END"
)

# --- codes ---

CODE_COLUMNS = (
    Column(
        "status", gettext_lazy("Status"), export_only=True, labels=dict(Standing.Status.choices)
    ),
    Column("redeemed_on", gettext_lazy("Redeemed on"), Kind.TIMESTAMP, export_only=True),
    Column("last_redeemed_on", gettext_lazy("Last redeemed on"), Kind.TIMESTAMP, export_only=True),
    Column("redemption_count", gettext_lazy("Times used"), Kind.INT, export_only=True),
    Column("channel", gettext_lazy("Channel"), export_only=True),
    Column("address", gettext_lazy("Address"), export_only=True, personal=True),
    Column("delivery_code", gettext_lazy("Delivery"), export_only=True),
    Column("message_ref", gettext_lazy("Message"), export_only=True),
    Column("assigned_on", gettext_lazy("Assigned on"), Kind.TIMESTAMP, export_only=True),
    Column("batch", gettext_lazy("Batch"), export_only=True),
)
CODE_FACTS = tuple(column.name for column in CODE_COLUMNS)
CODE_EXPRS = {
    "coupon_code": "c.code",
    "code": "t.code",
    "label": "nullif(t.label, '')",
    "segment": "nullif(h.segment, '')",
    "start_date": text_of("start_at", "h", Kind.TIMESTAMP),
    "end_date": text_of("end_at", "h", Kind.TIMESTAMP),
    "recipient_key": "nullif(t.restricted_to, '')",
    "external_id": "nullif(t.external_id, '')",
    "status": "coalesce(n.status, 'available')",
    "redeemed_on": text_of("redeemed_on", "n", Kind.TIMESTAMP),
    "last_redeemed_on": text_of("last_redeemed_on", "n", Kind.TIMESTAMP),
    "redemption_count": "coalesce(n.redemption_count, 0)::text",
    "channel": "nullif(n.channel, '')",
    "address": "nullif(n.address, '')",
    "delivery_code": "nullif(n.delivery, '')",
    "message_ref": "n.message::text",
    "assigned_on": text_of("issued_at", "n", Kind.TIMESTAMP),
    "batch": "coalesce(nullif(b.label, ''), b.origin || ' ' || b.id)",
}
CODE_SOURCE = (
    "coupons_code t JOIN coupons_coupon c ON c.id = t.coupon_id "
    "JOIN coupons_shelf h ON h.id = t.shelf_id JOIN coupons_batch b ON b.id = t.batch_id "
    "LEFT JOIN coupons_standing n ON n.code_id = t.id"
)
CODE_ORDERS = {"code": "t.code_norm, t.id", "-code": "t.code_norm DESC, t.id DESC"}
# Codes do not say when they came, their batches do; one by hand goes on for ever.
CODE_CHANGED = (
    "(n.changed_at >= {0} OR b.created_at >= {0} OR b.origin = 'manual' OR EXISTS ("
    "SELECT FROM jobs_job j WHERE (j.id = b.job_id OR j.id = (SELECT x.job_id FROM "
    "transfers_transfer x WHERE x.id = b.transfer_id)) "
    "AND (j.ended_at IS NULL OR j.ended_at >= {0})))"
)


def select_codes(columns: Sequence[Column], filters: Filters) -> sql.Composable:
    """A coupon's codes stand together, as they came."""
    parts = conditions(filters)
    if status := filters.get("status"):
        parts.append(sql.SQL("coalesce(n.status, 'available') = {}").format(sql.Literal(status)))
    if segment := filters.get("segment"):
        parts.append(sql.SQL("h.segment = {}").format(sql.Literal(segment)))
    if batch := filters.get("batch"):
        parts.append(sql.SQL("t.batch_id = {}").format(sql.Literal(int(batch))))
    if text := filters.get("q"):
        parts.append(sql.SQL("t.code_norm ILIKE {}").format(like(text)))
    if since := filters.get("changed_since"):
        parts.append(sql.SQL(CODE_CHANGED).format(sql.Literal(since)))
    exprs = dict(CODE_EXPRS)
    if filters.get("masked"):
        exprs["code"] = MASKED.format("t.code")
    usual = "t.id" if filters.get("coupon") else "t.coupon_id, t.id"
    order = CODE_ORDERS.get(str(filters.get("sort", "")), usual)
    return select(columns, exprs, CODE_SOURCE, parts, order)


# --- coupons ---

COUPON_EXPRS = {
    "coupon_code": "t.code",
    "folder": "f.path",
    "tags": "nullif(array_to_string(t.tags, '|'), '')",
    "description": "nullif(t.description, '')",
    "attributes": "nullif(t.attributes, '{}'::jsonb)::text",
    "code_pattern": "t.code_pattern::text",
    "validity_after_issue": "extract(epoch FROM t.validity_after_issue)::bigint::text",
    "codes_total": "k.total::text",
    "codes_available": "(k.total - k.reserved - k.issued - k.redeemed - k.void)::text",
    "codes_reserved": "k.reserved::text",
    "codes_assigned": "k.issued::text",
    "codes_redeemed": "k.redeemed::text",
    "codes_void": "k.void::text",
}
COUPON_SOURCE = (
    "coupons_coupon t JOIN coupons_coupon c ON c.id = t.id "
    "LEFT JOIN coupons_folder f ON f.id = t.folder_id CROSS JOIN LATERAL ("
    "SELECT coalesce((SELECT sum(total) FROM coupons_shelf WHERE coupon_id = t.id), 0) AS total, "
    "coalesce(sum(s.reserved), 0) AS reserved, coalesce(sum(s.issued), 0) AS issued, "
    "coalesce(sum(s.redeemed), 0) AS redeemed, coalesce(sum(s.void), 0) AS void "
    "FROM coupons_shelf h JOIN coupons_stockcount s ON s.shelf_id = h.id "
    "WHERE h.coupon_id = t.id) k"
)
COUPON_ORDERS = {
    "code": "t.code_norm",
    "-code": "t.code_norm DESC",
    "label": "t.label, t.id",
    "-label": "t.label DESC, t.id DESC",
}


def select_coupons(columns: Sequence[Column], filters: Filters) -> sql.Composable:
    parts = conditions(filters)
    for name in ("status", "type"):
        if word := filters.get(name):
            parts.append(sql.SQL("t.{} = {}").format(sql.Identifier(name), sql.Literal(word)))
    if text := filters.get("q"):
        parts.append(sql.SQL("(t.label ILIKE {0} OR t.code ILIKE {0})").format(like(text)))
    if since := filters.get("changed_since"):
        parts.append(sql.SQL("t.changed_at >= {}").format(sql.Literal(since)))
    order = COUPON_ORDERS.get(str(filters.get("sort", "")), COUPON_ORDERS["code"])
    return select(columns, COUPON_EXPRS, COUPON_SOURCE, parts, order)


# --- redemptions ---

REDEMPTION_EXPRS = {
    "code": "coalesce(v.code, c.code)",
    "coupon_code": "c.code",
    "redemption_id": "t.external_id",
    "action": "t.kind",
    "of": "o.external_id",
    **{
        name: f"nullif(t.{name}, '')"
        for name in ("customer_key", "order_id", "store", "channel", "currency", "comment")
    },
    "flags": "nullif(array_to_string(t.flags, '|'), '')",
    "delivery_code": "nullif(t.delivery, '')",
    "message_ref": "t.message::text",
    "id": "t.id::text",
}
REDEMPTION_SOURCE = (
    "coupons_redemption t JOIN coupons_coupon c ON c.id = t.coupon_id "
    "LEFT JOIN coupons_code v ON v.id = t.code_id LEFT JOIN coupons_redemption o ON o.id = t.of_id"
)
REDEMPTION_ORDERS = {
    "redeemed_on": "t.redeemed_on, t.id",
    "-redeemed_on": "t.redeemed_on DESC, t.id DESC",
}


def select_redemptions(columns: Sequence[Column], filters: Filters) -> sql.Composable:
    """As they were recorded: a reversal comes after what it reverses."""
    parts = conditions(filters)
    if since := filters.get("changed_since"):
        parts.append(sql.SQL("t.recorded_at >= {}").format(sql.Literal(since)))
    exprs = dict(REDEMPTION_EXPRS)
    if filters.get("masked"):
        exprs["code"] = f"CASE WHEN v.id IS NULL THEN c.code ELSE {MASKED.format('v.code')} END"
    order = REDEMPTION_ORDERS.get(str(filters.get("sort", "")), "t.id")
    return select(columns, exprs, REDEMPTION_SOURCE, parts, order)
