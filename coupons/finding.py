"""Which coupon and which code somebody means who presents a code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import models

from accounts.journal import Actor
from accounts.models import ApiKey
from accounts.remembering import STAMP, check_stamp
from coupons.models import Code, Coupon, Shelf, Standing
from coupons.models.folders import knows_all
from coupons.normalising import lookups
from offers_site.statements import read

Row = TypeVar("Row", bound=models.Model)
MOST = 20  # equal codes of that many pools are more than enough to be ambiguous


class Numbers(NamedTuple):
    """How much of each limit is used up already, and how much is held."""

    held: int = 0
    total: int = 0
    customer: int = 0


NONE = Numbers()


@dataclass(frozen=True, slots=True)
class Found:
    """What a code stands for: of an anonymous coupon there is no `code`.

    `numbers` and `stamp`, which changes whenever the standing does, are of the moment of reading.
    """

    coupon: Coupon
    code: Code | None = None
    is_specimen: bool = False
    numbers: Numbers = NONE
    stamp: str | None = None

    @property
    def standing(self) -> Standing | None:
        return getattr(self.code, "standing", None) if self.code else None

    @property
    def most(self) -> int | None:
        """How often this one code may be used; None is as often as one likes."""
        own = self.code.max_redemptions if self.code else None
        return own if own is not None else self.coupon.max_redemptions_per_code


class Sight(NamedTuple):
    """All that one statement reads for whoever presents a code."""

    forms: tuple[str, ...]
    among: str | None
    known: UUID | None  # the redemption that has this name already
    request_hash: str | None
    found: list[Found]


class Ambiguous(Exception):
    """Several active coupons have this code."""


def find(
    text: str,
    coupon_code: str = "",
    *,
    customer_key: str = "",
    at: datetime | None = None,
    by: Actor = None,
) -> Found | None:
    """What a code stands for, or None; raises Ambiguous.

    What is hidden from whoever asks, or lies outside the folders of a key, is not there. Raises
    KeyMoved for a key that is only remembered and is so no more.
    """
    return meant(look(text, coupon_code, customer_key=customer_key, at=at, by=by), by)


def meant(sight: Sight, by: Actor) -> Found | None:
    if not sight.forms:
        return None
    found = known_to(by, [each for each in sight.found if is_meant(each, sight.forms)])
    if not found:
        coupons = Coupon.objects.open_to(by).filter(specimen_norm=sight.forms[-1])
        if sight.among:
            coupons = coupons.filter(code_norm=sight.among)
        specimen = coupons.order_by("-pk").first()
        return Found(specimen, is_specimen=True) if specimen else None
    active = [each for each in found if each.coupon.status == Coupon.Status.ACTIVE]
    if len(active) > 1:
        raise Ambiguous
    return (active or found)[0]


def known_to(by: Actor, found: list[Found]) -> list[Found]:
    if not found or knows_all(by):
        return found
    asked = Coupon.objects.filter(pk__in={each.coupon.pk for each in found})
    known = set(asked.open_to(by).values_list("pk", flat=True))
    return [each for each in found if each.coupon.pk in known]


def is_meant(found: Found, forms: tuple[str, ...]) -> bool:
    """Capitals matter in some pools only."""
    if found.code is None:
        return True
    return found.code.code_norm == forms[0 if found.coupon.case_sensitive else -1]


def look(
    text: str,
    coupon_code: str = "",
    *,
    customer_key: str = "",
    at: datetime | None = None,
    source: str = "",
    name: str = "",
    by: Actor = None,
) -> Sight:
    """Pools' codes and anonymous coupons that read so, and the use that is called `name`, in one
    statement that is prepared once: tills ask this two hundred times a second."""
    forms = lookups(text)
    names = lookups(coupon_code) if coupon_code else ()
    among = names[-1] if names else None
    if coupon_code and not names:
        forms = ()
    key = by if isinstance(by, ApiKey) and by.stamp else None
    values = {
        "first": forms[0] if forms else None,
        "last": forms[-1] if forms else None,
        "among": among,
        "customer": customer_key,
        "at": at,
        "source": source,
        "name": name,
        "key": key.pk if key else None,
    }
    rows = read(LOOK, values)
    stamp, known, request_hash, *_first = rows[0]
    if key:
        check_stamp(key, stamp)
    found = [found_of(row[3:]) for row in rows if row[3] is not None]
    found.sort(key=lambda each: each.code.pk if each.code else 0, reverse=True)
    return Sight(forms, among, known, request_hash, found)


def found_of(row: Sequence[Any]) -> Found:
    *row, stamp, held, total, customer = row
    numbers = Numbers(held, total or 0, customer or 0)
    coupon = made(Coupon, row, 0)
    start = len(PLAIN[Coupon])
    if row[start] is None:
        return Found(coupon, numbers=numbers)
    code = made(Code, row, start)
    start += len(PLAIN[Code])
    shelf = made(Shelf, row, start)
    start += len(PLAIN[Shelf])
    standing = None if row[start] is None else made(Standing, row, start)
    code._state.fields_cache |= {"coupon": coupon, "shelf": shelf, "standing": standing}
    return Found(coupon, code, numbers=numbers, stamp=stamp)


def made(model: type[Row], row: Sequence[Any], start: int) -> Row:
    names = PLAIN[model]
    return model.from_db("default", names, row[start : start + len(names)])


def plain(model: type[models.Model]) -> list[str]:
    """Columns that need no converting; the others are read when somebody asks."""
    fields = model._meta.concrete_fields
    chosen = [field for field in fields if not hasattr(field, "from_db_value")]
    # the primary key first: it tells whether the row is there
    return [field.attname for field in sorted(chosen, key=lambda each: not each.primary_key)]


PLAIN: Mapping[type[models.Model], list[str]] = {
    model: plain(model) for model in (Coupon, Code, Shelf, Standing)
}


def columns(model: type[models.Model], alias: str) -> str:
    return ", ".join(f'{alias}."{name}"' for name in PLAIN[model])


def nothing(model: type[models.Model]) -> str:
    return ", ".join("NULL" for _name in PLAIN[model])


# A key that is only remembered is known by nothing while coupons are switched off.
TILL = f"CASE WHEN NOT EXISTS (SELECT FROM coupons_options WHERE NOT is_on) THEN {STAMP} END"
USED = """CASE WHEN coupons_total_limit(p) IS NOT NULL
        THEN (SELECT sum(u.used) FROM coupons_couponuse u WHERE u.coupon_id = p.id) END,
    CASE WHEN p.max_redemptions_per_customer IS NOT NULL AND %(customer)s <> ''
        THEN (SELECT u.used FROM coupons_customeruse u
              WHERE u.coupon_id = p.id AND u.customer_key = %(customer)s) END"""
HELD = """(SELECT count(*) FROM coupons_hold h
        WHERE h.code_id = c.id AND h.ended_at IS NULL AND h.expires_at > %(at)s::timestamptz)"""
# The codes are looked up by themselves and are few: however little is known of the tables, whatever
# belongs to them is looked up for each.
LOOK = f"""
SELECT {TILL.replace("%s", "%(key)s::bigint")}, k.id, k.request_hash, f.*
FROM (SELECT) one
LEFT JOIN coupons_redemption k ON k.source = %(source)s AND k.external_id = %(name)s
LEFT JOIN (
    (SELECT {columns(Coupon, "p")}, {columns(Code, "c")}, {columns(Shelf, "f")},
        {columns(Standing, "t")}, t.ctid::text || t.xmin::text, {HELD}, {USED}
    FROM (SELECT * FROM (
            SELECT * FROM coupons_code WHERE code_norm IN (%(first)s, %(last)s)
              AND (%(among)s::text IS NULL
                   OR coupon_id = (SELECT id FROM coupons_coupon WHERE code_norm = %(among)s))
            OFFSET 0
        ) k ORDER BY id DESC LIMIT {MOST}) c
    JOIN coupons_coupon p ON p.id = c.coupon_id
    JOIN coupons_shelf f ON f.id = c.shelf_id
    LEFT JOIN coupons_standing t ON t.code_id = c.id)
    UNION ALL
    SELECT {columns(Coupon, "p")}, {nothing(Code)}, {nothing(Shelf)}, {nothing(Standing)},
        NULL, 0, {USED}
    FROM coupons_coupon p
    WHERE p.code_norm = %(last)s AND p.type = 'anonymous'
      AND (%(among)s::text IS NULL OR p.code_norm = %(among)s)
) f ON true
"""  # noqa: S608 (our own words)
