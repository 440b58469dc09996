"""Creating, changing, duplicating, archiving and deleting coupons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from accounts.actions.granting import check_may_grant, stale
from accounts.journal import Actor, changes, record
from accounts.models import AccessLabel, User
from coupons import blocking
from coupons.actions import keeping
from coupons.actions.refusing import FieldRefused, NotInState, StillUsed
from coupons.models import Batch, Code, Coupon, Movement, Redemption, Reservation, Shelf
from coupons.moving import moving
from coupons.normalising import BadCode, read_code

# What a person, a file and a program may set; `code` beside them.
FIELDS = (
    "label",
    "type",
    "start_at",
    "end_at",
    "timezone",
    "description",
    "folder",
    "owner",
    "tags",
    "assignment_mode",
    "max_redemptions_per_code",
    "max_redemptions_total",
    "max_redemptions_per_customer",
    "holder_only",
    "accept_unissued",
    "validity_after_issue",
    "case_sensitive",
    "wide_characters",
    "code_pattern",
    "specimen_code",
    "low_stock_threshold",
    "low_stock_unit",
    "reuse_policy",
    "external_id",
    "attributes",
)
NOT_COPIED = {"external_id", "specimen_code"}
MOVES: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"active", "archived"}),
    "active": frozenset({"suspended", "archived"}),
    "suspended": frozenset({"active", "archived"}),
    "archived": frozenset(),
}
# Addresses of the API, and of pages, stand beside those of coupons.
RESERVED = {"VALIDATE", "REDEMPTIONS", "HOLDS", "BULK", "CODES", "CREATE", "FIND"}
MOST_DELETED_AT_ONCE = 20_000
FREE_CODE = """
WITH RECURSIVE tried(number) AS (
    SELECT {first}
    UNION ALL
    SELECT {following} FROM tried
    WHERE EXISTS (SELECT FROM coupons_coupon WHERE code_norm = 'CPN' || tried.number)
       OR EXISTS (SELECT FROM coupons_code WHERE code_norm = 'CPN' || tried.number)
)
SELECT max(number) FROM tried
"""
NEXT = "nextval('coupons_auto_code')"
TAKEN_CODE = FREE_CODE.format(first=NEXT, following=NEXT)
NEXT_CODE = FREE_CODE.format(
    first="last_value + is_called::int FROM coupons_auto_code", following="number + 1"
)


def propose_code() -> str:
    """The code that the next coupon would get, for a form to begin with. It is nobody's yet."""
    return code_of(NEXT_CODE)


def take_code() -> str:
    """A code that no coupon has and nobody else is given, however many save at once."""
    return code_of(TAKEN_CODE)


