"""The one list of the product: search, filters, sort, columns, bulk actions and keyset paging.

A room declares a list beside its view, and the template says what stands in each cell:

    PEOPLE = List(
        name="people",
        template="accounts/person_list.html",
        columns=(
            Column("name", _("Name"), sort="last_name", pinned=True),
            Column("roles", _("Roles")),
            Column("last_seen", _("Last sign-in"), sort="last_login"),
            Column("created", _("Created"), sort="created_at", shown=False),
        ),
        sort="name",
        filters=PersonFilter,
        bulk=(Bulk("deactivate", _("Deactivate"), url="accounts:people-deactivate",
                   right="accounts.manage_people", danger=True),),
        row_key="public_id",
    )

    def person_list(request: StaffRequest) -> HttpResponse:
        people = PEOPLE.page(request, User.objects.for_person_list())
        return render_page(request, "accounts/person_list.html", {"list": people}, fragment="list")

    {% block count %}{% include "components/list_count.html" %}{% endblock %}
    {% block main %}
      {% partialdef list inline %}{% include "components/list.html" %}{% endpartialdef %}
    {% endblock %}
    {% partialdef cell_name %}<a href="{{ row.get_absolute_url }}">{{ row }}</a>{% endpartialdef %}
    {% partialdef row_menu %}<a class="menu-item" href="…">…</a>{% endpartialdef %}
    {% partialdef empty %}{% include "components/empty.html" with … only %}{% endpartialdef %}

A cell without a partial shows the row's attribute of the column's name. All state is in the
address; whatever is wrong in it is ignored. A page costs one query for the rows, one for the count,
and what the queryset prefetches and the filter offers as choices.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar
from urllib.parse import urlencode

from django import forms
from django.core import signing
from django.db import models
from django.db.models import F, Field, Q
from django.db.models.expressions import Combinable
from django.http import QueryDict
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django.template import Template
    from django.utils.functional import _StrOrPromise

    from offers_site.http import StaffRequest

M = TypeVar("M", bound=models.Model)

SIZES = (25, 50, 100)
COUNT_UP_TO = 10_000
SORT_VALUE = "list_sort_value"


class ListFilter(forms.Form):
    """What narrows a list. Fields are all optional; `narrow` reads `self.cleaned_data`.

    With `searches = True` there is a field `q`. Fields must not bear a name that the list uses
    itself (`sort`, `columns`, `after`, `before`, `size`, `row`).
    """

    searches: ClassVar[bool] = False
    search_label: ClassVar[_StrOrPromise] = gettext_lazy("Search")

    q = forms.CharField(required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "filter-%s")
        kwargs.setdefault("use_required_attribute", False)
        super().__init__(*args, **kwargs)
        if not self.searches:
            del self.fields["q"]
        for name, shown in self.fields.items():
            shown.required = False
            if isinstance(shown, forms.MultipleChoiceField | forms.ModelMultipleChoiceField):
                shown.widget = as_checkboxes(shown)
            if name == "q":
                shown.label = self.search_label
                shown.widget = forms.SearchInput(attrs={"placeholder": self.search_label})

    @property
    def given(self) -> dict[str, list[str]]:
        """What the address says, field by field."""
        return dict(self.data.lists()) if isinstance(self.data, MultiValueDict) else {}

    def narrow(self, queryset: models.QuerySet[M]) -> models.QuerySet[M]:
        """The rows that match what was asked."""
        return queryset

    def asked(self, name: str) -> Any:
        """What was asked in a field, and something false when nothing was."""
        return self.cleaned_data.get(name)


@dataclass(frozen=True)
class Column:
    """One column. `sort` is a path or an expression; `pinned` columns are always shown."""

    name: str
    label: _StrOrPromise
    sort: str | Combinable | None = None
    pinned: bool = False
    shown: bool = True
    numeric: bool = False
    newest_first: bool = False  # the first click sorts downwards


@dataclass(frozen=True)
class Bulk:
    """What can be done to the ticked rows.

    `url` names a view which answers GET `?row=…&row=…` (see `http.picked_rows`) with
    `render_confirmation`; the confirmed POST comes to the same address, with the same `row`s.
    """

    name: str
    label: _StrOrPromise
    url: str
    right: str = ""
    danger: bool = False
    icon: str = ""


@dataclass(frozen=True)
class Chip:
    """One filter that is on, and the address without it."""

    label: str
    value: str
    url_without: str


@dataclass(frozen=True)
class Heading:
    column: Column
    url: str | None
    direction: Literal["ascending", "descending", "none"] | None

    @property
    def icon(self) -> str:
        return "arrow-down" if self.direction == "descending" else "arrow-up"


@dataclass(frozen=True)
class Choice:
    """A column in the chooser."""

    column: Column
    shown: bool


@dataclass(frozen=True)
class Action:
    bulk: Bulk
    url: str


@dataclass(frozen=True, kw_only=True)
class List:
    """What a list is; `page` answers one request for it."""

    name: str
    template: str
    columns: Sequence[Column]
    sort: str
    filters: type[ListFilter] = ListFilter
    bulk: Sequence[Bulk] = ()
    row_key: str = "pk"
    size: int = 50
    by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {column.name: column for column in self.columns}
        object.__setattr__(self, "by_name", by_name)
        default = by_name.get(self.sort.removeprefix("-"))
        if default is None or default.sort is None:
            raise ValueError(f"the list {self.name} cannot be sorted by {self.sort}")

    def page(self, request: StaffRequest, queryset: models.QuerySet[M]) -> ListPage[M]:
        """The rows that the address asks for, and the addresses that lead on from them."""
        form = valid_part(self.filters, request.GET)
        narrowed = form.narrow(queryset)
        sort = self.asked_sort(request.GET)
        shown = self.asked_columns(request)
        size = self.asked_size(request.GET)
        column = self.by_name[sort.removeprefix("-")]
        keys = Keyset(narrowed, column, descending=sort.startswith("-"))
        rows, has_previous, has_next = keys.slice(
            size, after=request.GET.get("after"), before=request.GET.get("before")
        )
        return ListPage(
            self,
            request,
            form,
            rows=rows,
            count=narrowed.order_by()[: COUNT_UP_TO + 1].count(),
            sort=sort,
            shown=shown,
            size=size,
            previous_cursor=keys.cursor(rows[0]) if rows and has_previous else None,
            next_cursor=keys.cursor(rows[-1]) if rows and has_next else None,
        )

    def asked_sort(self, asked: QueryDict) -> str:
        name = asked.get("sort", "")
        column = self.by_name.get(name.removeprefix("-"))
        return name if column is not None and column.sort is not None else self.sort

    def asked_size(self, asked: QueryDict) -> int:
        sizes = {str(size): size for size in (*SIZES, self.size)}
        return sizes.get(asked.get("size", ""), self.size)

    def asked_columns(self, request: StaffRequest) -> tuple[str, ...] | None:
        """Those of the address, else those that the person keeps; None where neither says."""
        named = {
            name for value in request.GET.getlist("columns") for name in value.split(",")
        } & set(self.by_name)
        if named:
            return self.in_order(named)
        kept = request.user.list_columns
        mine = kept.get(self.name) if isinstance(kept, dict) else None
        if isinstance(mine, list):
            return self.in_order({name for name in mine if isinstance(name, str)})
        return None

    def in_order(self, names: set[str]) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns if c.pinned or c.name in names)


class ListPage(Generic[M]):
    """One answered request for a list, as components/list.html shows it."""

    def __init__(
        self,
        definition: List,
        request: StaffRequest,
        form: ListFilter,
        *,
        rows: list[M],
        count: int,
        sort: str,
        shown: tuple[str, ...] | None,
        size: int,
        previous_cursor: str | None,
        next_cursor: str | None,
    ) -> None:
        self.definition = definition
        self.request = request
        self.form = form
        self.rows = rows
        self.count = min(count, COUNT_UP_TO)
        self.has_more_than_count = count > COUNT_UP_TO
        self.sort = sort
        self.size = size
        default = tuple(c.name for c in definition.columns if c.pinned or c.shown)
        self.shown = shown or default
        self.previous_cursor = previous_cursor
        self.next_cursor = next_cursor
        self.path = request.path
        self.partials: dict[str, Template | None] = {}  # of the page's template, once looked up

    # --- what it consists of ---

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def dom_id(self) -> str:
        return f"list-{self.definition.name}"

    @cached_property
    def columns(self) -> list[Column]:
        return [column for column in self.definition.columns if column.name in self.shown]

    @cached_property
    def headings(self) -> list[Heading]:
        return [self.heading(column) for column in self.columns]

    def heading(self, column: Column) -> Heading:
        if column.sort is None:
            return Heading(column, None, None)
        upwards, downwards = column.name, f"-{column.name}"
        if self.sort == upwards:
            return Heading(column, self.url(sort=downwards), "ascending")
        if self.sort == downwards:
            return Heading(column, self.url(sort=upwards), "descending")
        return Heading(column, self.url(sort=downwards if column.newest_first else upwards), "none")

    @cached_property
    def choices(self) -> list[Choice]:
        """The columns that may be hidden."""
        return [Choice(c, c.name in self.shown) for c in self.definition.columns if not c.pinned]

    @cached_property
    def actions(self) -> list[Action]:
        """The bulk actions that the person may do."""
        return [
            Action(bulk, reverse(bulk.url))
            for bulk in self.definition.bulk
            if not bulk.right or self.request.user.has_perm(bulk.right)
        ]

    @property
    def is_fragment(self) -> bool:
        """Is it swapped into a page that is there already?"""
        htmx = self.request.htmx
        return bool(htmx) and not htmx.history_restore_request

    def key_of(self, row: M) -> str:
        return str(getattr(row, self.definition.row_key))

    # --- what was asked ---

    @cached_property
    def state(self) -> dict[str, list[str]]:
        """The address, tidied: only what was understood, without where we are in it."""
        return {name: values for name, values in self.form.given.items() if any(values)} | {
            name: self.request.GET.getlist(name)
            for name in ("sort", "columns", "size")
            if name in self.request.GET and self.is_understood(name)
        }

    def is_understood(self, name: str) -> bool:
        if name == "columns":
            asked = self.definition.asked_columns(self.request)
            return asked is not None and "columns" in self.request.GET
        return self.request.GET[name] == str(getattr(self, name))

    @property
    def kept_beside_filter(self) -> list[tuple[str, str]]:
        """Hidden fields of the filter's form."""
        own = set(self.form.fields)
        return [(n, v) for n, values in self.state.items() if n not in own for v in values]

    @property
    def kept_beside_columns(self) -> list[tuple[str, str]]:
        """Hidden fields of the chooser's form."""
        return [(n, v) for n, values in self.state.items() if n != "columns" for v in values]

    @property
    def filter_fields(self) -> list[forms.BoundField]:
        """Those beside the search."""
        return [bound for bound in self.form.visible_fields() if bound.name != "q"]

    @cached_property
    def chips(self) -> list[Chip]:
        return [
            Chip(str(bound.label), display(bound, value), self.url(**{bound.name: None}))
            for bound in self.form
            if not is_nothing(value := self.form.cleaned_data.get(bound.name))
        ]

    @property
    def is_narrowed(self) -> bool:
        return bool(self.chips)

    # --- where it leads ---

    def url(self, **changes: str | None) -> str:
        """This list with something changed, from its first page on."""
        state = {
            **self.state,
            **{name: [value] if value else [] for name, value in changes.items()},
        }
        query = urlencode([(name, value) for name, values in state.items() for value in values])
        return f"{self.path}?{query}" if query else self.path

    @property
    def url_without_filters(self) -> str:
        return self.url(**dict.fromkeys(self.form.fields))

    @property
    def url_without_columns(self) -> str:
        return self.url(columns=None)

    @property
    def previous_url(self) -> str | None:
        return self.url(before=self.previous_cursor) if self.previous_cursor else None

    @property
    def next_url(self) -> str | None:
        return self.url(after=self.next_cursor) if self.next_cursor else None


