"""Paging by the values of a row instead of by counting: the last page costs what the first does."""

from __future__ import annotations

import base64
from datetime import date, datetime, time
from typing import Any, ClassVar, Generic, Literal, TypeVar

from django.core import signing
from django.db import models
from django.db.models import F, Field, Q
from django.db.models.expressions import Combinable

M = TypeVar("M", bound=models.Model)
SORT_VALUE = "list_sort_value"


class Keyset(Generic[M]):
    """Rows by one value, what is empty last either way, and by key where the values are equal."""

    def __init__(
        self, queryset: models.QuerySet[M], by: str | Combinable, *, name: str, descending: bool
    ) -> None:
        """`name` is what the order is called; places of one order mean nothing in another."""
        self.descending = descending
        self.unsorted = queryset
        self.queryset = queryset.annotate(**{SORT_VALUE: F(by) if isinstance(by, str) else by})
        annotation = self.queryset.query.annotations[SORT_VALUE]
        self.value_field: Field[Any, Any] = annotation.output_field
        self.key_field = queryset.model._meta.pk
        self.may_be_empty = not is_plain_and_full(queryset.model, by)
        # Signed, so that what an address claims to be a place is one, in this order of this list.
        way = "-" if descending else ""
        salt = f"list:{queryset.model._meta.label}:{way}{name}"
        self.signer = signing.Signer(salt=salt, sep=".")

    def slice(
        self, size: int, *, after: str | None, before: str | None
    ) -> tuple[list[M], bool, bool]:
        """The page, whether there is one before it, and whether there is one after it."""
        if before and (place := self.read(before)):
            beyond = self.beyond(place, backwards=True)
            rows = list(self.ordered(backwards=True).filter(beyond)[: size + 1])
            if len(rows) > size:
                return rows[size - 1 :: -1], True, True
        elif after and (place := self.read(after)):
            beyond = self.beyond(place, backwards=False)
            rows = list(self.ordered(backwards=False).filter(beyond)[: size + 1])
            if rows:
                return rows[:size], True, len(rows) > size
        rows = list(self.ordered(backwards=False)[: size + 1])
        return rows[:size], False, len(rows) > size

    def count_up_to(self, most: int) -> int | None:
        """How many there are, at most one more than that; None where counting takes long."""
        return int(self.unsorted.order_by()[: most + 1].count())

    def ordered(self, *, backwards: bool) -> models.QuerySet[M]:
        upwards = self.descending == backwards
        empties: dict[str, Literal[True]] = {}
        if self.may_be_empty:  # else unsaid, so that an index can be read either way
            empties = {"nulls_first": True} if backwards else {"nulls_last": True}
        value = F(SORT_VALUE)
        ordered: models.QuerySet[M] = self.queryset.order_by(
            value.asc(**empties) if upwards else value.desc(**empties), "pk" if upwards else "-pk"
        )
        return ordered

    def beyond(self, place: tuple[Any, Any], *, backwards: bool) -> Q:
        """What comes after a place, or before it."""
        value, key = place
        way = "gt" if self.descending == backwards else "lt"
        empty = Q(**{f"{SORT_VALUE}__isnull": True})
        further_key = Q(**{f"pk__{way}": key})
        if value is None:
            return ~empty | (empty & further_key) if backwards else empty & further_key
        further = Q(**{f"{SORT_VALUE}__{way}": value}) | (Q(**{SORT_VALUE: value}) & further_key)
        if self.may_be_empty:
            return further if backwards else further | empty
        return Q(**{f"{SORT_VALUE}__{way}e": value}) & further  # lets an index start there

    # --- a place in the list, written into an address ---

    def cursor_after(self, rows: list[M]) -> str | None:
        """Where the page after these begins."""
        return self.cursor(rows[-1]) if rows else None

    def cursor(self, row: M) -> str:
        return self.place(row.pk, getattr(row, SORT_VALUE))

    def place(self, key: object, value: object) -> str:
        text = f"{key}|" if value is None else f"{key}|={written(value)}"
        return self.signer.sign(base64.urlsafe_b64encode(text.encode()).decode().rstrip("="))

    def read(self, cursor: str) -> tuple[Any, Any] | None:
        """The place that a cursor names; None when we did not write it for this order."""
        try:
            encoded = self.signer.unsign(cursor)
        except signing.BadSignature:
            return None
        text = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        key, _bar, value = text.partition("|")
        return (
            self.value_field.to_python(value[1:]) if value else None,
            self.key_field.to_python(key),
        )


class Walk(Keyset[M]):
    """Rows by falling key, of which a condition that no index knows lets some through.

    A page looks at the next `LOOKED_AT` rows and no further, however few of them it may show; the
    page after it goes on from there.
    """

    LOOKED_AT: ClassVar[int] = 50_000

    def __init__(self, queryset: models.QuerySet[M], condition: Q, *, name: str) -> None:
        super().__init__(queryset, "pk", name=name, descending=True)
        self.condition = condition
        self.looked_until: object = None  # the last row that was looked at, if others follow it

    def slice(
        self, size: int, *, after: str | None, before: str | None
    ) -> tuple[list[M], bool, bool]:
        self.looked_until = None
        if before and (place := self.read(before)):
            rows = self.passing(self.queryset.filter(pk__gt=place[1]), size, backwards=True)
            if len(rows) > size:
                self.looked_until = None
                return rows[size - 1 :: -1], True, True
        place = self.read(after) if after else None
        further = self.queryset.filter(pk__lt=place[1]) if place else self.queryset
        rows = self.passing(further, size, backwards=False)
        has_next = len(rows) > size or self.looked_until is not None
        if len(rows) > size:
            self.looked_until = None
        return rows[:size], place is not None, has_next

    def passing(self, further: models.QuerySet[M], size: int, *, backwards: bool) -> list[M]:
        """One more row than a page of those that come next, if there are as many."""
        order, way = ("pk", "lte") if backwards else ("-pk", "gte")
        keys = further.order_by(order).values_list("pk", flat=True)
        last = list(keys[self.LOOKED_AT - 1 : self.LOOKED_AT + 1])
        if len(last) == 2:
            self.looked_until = last[0]
            further = further.filter(**{f"pk__{way}": last[0]})
        return list(further.filter(self.condition).order_by(order)[: size + 1])

    def count_up_to(self, most: int) -> int | None:
        return None

    def cursor_after(self, rows: list[M]) -> str | None:
        if self.looked_until is not None:
            return self.place(self.looked_until, self.looked_until)
        return super().cursor_after(rows)


def is_plain_and_full(model: type[models.Model], sort: str | Combinable) -> bool:
    """Is it a column of the model's own table that cannot be NULL?"""
    plain = {"pk", *(field.name for field in model._meta.concrete_fields if not field.null)}
    return isinstance(sort, str) and sort in plain


def written(value: object) -> str:
    """A value as its field's `to_python` reads it back, to the last microsecond."""
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)
