"""Coupons as files carry them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from coupons.actions import coupons as actions
from coupons.actions import keeping
from coupons.actions.refusing import FieldRefused, NotInState, StillUsed
from coupons.models import Coupon, Folder
from coupons.subject import leaving
from coupons.subject.common import (
    CouponFiles,
    actor_of,
    at_least_one,
    code_column,
    columns_by_name,
    dates,
    small,
)
from coupons.windows import read_lasting
from offers_site.values import clean_path
from transfers.reading.columns import Column, Kind
from transfers.reading.faults import Fault
from transfers.reading.xml import XmlShape
from transfers.subjects import NOTHING, Chunk, Outcome, RowFault, SubjectOption

TYPES = {
    **dict(zip(Coupon.Type.values, Coupon.Type.values, strict=True)),
    "anonyme": "anonymous",
    "individuel": "individual",
}
# What our columns are called inside, where that differs.
FIELDS = {"coupon_code": "code", "start_date": "start_at", "end_date": "end_at"}
COLUMNS = {field: column for column, field in FIELDS.items()}
# Where an empty cell takes a value away; elsewhere it leaves it as it is.
EMPTIES: Mapping[str, Any] = {
    "start_at": None,
    "end_at": None,
    "description": "",
    "folder": None,
    "tags": [],
    "max_redemptions_per_code": None,
    "max_redemptions_total": None,
    "max_redemptions_per_customer": None,
    "validity_after_issue": None,
    "code_pattern": None,
    "specimen_code": "",
    "low_stock_threshold": None,
    "external_id": None,
    "attributes": {},
}
FAULTS = {"frozen": "not_updatable", "invalid": "enum_invalid", "pattern_invalid": "enum_invalid"}
FOLDERS_SHOWN = 20


class Coupons(CouponFiles):
    name = "coupons"
    label = _("Coupons")
    unit = _("coupons")
    key = "coupon_code"
    xml = XmlShape(
        "coupon",
        "coupons",
        names={
            "@code": "coupon_code",
            "limits/@perCode": "max_redemptions_per_code",
            "limits/@total": "max_redemptions_total",
            "limits/@perCustomer": "max_redemptions_per_customer",
        },
        passed_over=frozenset({"values"}),
        pairs={"attributes/attribute": "attributes"},
        attributes=frozenset(
            {
                "coupon_code",
                "type",
                "status",
                "start_date",
                "end_date",
                "timezone",
                "external_id",
                "max_redemptions_per_code",
                "max_redemptions_total",
                "max_redemptions_per_customer",
            }
        ),
    )
    import_right = "coupons.add_coupon"
    export_right = "coupons.view_coupon"
    options = (
        SubjectOption(
            "create_folders",
            _("Create folders that are not there"),
            _("Otherwise a row with an unknown folder is refused."),
            is_flag=True,
        ),
    )
    narrowing = leaving.COUPON_FILTERS
    sorts = tuple(leaving.COUPON_ORDERS)
    # An anonymous coupon that is being added keeps others from adding codes.
    rows_at_once = 200
    identity = sql.SQL("nullif(s.coupon_code_norm, '')")

    def columns(self, chosen: Mapping[str, Any] = NOTHING) -> Mapping[str, Column]:
        return COLUMNS_OF_FILES

    def apply(self, chunk: Chunk) -> Outcome:
        return Rows(chunk).apply()

    def export(self, columns: Sequence[Column], filters: Mapping[str, Any]) -> Any:
        return leaving.select_coupons(columns, filters)

    filters_from = staticmethod(leaving.coupon_filters_from)


def type_of(word: str) -> str | Fault:
    found = TYPES.get(word.strip().casefold())
    return found or Fault("enum_invalid", detail={"choices": ", ".join(TYPES)})


def lasting_of(word: str) -> str | Fault:
    try:
        return str(int(read_lasting(word.strip()).total_seconds()))
    except ValueError:
        return Fault("number_invalid")


def pattern_of(word: str) -> str | Fault:
    """A pattern alone, or an object with what else belongs to it."""
    if not word.lstrip().startswith("{"):
        return json.dumps({"pattern": word.strip()}) if word.strip() else ""
    try:
        found = json.loads(word)
    except ValueError:
        return Fault("json_invalid")
    return json.dumps(found)


def chosen(name: str, label: Any, choices: Any) -> Column:
    words = dict(choices.choices)
    return Column(name, label, choices=frozenset(choices.values), labels=words)


COLUMNS_OF_FILES = columns_by_name(
    code_column("coupon_code", _("Code"), aliases=("code_coupon", "code")),
    Column("label", _("Label"), aliases=("libelle",), required=True, max_length=200, one_line=True),
    Column(
        "type",
        _("Type"),
        required=True,
        convert=type_of,
        labels=dict(Coupon.Type.choices),
    ),
    chosen("status", _("Status"), Coupon.Status),
    *dates(zone_from="timezone"),
    Column("timezone", _("Time zone"), aliases=("fuseau_horaire",), max_length=64, one_line=True),
    Column("description", _("Description"), max_length=4000),
    Column("folder", _("Folder"), aliases=("dossier",), max_length=300, one_line=True),
    Column("tags", _("Tags"), Kind.TEXTS),
    chosen("assignment_mode", _("Assignment"), Coupon.AssignmentMode),
    Column("max_redemptions_per_code", _("Uses of each code"), Kind.INT, convert=at_least_one),
    Column("max_redemptions_total", _("Uses in all"), Kind.INT, convert=small),
    Column(
        "max_redemptions_per_customer", _("Uses by each customer"), Kind.INT, convert=at_least_one
    ),
    Column("holder_only", _("Only whoever received the code"), Kind.BOOL),
    Column("accept_unissued", _("Codes that were never sent"), Kind.BOOL),
    Column("validity_after_issue", _("Valid after it was sent"), convert=lasting_of),
    Column("case_sensitive", _("Capitals matter"), Kind.BOOL),
    Column("wide_characters", _("Other characters"), Kind.BOOL),
    Column("code_pattern", _("Pattern of codes"), convert=pattern_of, max_length=500),
    Column("specimen_code", _("Code of proofs"), max_length=70, one_line=True),
    Column("low_stock_threshold", _("Low stock below"), Kind.INT, convert=small),
    chosen("low_stock_unit", _("Low stock in"), Coupon.ThresholdUnit),
    chosen("reuse_policy", _("Codes of failed messages"), Coupon.ReusePolicy),
    Column("external_id", _("External id"), max_length=120, one_line=True),
    Column("attributes", _("Attributes"), Kind.JSON),
    *(
        Column(name, label, Kind.INT, export_only=True)
        for name, label in (
            ("codes_total", _("Codes")),
            ("codes_available", _("Available")),
            ("codes_reserved", _("Reserved")),
            ("codes_assigned", _("Assigned")),
            ("codes_redeemed", _("Redeemed")),
            ("codes_void", _("Void")),
        )
    ),
    Column("created_at", _("Created"), Kind.TIMESTAMP, export_only=True),
    Column("modified_at", _("Changed"), Kind.TIMESTAMP, export_only=True, where="changed_at"),
)


class Rows:
    """The rows of a chunk, each of which becomes a coupon or changes one, in a savepoint."""

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk
        self.by = actor_of(chunk)
        self.names = [n for n in chunk.names if n != "coupon_code_norm"]
        self.outcome = Outcome()
        self.folders = {folder.path: folder for folder in Folder.objects.open_to(self.by)}

    def apply(self) -> Outcome:
        rows = self.chunk.rows("coupon_code_norm", *self.names)
        norms = [norm for _number, norm, *_cells in rows if norm]
        there = {each.code_norm: each for each in Coupon.objects.filter(code_norm__in=norms)}
        # in one order, whatever the file's: so nobody waits in a circle
        for number, norm, *cells in sorted(rows, key=lambda row: (row[1] is None, row[1], row[0])):
            given = dict(zip(self.names, cells, strict=True))
            try:
                with transaction.atomic():
                    self.take(number, given, there.get(norm) if norm else None)
            except FieldRefused as refusal:
                self.refuse(number, refusal, given)
            except (NotInState, StillUsed):
                told = given.get("status") or ""
                self.outcome.faults.append(RowFault(number, "not_updatable", "status", told))
        self.outcome.existing.sort()
        return self.outcome

    def take(self, number: int, given: dict[str, Any], coupon: Coupon | None) -> None:
        operation = self.chunk.operation
        if coupon is None and operation == "update":
            code = "pool_not_found" if given.get("coupon_code") else "required_missing"
            self.outcome.faults.append(RowFault(number, code))
        elif coupon is None:
            self.create(given)
        elif operation == "insert":
            self.outcome.existing.append(number)
        else:
            self.change(number, given, coupon)

    def create(self, given: dict[str, Any]) -> None:
        values = {name: value for name, value in self.values(given).items() if value is not None}
        values.setdefault("timezone", self.chunk.zone)
        status = given.get("status") or Coupon.Status.ACTIVE
        code = given.get("coupon_code") or ""
        actions.create(values, code=code, status=status, by=self.by, at=self.chunk.at)
        self.outcome.inserted += 1

    def change(self, number: int, given: dict[str, Any], coupon: Coupon) -> None:
        if not Coupon.objects.open_to(self.by).filter(pk=coupon.pk).exists():
            self.outcome.faults.append(RowFault(number, "pool_not_found"))
            return
        values, status = self.values(given), given.get("status") or coupon.status
        differs = status != coupon.status or any(
            getattr(coupon, name) != value for name, value in values.items()
        )
        if not differs:
            self.outcome.unchanged += 1
            return
        at, by = self.chunk.at, self.by
        changed = actions.edit(coupon, values, version=None, by=by, at=at)
        moved = actions.move(coupon, status, version=None, by=by, at=at)
        self.outcome.updated += changed or moved
        self.outcome.unchanged += not (changed or moved)

    def values(self, given: dict[str, Any]) -> dict[str, Any]:
        """What the actions take: what the row leaves out is left alone."""
        values: dict[str, Any] = {}
        for name, value in given.items():
            field = FIELDS.get(name, name)
            if field in {"code", "status"} or (value is None and field not in EMPTIES):
                continue
            values[field] = self.value(field, value)
        return values

    def value(self, field: str, value: Any) -> Any:
        if value is None:
            return EMPTIES[field]
        if field == "folder":
            return self.folder(value)
        if field == "validity_after_issue":
            return read_lasting(value)
        if field in {"code_pattern", "attributes"}:
            return json.loads(value)
        return value

    def folder(self, path: str) -> Folder:
        clean = clean_path(path)
        if clean not in self.folders:
            if not clean or not self.chunk.options.get("create_folders"):
                raise FieldRefused("folder", "folder_unknown", path)
            self.folders[clean] = keeping.folder_at(clean)
        return self.folders[clean]

    def refuse(self, number: int, refusal: FieldRefused, given: dict[str, Any]) -> None:
        column = COLUMNS.get(refusal.name, refusal.name)
        value = str(given.get(column) or "")
        detail: dict[str, Any] = {}
        code = FAULTS.get(refusal.code, refusal.code)
        if code == "folder_unknown":
            code = "enum_invalid"
            detail = {"choices": ", ".join(sorted(self.folders)[:FOLDERS_SHOWN]) or "—"}
        elif code == "enum_invalid":
            detail = {"choices": str(refusal)}
        elif code == "date_range":
            detail = {"hint": "window"}
        self.outcome.faults.append(RowFault(number, code, column, value, detail))
