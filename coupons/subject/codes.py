"""Codes as files carry them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from psycopg import sql

from accounts.journal import Actor
from coupons.models import Coupon
from coupons.subject import applying, leaving, resolving
from coupons.subject.applying import CHANGEABLE
from coupons.subject.common import CouponFiles, at_least_one, code_column, columns_by_name, dates
from coupons.subject.resolving import chosen_coupon
from transfers.reading.columns import Column, Kind
from transfers.reading.faults import FileFault
from transfers.reading.xml import XmlShape
from transfers.subjects import NOTHING, Chunk, Outcome, RowFault, SubjectOption


class Codes(CouponFiles):
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
    narrowing = leaving.CODE_FILTERS
    sorts = tuple(leaving.CODE_ORDERS)

    # Where one coupon is chosen and capitals do not matter in it, nothing has to be resolved.
    identity = sql.SQL("coalesce(s._identity, s.code_norm)")
    database_knows_doubles = True
    times_as_many = 4

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
            *dates(),
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

    def zone(self, chosen: Mapping[str, Any]) -> str:
        coupon = chosen_coupon(chosen)
        return coupon.timezone if coupon else ""

    def begin(self, chosen: Mapping[str, Any], by: Actor) -> None:
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
            faults += resolving.find_coupons(chunk)
        elif "coupon_code" in chunk.names:
            faults += resolving.of_other_coupons(chunk, coupon)
        if coupon is not None and coupon.case_sensitive:
            resolving.identify(chunk, sql.SQL("s.code"))
        if {"start_date", "end_date"} & set(chunk.names):
            faults += resolving.ends_before_it_starts(chunk)
        if "recipient_key" in chunk.names:
            faults += resolving.find_people(chunk)
        return list({fault.number: fault for fault in reversed(faults)}.values())

    def apply(self, chunk: Chunk) -> Outcome:
        coupon = chosen_coupon(chunk.options)
        outcome = Outcome()
        if chunk.operation == "void":
            applying.void(chunk, coupon, outcome)
            return outcome
        if chunk.operation != "insert":
            applying.change(chunk, coupon, outcome)
        if chunk.operation == "update":
            outcome.faults += [
                RowFault(row[0], "code_unknown") for row in applying.unknown(chunk, coupon)
            ]
        elif outcome.rows < chunk.count:
            applying.insert(chunk, coupon, outcome)
        return outcome

    export = staticmethod(leaving.select_codes)
    filters_from = staticmethod(leaving.code_filters_from)
