"""Which coupon and which code somebody means who presents a code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection, models

from accounts.journal import Actor
from coupons.models import Code, Coupon, Shelf, Standing
from coupons.models.folders import knows_all
from coupons.normalising import lookups

Row = TypeVar("Row", bound=models.Model)
MOST = 20  # equal codes of that many pools are more than enough to be ambiguous


@dataclass(frozen=True, slots=True)
class Found:
    """What a code stands for: of an anonymous coupon there is no `code`."""

    coupon: Coupon
    code: Code | None = None
    is_specimen: bool = False

    @property
    def standing(self) -> Standing | None:
        return getattr(self.code, "standing", None) if self.code else None

    @property
    def most(self) -> int | None:
        """How often this one code may be used; None is as often as one likes."""
        own = self.code.max_redemptions if self.code else None
        return own if own is not None else self.coupon.max_redemptions_per_code


class Ambiguous(Exception):
    """Several active coupons have this code."""


def find(text: str, coupon_code: str = "", *, by: Actor = None) -> Found | None:
    """What a code stands for, or None; raises Ambiguous.

    What is hidden from whoever asks, or lies outside the folders of a key, is not there.
    """
    forms = lookups(text)
    if not forms:
        return None
    names = lookups(coupon_code) if coupon_code else ()
    if coupon_code and not names:
        return None
    among = names[-1] if names else None
    found = [each for each in look(forms, among) if is_meant(each, forms)]
    found = known_to(by, found)
    if not found:
        coupons = Coupon.objects.open_to(by).filter(specimen_norm=forms[-1])
        if among:
            coupons = coupons.filter(code_norm=among)
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


def look(forms: tuple[str, ...], among: str | None) -> list[Found]:
    """Pools' codes and anonymous coupons that read so, in one statement that is written once: tills
    ask this two hundred times a second."""
    values = {"forms": list(forms), "form": forms[-1], "among": among}
    with connection.cursor() as cursor:
        cursor.execute(LOOK, values)
        return [found_of(row) for row in cursor.fetchall()]


def found_of(row: Sequence[Any]) -> Found:
    coupon = read(Coupon, row, 0)
    start = len(PLAIN[Coupon])
    if row[start] is None:
        return Found(coupon)
    code = read(Code, row, start)
    start += len(PLAIN[Code])
    shelf = read(Shelf, row, start)
    start += len(PLAIN[Shelf])
    standing = None if row[start] is None else read(Standing, row, start)
    code._state.fields_cache |= {"coupon": coupon, "shelf": shelf, "standing": standing}
    return Found(coupon, code)


def read(model: type[Row], row: Sequence[Any], start: int) -> Row:
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


LOOK = f"""
(SELECT {columns(Coupon, "p")}, {columns(Code, "c")}, {columns(Shelf, "f")},
        {columns(Standing, "t")}
 FROM coupons_code c
 JOIN coupons_coupon p ON p.id = c.coupon_id
 JOIN coupons_shelf f ON f.id = c.shelf_id
 LEFT JOIN coupons_standing t ON t.code_id = c.id
 WHERE c.code_norm = ANY(%(forms)s) AND (%(among)s::text IS NULL OR p.code_norm = %(among)s)
 ORDER BY c.id DESC LIMIT {MOST})
UNION ALL
SELECT {columns(Coupon, "p")}, {nothing(Code)}, {nothing(Shelf)}, {nothing(Standing)}
FROM coupons_coupon p
WHERE p.code_norm = %(form)s AND p.type = 'anonymous'
  AND (%(among)s::text IS NULL OR p.code_norm = %(among)s)
"""  # noqa: S608 (our own words)
