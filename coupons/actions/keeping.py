"""What must hold of a coupon, and what of it stays as it is once it is in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.utils.translation import gettext as _

from accounts.journal import Actor
from coupons.actions.refusing import FieldRefused
from coupons.models import Coupon, Folder, Redemption, Shelf
from coupons.models.folders import paths_above
from coupons.patterns import BadPattern, read_pattern
from offers_site.values import time_zones

# In the order in which they are asked for.
LIMITS = (
    "max_redemptions_per_code",
    "max_redemptions_total",
    "max_redemptions_per_customer",
)
LARGEST = 2**31 - 1


def usual_specimen(code: str) -> str:
    return f"TEST-{code}"


def check(coupon: Coupon) -> None:
    """Raise FieldRefused with the first thing that is wrong with these values."""
    try:
        coupon.clean_fields(exclude=UNCHECKED)
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise FieldRefused(name, "invalid", messages[0]) from error
    if coupon.timezone not in time_zones():
        raise FieldRefused("timezone", "timezone_unknown", _("There is no such time zone."))
    if coupon.start_at and coupon.end_at and coupon.end_at <= coupon.start_at:
        raise FieldRefused("end_at", "date_range", _("A coupon ends after it starts."))
    for name in LIMITS:
        limit = getattr(coupon, name)
        if limit is not None and not (name != "max_redemptions_total") <= limit <= LARGEST:
            sentence = _("A limit is at least 1; leave it empty for none.")
            raise FieldRefused(name, "number_invalid", sentence)
    lasting = coupon.validity_after_issue
    if lasting is not None and lasting.total_seconds() <= 0:
        sentence = _("This is some time, or empty.")
        raise FieldRefused("validity_after_issue", "number_invalid", sentence)
    check_pattern(coupon)


def check_pattern(coupon: Coupon) -> None:
    """Raise FieldRefused unless codes can be made as the coupon says."""
    if coupon.code_pattern is None:
        return
    unknown = set(coupon.code_pattern) - {
        "pattern",
        "prefix",
        "length",
        "suffix",
        "charset",
        "check",
    }
    if unknown:
        sentence = _("A pattern has no “%(name)s”.") % {"name": min(unknown)}
        raise FieldRefused("code_pattern", "pattern_invalid", sentence)
    try:
        read_pattern(
            coupon.code_pattern, case_sensitive=coupon.case_sensitive, wide=coupon.wide_characters
        )
    except BadPattern as refusal:
        raise FieldRefused("code_pattern", "pattern_invalid", str(refusal)) from refusal


UNCHECKED = {"public_id", "code", "code_norm", "specimen_norm", "folder", "owner"}
UNCHECKED |= {"created_by", "changed_by", "created_at", "changed_at", "version"}


def check_frozen(was: Coupon, coupon: Coupon) -> None:
    """Raise FieldRefused where something changed that others rely upon."""
    for name, sentence in frozen(was):
        if getattr(was, name) != getattr(coupon, name):
            raise FieldRefused(name, "frozen", sentence)


def frozen(coupon: Coupon) -> Iterator[tuple[str, str]]:
    """The fields that stay as they are, each with why."""
    has_codes = Shelf.objects.filter(coupon=coupon, total__gt=0).exists()
    is_used = Redemption.objects.filter(coupon=coupon).exists()
    if coupon.is_code_frozen:
        yield "code", _("Customers hold this code already.")
    if has_codes or is_used or coupon.is_code_frozen:
        yield "type", _("It has codes or was used already.")
    if has_codes:
        yield "case_sensitive", _("It has codes already, which were compared the other way.")
        if coupon.wide_characters:
            yield "wide_characters", _("It has codes already, which may hold such characters.")
    if has_codes and is_used:
        yield "max_redemptions_per_code", _("Codes have been used up already under this limit.")


def refusal_of(error: IntegrityError) -> FieldRefused:
    """What the database found wrong with a coupon, for whoever wrote it."""
    match constraint_of(error):
        case "coupon_code_once" | "code_once_everywhere":
            return code_taken()
        case "coupon_external_id_once":
            sentence = _("There is already a coupon with this external id.")
            return FieldRefused("external_id", "duplicate_in_db", sentence)
        case "coupon_type_stays":
            return FieldRefused("type", "frozen", _("It has codes or was used already."))
        case _other:
            raise error


def code_taken() -> FieldRefused:
    sentence = _("This code is taken: choose another one.")
    return FieldRefused("code", "coupon_code_taken", sentence)


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that was not kept."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "constraint_name", "") or "")


def folder_at(path: str) -> Folder:
    """The folder with this path, which is made when there is none, and all above it too."""
    found = Folder.objects.filter(path=path).first()
    if found is None:
        check_path(path)
        hold_folders()
        make_folders([*paths_above(path), path])
        found = Folder.objects.get(path=path)
    return found


def check_path(path: str) -> None:
    """Raise FieldRefused unless a folder can have this path; whether one has it is not asked."""
    folder = Folder(path=path)
    try:
        folder.clean_fields()
        folder.validate_constraints()
    except ValidationError as error:
        sentence = _("A folder is written as its path: Spring/Shops/Lyon.")
        raise FieldRefused("folder", "invalid", sentence) from error


def make_folders(paths: Iterable[str]) -> None:
    """Make those that are not there."""
    Folder.objects.bulk_create([Folder(path=each) for each in paths], ignore_conflicts=True)


def hold_folders() -> None:
    """Let nobody else make or rename one until the transaction ends: those above stay there."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE coupons_folder IN SHARE ROW EXCLUSIVE MODE")


def check_seen(coupon: Coupon, by: Actor) -> None:
    """Raise FieldRefused when whoever wrote a coupon would not see it where it lies now."""
    if not Coupon.objects.open_to(by).filter(pk=coupon.pk).exists():
        sentence = _("Choose another folder: you would not see the coupon in this one.")
        raise FieldRefused("folder", "folder_unknown", sentence)
