"""What programs may set of a coupon, as they write it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from coupons.actions.refusing import FieldRefused
from coupons.models import Coupon
from coupons.windows import end_of, read_lasting, start_of
from offers_site.values import NoSuchMoment, clean_path, moment_by, moment_in_utc

DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")
Words = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
Limit = Annotated[int, Field(ge=0, le=2**31 - 1)]


class CouponPatch(BaseModel):
    """What is named changes; null takes a value away. Days without a time count in full."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = None
    status: Coupon.Status | None = None
    code: Words | None = None
    label: Words | None = None
    type: Coupon.Type | None = None
    start_at: Words | None = None
    end_at: Words | None = None
    timezone: Words | None = None
    description: Words | None = None
    folder: Words | None = None
    tags: list[Words] | None = None
    assignment_mode: Coupon.AssignmentMode | None = None
    max_redemptions_per_code: Limit | None = None
    max_redemptions_total: Limit | None = None
    max_redemptions_per_customer: Limit | None = None
    holder_only: bool | None = None
    accept_unissued: bool | None = None
    validity_after_issue: Words | int | None = None
    case_sensitive: bool | None = None
    wide_characters: bool | None = None
    code_pattern: Words | dict[str, Any] | None = None
    specimen_code: Words | None = None
    low_stock_threshold: Limit | None = None
    low_stock_unit: Coupon.ThresholdUnit | None = None
    reuse_policy: Coupon.ReusePolicy | None = None
    external_id: Words | None = None
    attributes: dict[str, Any] | None = None


MAY_BE_EMPTY = {
    "start_at",
    "end_at",
    "max_redemptions_per_code",
    "max_redemptions_total",
    "max_redemptions_per_customer",
    "validity_after_issue",
    "code_pattern",
    "low_stock_threshold",
    "external_id",
}
EMPTIES: Mapping[str, Any] = {
    "description": "",
    "folder": "",
    "tags": [],
    "specimen_code": "",
    "attributes": {},
}


def values_of(coupon: Coupon, call: CouponPatch) -> dict[str, Any]:
    """What `edit_coupon` takes; raises FieldRefused."""
    told = call.model_dump(include=call.model_fields_set - {"version", "status"}, mode="json")
    values = {name: value_of(name, value) for name, value in told.items()}
    if "folder" in values:
        values["folder_path"] = clean_path(values.pop("folder"))
    zone = str(values.get("timezone") or coupon.timezone)
    for name in ("start_at", "end_at"):
        if values.get(name):
            values[name] = read_moment(name, values[name], zone)
    return values


def value_of(name: str, value: Any) -> Any:
    if value is None:
        if name in EMPTIES:
            return EMPTIES[name]
        if name not in MAY_BE_EMPTY:
            raise FieldRefused(name, "required_missing", "This cannot be empty.")
        return None
    if name == "validity_after_issue":
        try:
            return read_lasting(value)
        except ValueError:
            expected = "Expected 3d, 72h or seconds."
            raise FieldRefused(name, "number_invalid", expected) from None
    if name == "code_pattern" and isinstance(value, str):
        return {"pattern": value}
    return (value or None) if name == "external_id" else value


def read_moment(name: str, text: str, zone: str) -> datetime:
    try:
        place = ZoneInfo(zone)
    except (ValueError, OSError):
        raise FieldRefused("timezone", "timezone_unknown", "There is no such time zone.") from None
    try:
        if DAY.match(text):
            day = date.fromisoformat(text)
            return (end_of if name == "end_at" else start_of)(day, zone)
        return moment_in_utc(moment_by(datetime.fromisoformat(text), place))
    except NoSuchMoment as refusal:
        raise FieldRefused(name, "date_nonexistent", str(refusal)) from refusal
    except (ValueError, OverflowError):
        raise FieldRefused(
            name, "date_format", "Expected a day as 2026-01-28 or a moment as 2026-01-28T10:00Z."
        ) from None
