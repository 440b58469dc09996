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

A cell without a partial shows the row's attribute of the column's name. What stands around the
cells is drawn once for all rows; a cell or a menu of some length does well to say with
`{% stencil %}` what it shares with those of other rows. All state is in the
address; whatever is wrong in it is ignored. A page costs one query for the rows, one for the count,
and what the queryset prefetches and the filter offers as choices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlencode

from django import forms
from django.db import models
from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from offers_site.columns import Action, Bulk, Column, Head, Heading, Shape
from offers_site.filters import ListFilter, display, is_nothing, valid_part
from offers_site.keysets import Keyset

if TYPE_CHECKING:
    from django.template import Template

    from offers_site.http import StaffRequest

__all__ = ["Bulk", "Column", "List", "ListFilter", "ListPage", "Selection"]

M = TypeVar("M", bound=models.Model)

SIZES = (25, 50, 100)
BY_NAME: dict[str, List] = {}  # every list of the product; importing the views makes them
COUNT_UP_TO = 10_000


@dataclass(frozen=True)
class Chip:
    """One filter that is on, and the address without it."""

    label: str
    value: str
    url_without: str


@dataclass(frozen=True)
class Selection(Generic[M]):
    """The rows of a list in an order of their own, and how many there are where that is known."""

    keys: Keyset[M]
    count: int | None = None


@dataclass(frozen=True, kw_only=True)
class List:
    """What a list is; `page` answers one request for it.

    One that is too long to be sorted has no `sort`: whoever asks for a page says its order.
    """

    name: str
    template: str
    columns: Sequence[Column]
    sort: str = ""
    filters: type[ListFilter] = ListFilter
    bulk: Sequence[Bulk] = ()
    row_key: str = "pk"
    size: int = 50
    by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {column.name: column for column in self.columns}
        object.__setattr__(self, "by_name", by_name)
        default = by_name.get(self.sort.removeprefix("-"))
        if self.sort and (default is None or default.sort is None):
            raise ValueError(f"the list {self.name} cannot be sorted by {self.sort}")
        BY_NAME[self.name] = self

    def page(self, request: StaffRequest, queryset: models.QuerySet[M]) -> ListPage[M]:
        """The rows that the address asks for, and the addresses that lead on from them."""
        sort = self.asked_sort(request.GET)
        column = self.by_name[sort.removeprefix("-")]

        def sorted_by_column(form: ListFilter) -> Selection[M]:
            name, descending = f"{self.name}.{column.name}", sort.startswith("-")
            narrowed = form.narrow(queryset)
            return Selection(
                Keyset(narrowed, column.sort or "pk", name=name, descending=descending)
            )

        return self.page_of(request, sorted_by_column)

    def page_of(
        self, request: StaffRequest, select: Callable[[ListFilter], Selection[M]]
    ) -> ListPage[M]:
        """The same, of the rows that `select` chooses and puts in order."""
        form = valid_part(self.filters, request.GET)
        selection = select(form)
        keys, count = selection.keys, selection.count
        sort = self.asked_sort(request.GET)
        shown = self.asked_columns(request)
        size = self.asked_size(request.GET)
        if count is None:
            count = keys.count_up_to(COUNT_UP_TO)
        rows, has_previous, has_next = keys.slice(
            size, after=request.GET.get("after"), before=request.GET.get("before")
        )
        return ListPage(
            self,
            request,
            form,
            rows=rows,
            count=count,
            is_counted=selection.count is not None,
            sort=sort,
            shown=shown,
            size=size,
            previous_cursor=keys.cursor(rows[0]) if rows and has_previous else None,
            next_cursor=keys.cursor_after(rows) if has_next else None,
            newest=keys.cursor(rows[0]) if rows and not has_previous else None,
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
        count: int | None,
        is_counted: bool,
        sort: str,
        shown: tuple[str, ...] | None,
        size: int,
        previous_cursor: str | None,
        next_cursor: str | None,
        newest: str | None,
    ) -> None:
        self.definition = definition
        self.request = request
        self.form = form
        self.rows = rows
        self.has_more_than_count = count is not None and count > COUNT_UP_TO and not is_counted
        self.count = COUNT_UP_TO if self.has_more_than_count else count
        self.sort = sort
        self.size = size
        default = tuple(c.name for c in definition.columns if c.pinned or c.shown)
        self.shown = shown or default
        self.previous_cursor = previous_cursor
        self.next_cursor = next_cursor
        self.newest = newest  # the first row of the first page: what changes when there is a newer
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
    def shape(self) -> Shape:
        """What it has in common with other pages; actions are those that the person may do."""
        heads = [
            Head(c.name, str(c.label), c.numeric, c.pinned, c.name in self.shown)
            for c in self.definition.columns
        ]
        actions = [
            Action(str(each.label), address_of(each.url), each.danger, each.icon)
            for each in self.definition.bulk
            if not each.right or self.request.user.has_perm(each.right)
        ]
        return Shape(self.name, tuple(heads), tuple(actions))

    @cached_property
    def headings(self) -> tuple[Heading, ...]:
        return tuple(map(self.heading, self.columns, self.shape.shown))

    def heading(self, column: Column, head: Head) -> Heading:
        if column.sort is None:
            return Heading(head, None, None)
        upwards, downwards = column.name, f"-{column.name}"
        if self.sort == upwards:
            return Heading(head, self.url(sort=downwards), "ascending")
        if self.sort == downwards:
            return Heading(head, self.url(sort=upwards), "descending")
        return Heading(head, self.url(sort=downwards if column.newest_first else upwards), "none")

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
    def kept_beside_filter(self) -> SafeString:
        """Hidden fields of the filter's form."""
        return self.hidden_fields(without=set(self.form.fields))

    @property
    def kept_beside_columns(self) -> SafeString:
        """Hidden fields of the chooser's form."""
        return self.hidden_fields(without={"columns"})

    def hidden_fields(self, *, without: set[str]) -> SafeString:
        pairs = ((n, v) for n, values in self.state.items() if n not in without for v in values)
        return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)

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


def address_of(url: str) -> str:
    """Of a view that is named, or the address itself."""
    return url if url.startswith("/") else reverse(url)