# --- Keyset paging ---


class Keyset(Generic[M]):
    """Rows by one value, what is empty last either way, and by key where the values are equal."""

    def __init__(self, queryset: models.QuerySet[M], column: Column, *, descending: bool) -> None:
        by = F(column.sort) if isinstance(column.sort, str) else column.sort
        self.descending = descending
        self.queryset = queryset.annotate(**{SORT_VALUE: by})
        annotation = self.queryset.query.annotations[SORT_VALUE]
        self.value_field: Field[Any, Any] = annotation.output_field
        self.key_field = queryset.model._meta.pk
        self.may_be_empty = not is_plain_and_full(queryset.model, column.sort)
        # Signed, so that what an address claims to be a place is one, in this order of this list.
        way = "-" if descending else ""
        salt = f"list:{queryset.model._meta.label}:{way}{column.name}"
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

    def cursor(self, row: M) -> str:
        value = getattr(row, SORT_VALUE)
        text = f"{row.pk}|" if value is None else f"{row.pk}|={written(value)}"
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


def is_plain_and_full(model: type[models.Model], sort: str | Combinable | None) -> bool:
    """Is it a column of the model's own table that cannot be NULL?"""
    plain = {field.name for field in model._meta.concrete_fields if not field.null}
    return isinstance(sort, str) and sort in plain


