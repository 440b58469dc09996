"""The one list, driven through the page of people and a list of its own."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from offers_site.lists import Column, List, ListFilter
from tests.build import NOON, make_user
from tests.often import often

pytestmark = pytest.mark.django_db

SLOW_IS_FINE = settings(
    deadline=None,
    max_examples=often(40),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class NameFilter(ListFilter):
    searches = True

    def narrow(self, queryset):
        words = self.asked("q")
        return queryset.filter(first_name__icontains=words) if words else queryset


SEEN = List(
    name="seen",
    template="accounts/person_list.html",
    columns=(
        Column("name", "Name", sort="first_name", pinned=True),
        Column("email", "Email"),
        Column("seen", "Last sign-in", sort="last_login"),
        Column("created", "Created", sort="created_at", shown=False),
    ),
    sort="name",
    filters=NameFilter,
    size=3,
)


def ask(path: str | None = "/", **kept: Any) -> Any:
    request: Any = RequestFactory().get(path or "/")
    request.user = User(list_columns=kept)
    request.htmx = False
    return request


def people(*logins):
    for number, login in enumerate(logins):
        make_user(f"p{number}@example.org", first_name=f"P{number % 3}", last_login=login)


def walk(path, *, back=False):
    """The rows of every page from `path` on, page by page."""
    pages = []
    while path:
        page = SEEN.page(ask(path), User.objects.all())
        pages.append([row.pk for row in page.rows])
        path = page.previous_url if back else page.next_url
        last = page
    return pages, last


@SLOW_IS_FINE
@given(
    minutes=st.lists(st.none() | st.integers(0, 4), min_size=1, max_size=14),
    sort=st.sampled_from(["seen", "-seen", "name", "-name"]),
)
def test_paging_meets_every_row_once_in_order_and_back_again(minutes, sort):
    with transaction.atomic():
        people(*(None if m is None else NOON + timedelta(minutes=m) for m in minutes))
        rows = list(User.objects.all())

        pages, last = walk(f"/?sort={sort}")
        back, first = walk(last.previous_url, back=True) if last.previous_url else ([], last)
        transaction.set_rollback(True)

    def place(row):
        value = row.last_login if sort.endswith("seen") else row.first_name
        moment = value.timestamp() if isinstance(value, datetime) else value
        return moment, row.pk

    filled = [row for row in rows if place(row)[0] is not None]
    empty = [row for row in rows if place(row)[0] is None]
    downwards = sort.startswith("-")
    expected = sorted(filled, key=place, reverse=downwards) + sorted(
        empty, key=lambda row: row.pk, reverse=downwards
    )
    assert [pk for page in pages for pk in page] == [row.pk for row in expected]
    assert list(reversed(back)) == pages[:-1]
    assert first.previous_url is None


def test_what_is_empty_comes_last_either_way():
    people(NOON, None, NOON + timedelta(days=1))

    up = SEEN.page(ask("/?sort=seen"), User.objects.all())
    down = SEEN.page(ask("/?sort=-seen"), User.objects.all())

    assert [row.email[:2] for row in up.rows] == ["p0", "p2", "p1"]
    assert [row.email[:2] for row in down.rows] == ["p2", "p0", "p1"]


def test_a_moment_is_told_apart_from_the_next_microsecond():
    people(*(NOON + timedelta(microseconds=n) for n in range(5)))

    pages, _last = walk("/?sort=seen")

    assert [len(page) for page in pages] == [3, 2]


def test_a_page_after_rows_that_have_gone_is_the_first():
    people(*[None] * 5)
    address = SEEN.page(ask(), User.objects.all()).next_url
    User.objects.exclude(first_name="P0").delete()

    page = SEEN.page(ask(address), User.objects.all())

    assert [row.email for row in page.rows] == ["p0@example.org", "p3@example.org"]
    assert page.previous_url is None


def test_a_place_in_another_order_or_of_another_hand_is_ignored():
    people(*[None] * 5)
    address = SEEN.page(ask(), User.objects.all()).next_url
    cursor = parse_qs(urlsplit(str(address)).query)["after"][0]

    for query in (f"sort=-name&after={cursor}", "after=MXw.forged", "after=", "before=%00"):
        page = SEEN.page(ask(f"/?{query}"), User.objects.all())
        assert len(page.rows) == 3
        assert page.previous_url is None


def test_the_count_stops_at_ten_thousand(monkeypatch):
    monkeypatch.setattr("offers_site.lists.COUNT_UP_TO", 2)
    people(None, None, None)

    page = SEEN.page(ask(), User.objects.all())

    assert (page.count, page.has_more_than_count) == (2, True)


def test_the_state_is_kept_in_every_address_and_the_page_is_not():
    people(*[None] * 8)

    first = SEEN.page(ask("/?q=P&sort=-name&columns=created&nonsense=1"), User.objects.all())
    second = SEEN.page(ask(first.next_url), User.objects.all())

    assert second.headings[0].url == "/?q=P&sort=name&columns=created"
    assert second.url_without_filters == "/?sort=-name&columns=created"
    assert [(chip.label, chip.value) for chip in second.chips] == [("Search", "P")]


def test_columns_are_those_asked_for_then_those_kept_then_the_usual():
    def shown(request):
        return [column.name for column in SEEN.page(request, User.objects.all()).columns]

    assert shown(ask()) == ["name", "email", "seen"]
    assert shown(ask(seen=["created"])) == ["name", "created"]
    assert shown(ask(seen=[])) == ["name"]
    assert shown(ask(seen="nonsense")) == ["name", "email", "seen"]
    assert shown(ask("/?columns=seen", seen=["created"])) == ["name", "seen"]
    assert shown(ask("/?columns=name,&columns=seen&columns=email")) == ["name", "email", "seen"]
    assert shown(ask("/?columns=nonsense", seen=["created"])) == ["name", "created"]


def test_a_list_that_cannot_be_sorted_as_it_says_is_refused():
    with pytest.raises(ValueError, match="cannot be sorted by email"):
        List(name="x", template="x.html", columns=(Column("email", "Email"),), sort="email")


# --- on a page ---


@pytest.fixture
def administrator(client):
    user = make_user("ada@example.org", role="administrator", last_name="Morel")
    client.force_login(user)
    return user


def test_htmx_gets_the_list_and_the_count_and_a_browser_the_page(client, administrator):
    url = reverse("accounts:person-list")

    page = client.get(url).content.decode()
    fragment = client.get(url, headers={"HX-Request": "true"}).content.decode()

    assert "<html" in page
    assert page.count('id="list-people-count"') == 1
    assert "<html" not in fragment
    assert '<span id="list-people-count" hx-swap-oob="true">1</span>' in fragment


def test_a_list_costs_the_same_with_many_rows(client, administrator):
    url = reverse("accounts:person-list")
    few = queries_of(client, url)
    for number in range(20):
        make_user(f"p{number}@example.org", role="analyst")

    assert queries_of(client, url) == few


def queries_of(client, url):
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_nothing_matching_is_not_nothing_yet(client, administrator):
    url = reverse("accounts:person-list")

    page = client.get(url, {"q": "zzz"}).content.decode()

    assert "Nothing matches" in page
    assert f'<a class="btn" href="{url}"' in page


NAMES = [
    "q",
    "sort",
    "columns",
    "after",
    "before",
    "size",
    "row",
    "state",
    "role",
    "since",
    "until",
]
TEXTS = st.text(max_size=40) | st.sampled_from(
    ["-name", "name", "0", "-1", "9" * 400, "\0", "active", "2026-11-21", "MXw9YQ.x", "../..", "é"]
)


@SLOW_IS_FINE
@given(
    path=st.sampled_from(["person-list", "role-list", "label-list", "key-list", "journal-list"]),
    query=st.lists(st.tuples(st.sampled_from(NAMES), TEXTS), max_size=6),
)
def test_no_address_breaks_a_list(client, path, query):
    if not client.session.get("_auth_user_id"):
        client.force_login(make_user("ada@example.org", role="administrator"))
    asked: dict[str, list[str]] = {}
    for name, value in query:
        asked.setdefault(name, []).append(value)

    response = client.get(reverse(f"accounts:{path}"), asked)

    assert response.status_code == 200


def test_dates_before_history_are_a_filter_too():
    page = SEEN.page(
        ask("/?sort=created"), User.objects.filter(created_at__lt=datetime(1, 1, 2, tzinfo=UTC))
    )

    assert page.rows == []