def code_of(question: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return f"CPN{cursor.fetchone()[0]}"


@transaction.atomic(durable=True)
def create_coupon(
    values: Mapping[str, Any],
    *,
    code: str = "",
    status: str = Coupon.Status.ACTIVE,
    labels: Iterable[AccessLabel] = (),
    by: Actor,
    at: datetime,
) -> Coupon:
    """Add a coupon with these FIELDS, or raise FieldRefused and change nothing.

    Without a code it gets the next one that is free; a typed one that is taken is refused.
    """
    return create(values, code=code, status=status, labels=labels, by=by, at=at)


def create(
    values: Mapping[str, Any],
    *,
    code: str = "",
    status: str = Coupon.Status.ACTIVE,
    labels: Iterable[AccessLabel] = (),
    by: Actor,
    at: datetime,
) -> Coupon:
    """The same inside the transaction of a file."""
    labels = list(labels)
    check_may_give(by, labels)
    coupon = Coupon(created_at=at, changed_at=at, status=status, timezone="UTC")
    write(coupon, values)
    if coupon.is_individual and "max_redemptions_per_code" not in values:
        coupon.max_redemptions_per_code = 1
    coupon.created_by = coupon.changed_by = person(by)
    coupon.owner = coupon.owner or person(by)
    keeping.check(coupon)
    coupon.code = code or take_code()
    while not is_inserted(coupon, may_try_again=not code):
        coupon.code = take_code()
    coupon.access_labels.set(labels)
    keeping.check_seen(coupon, by)
    record("coupon.created", coupon, by=by, at=at, after=facts(coupon))
    return coupon


def is_inserted(coupon: Coupon, *, may_try_again: bool) -> bool:
    write_code(coupon, coupon.code)
    has_specimen = bool(coupon.specimen_code)
    write_specimen(coupon)
    try:
        with transaction.atomic():
            coupon.save(force_insert=True)
    except IntegrityError as error:
        refusal = keeping.refusal_of(error)
        if not (may_try_again and refusal.code == "coupon_code_taken"):
            raise refusal from error
        if not has_specimen:
            coupon.specimen_code = ""
        return False
    return True


@transaction.atomic(durable=True)
def edit_coupon(
    coupon: Coupon,
    values: Mapping[str, Any],
    *,
    version: int | None,
    labels: Iterable[AccessLabel] | None = None,
    by: Actor,
    at: datetime,
) -> bool:
    """Change what is among `values` (FIELDS and `code`), or raise Stale, NotInState, FieldRefused.

    Says whether anything did.
    """
    return edit(coupon, values, version=version, labels=labels, by=by, at=at)


def edit(
    coupon: Coupon,
    values: Mapping[str, Any],
    *,
    version: int | None,
    labels: Iterable[AccessLabel] | None = None,
    by: Actor,
    at: datetime,
) -> bool:
    """The same inside the transaction of a file."""
    row = locked(coupon, version)
    if row.status == Coupon.Status.ARCHIVED:
        raise NotInState(_("An archived coupon is only read."))
    before = facts(row)
    was = Coupon.objects.get(pk=row.pk)
    write(row, values)
    if "code" in values and values["code"] != row.code:
        check_unnamed(row, by)
        if row.specimen_code == keeping.usual_specimen(row.code):
            row.specimen_code = ""
        write_code(row, values["code"])
    write_specimen(row)
    keeping.check(row)
    keeping.check_frozen(was, row)
    if labels is not None:
        labels = list(labels)
        kept = set(row.access_labels.all())
        check_may_give(by, set(labels) ^ kept)
        row.access_labels.set(labels)
    earlier, later = changes(before, facts(row))
    if not later:
        return False
    row.version += 1
    row.changed_at, row.changed_by = at, person(by)
    try:
        with transaction.atomic():
            row.save(force_update=True)
    except IntegrityError as error:
        raise keeping.refusal_of(error) from error
    if row.folder_id != was.folder_id:
        keeping.check_seen(row, by)
    record("coupon.changed", row, by=by, at=at, before=earlier, after=later)
    return True


def duplicate_coupon(coupon: Coupon, *, by: Actor, at: datetime) -> Coupon:
    """The same settings under a new code: no codes, no uses, nothing that names this one."""
    values = {name: getattr(coupon, name) for name in FIELDS if name not in NOT_COPIED}
    values["label"] = (_("Copy of %(label)s") % {"label": coupon.label})[:200]
    labels = coupon.access_labels.all()
    return create_coupon(values, labels=labels, by=by, at=at)


@transaction.atomic(durable=True)
def set_status(
    coupon: Coupon, status: str, *, version: int | None = None, by: Actor, at: datetime
) -> bool:
    """Move a coupon on, or raise Stale, NotInState or StillUsed. Says whether it moved."""
    return move(coupon, status, version=version, by=by, at=at)


def move(coupon: Coupon, status: str, *, version: int | None, by: Actor, at: datetime) -> bool:
    """The same inside the transaction of a file."""
    row = locked(coupon, version)
    if row.status == status:
        return False
    if status not in MOVES[row.status]:
        raise NotInState(
            _("A coupon that is %(was)s cannot become %(status)s.")
            % {"was": row.get_status_display(), "status": Coupon.Status(status).label}
        )
    if status == Coupon.Status.ARCHIVED:
        check_unneeded(row)
        check_unnamed(row, by)
    was, row.status = row.status, status
    row.version += 1
    row.changed_at, row.changed_by = at, person(by)
    row.save(update_fields=("status", "version", "changed_at", "changed_by"))
    record(
        "coupon.status_changed",
        row,
        by=by,
        at=at,
        before={"status": was},
        after={"status": status},
    )
    return True


def check_unnamed(coupon: Coupon, by: Actor) -> None:
    """Rooms above may name it by its code."""
    if sentences := blocking.blockers_of(coupon, by):
        raise StillUsed(" ".join(sentences))


def check_unneeded(coupon: Coupon) -> None:
    needing = Reservation.objects.filter(coupon=coupon, ended_at=None).order_by("delivery")
    names = list(needing.values_list("delivery", flat=True).distinct()[:5])
    if names:
        raise StillUsed(
            _("Deliveries that are not finished hold its codes: %(deliveries)s.")
            % {"deliveries": ", ".join(names)}
        )


def needing(coupon: Coupon, *, end_at: datetime | None) -> list[str]:
    """Deliveries that are not finished, and hold codes for longer than until this end."""
    if end_at is None or (coupon.end_at is not None and end_at >= coupon.end_at):
        return []
    reservations = Reservation.objects.filter(coupon=coupon, ended_at=None, valid_until__gt=end_at)
    return list(reservations.order_by("delivery").values_list("delivery", flat=True).distinct())


@transaction.atomic(durable=True)
def delete_coupon(coupon: Coupon, *, by: Actor, at: datetime) -> None:
    """Delete a coupon that nobody was ever given and nobody used, or raise StillUsed."""
    row = locked(coupon, None)
    if (
        row.is_code_frozen
        or Redemption.objects.filter(coupon=row).exists()
        or Reservation.objects.filter(coupon=row).exists()
        or Movement.objects.filter(coupon=row).exclude(kind=Movement.Kind.DELETE).exists()
    ):
        raise StillUsed(
            _("Its codes were reserved, given out, held, voided or used: archive it instead.")
        )
    check_unnamed(row, by)
    codes = Code.objects.filter(coupon=row)
    if codes.values("pk")[MOST_DELETED_AT_ONCE:].exists():
        raise StillUsed(_("It has many codes: delete them first."))
    record("coupon.deleted", row, by=by, at=at, before=facts(row))
    with moving(Movement.Kind.DELETE, row, by=by, at=at):
        codes.delete()
    Shelf.objects.filter(coupon=row).delete()
    Batch.objects.filter(coupon=row).delete()
    row.delete()


# --- what they have in common ---


def locked(coupon: Coupon, version: int | None) -> Coupon:
    row = Coupon.objects.select_for_update(no_key=True).filter(pk=coupon.pk).first()
    if row is None or version not in (None, row.version):
        raise stale(coupon)
    return row


def write(coupon: Coupon, values: Mapping[str, Any]) -> None:
    for name in FIELDS:
        if name in values:
            setattr(coupon, name, values[name])
    if "folder_path" in values:
        path = values["folder_path"]
        coupon.folder = keeping.folder_at(path) if path else None


def write_code(coupon: Coupon, text: str) -> None:
    try:
        coupon.code, coupon.code_norm = read_code(text)
    except BadCode as refusal:
        raise FieldRefused("code", refusal.code, str(refusal.sentence)) from refusal
    if coupon.code_norm in RESERVED:
        raise keeping.code_taken()


def write_specimen(coupon: Coupon) -> None:
    text = coupon.specimen_code or keeping.usual_specimen(coupon.code)
    coupon.specimen_code, coupon.specimen_norm = text, text.upper()


def check_may_give(by: Actor, labels: Iterable[AccessLabel]) -> None:
    if isinstance(by, User):
        check_may_grant(by, labels=labels)


def person(by: Actor) -> User | None:
    return by if isinstance(by, User) else None


def facts(coupon: Coupon) -> dict[str, Any]:
    """What the journal keeps of a coupon."""
    told = {name: getattr(coupon, name) for name in ("code", *FIELDS)}
    told["folder"] = str(coupon.folder) if coupon.folder else None
    told["owner"] = str(coupon.owner) if coupon.owner else None
    for name in ("start_at", "end_at"):
        told[name] = told[name].astimezone(UTC).isoformat() if told[name] else None
    lasting: timedelta | None = told["validity_after_issue"]
    told["validity_after_issue"] = str(lasting) if lasting else None
    told["access_labels"] = sorted(label.code for label in coupon.access_labels.all())
    return told