def written(value: object) -> str:
    """A value as its field's `to_python` reads it back, to the last microsecond."""
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)


# --- Filters ---


def as_checkboxes(
    choice: forms.MultipleChoiceField | forms.ModelMultipleChoiceField[Any],
) -> forms.CheckboxSelectMultiple:
    """Several choices are ticked in a menu, not held with Ctrl in a box."""
    widget = forms.CheckboxSelectMultiple()
    widget.choices = choice.widget.choices
    return widget


def valid_part(filters: type[ListFilter], asked: QueryDict) -> ListFilter:
    """A valid form: with what was asked, less the fields that were asked wrongly."""
    known = set(filters.base_fields)
    given = {
        name: values
        for name, values in asked.lists()
        if name in known and not any("\0" in value for value in values)
    }
    form = filters(MultiValueDict(given))
    if form.is_valid():
        return form
    right = {name: values for name, values in given.items() if name not in form.errors}
    form = filters(MultiValueDict(right))
    if not form.is_valid():  # the fields contradict each other
        form = filters(MultiValueDict())
        form.is_valid()
    return form


def is_nothing(value: object) -> bool:
    if isinstance(value, models.QuerySet):
        return not value
    return value in (None, "", False) or value == [] or value == ()


def display(bound: forms.BoundField, value: object) -> str:
    """A filter's value as its chip says it."""
    if value is True:
        return _("yes")
    if isinstance(value, datetime):
        return date_format(localtime(value), "SHORT_DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "SHORT_DATE_FORMAT")
    if isinstance(bound.field, forms.ChoiceField) and not isinstance(
        bound.field, forms.ModelChoiceField
    ):
        labels = dict(flat_choices(bound.field))
        values = value if isinstance(value, list) else [value]
        return ", ".join(str(labels.get(str(each), each)) for each in values)
    if isinstance(value, list | tuple | models.QuerySet):
        return ", ".join(str(each) for each in value)
    return str(value)


def flat_choices(choice: forms.ChoiceField) -> list[tuple[str, object]]:
    flat: list[tuple[str, object]] = []
    given: Any = choice.choices  # however it was declared, it can be iterated by now
    for value, label in given:
        if isinstance(label, list | tuple):
            flat += [(str(inner), text) for inner, text in label]
        else:
            flat.append((str(value), label))
    return flat
