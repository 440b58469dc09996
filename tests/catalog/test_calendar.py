"""The calendar: when offers can be proposed and boosted, drawn to the day."""

from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from catalog.models import Category, Offer
from catalog.shapes import CategoryShape, ContextShape
from catalog.timeline import (
    boosts_in,
    effective_spans,
    lines_of,
    period_around,
)
from catalog.tree import tree_of
from tests.build import make_label, make_user
from tests.catalog.making import (
    make_offer,
    make_shop,
    offer_form,
    write,
    write_all,
)

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")


def at(month, day, year=2026):
    return datetime(year, month, day, tzinfo=PARIS)


@pytest.fixture(scope="module")
def shop_of_the_module(module_db):
    """travel from May to October, x2 in June; canada below, x1.5 from 10 to 21 June."""
    shop = make_shop()
    categories = Category.objects
    categories.filter(name="travel").update(
        start=at(5, 1), end=at(10, 1), multiplier_start=at(6, 1), multiplier_end=at(7, 1)
    )
    categories.filter(name="canada").update(
        multiplier=Decimal("1.5"), multiplier_start=at(6, 10), multiplier_end=at(6, 21)
    )
    return shop


def tree():
    return tree_of(Category.objects.all())


def line(offer, zoom="year", day=date(2026, 6, 15)):
    with timezone.override(PARIS), translation.override("en"):
        period = period_around(zoom, day, PARIS)
        row = Offer.objects.prefetch_related("contexts").get(pk=offer.pk)
        return lines_of([row], tree(), period)[-1]


def spans(offer):
    return effective_spans(Offer.objects.prefetch_related("contexts").get(pk=offer.pk), tree())


def window(start=None, end=None, label="All"):
    return ContextShape(label=label, weight="9", start=start, end=end)


# --- when ---


def test_an_offer_is_proposed_in_its_own_dates_and_those_above(shop):
    assert spans(make_offer(shop, "NYC")) == [(at(5, 1), at(10, 1))]
    assert spans(make_offer(shop, "JUNE", start=at(6, 1), end=at(7, 1))) == [(at(6, 1), at(7, 1))]
    assert spans(make_offer(shop, "LATE", start=at(9, 1), end=at(12, 1))) == [(at(9, 1), at(10, 1))]
    assert spans(make_offer(shop, "ALWAYS", category=None)) == [(None, None)]


def test_dates_of_its_weights_leave_gaps(shop):
    weights = (
        window(at(6, 1), at(6, 15)),
        window(at(6, 10), at(6, 20)),
        window(at(8, 1), at(9, 1)),
        window(at(9, 1), None),
    )
    offer = make_offer(shop, "NYC", contexts=weights)

    assert spans(offer) == [(at(6, 1), at(6, 20)), (at(8, 1), at(10, 1))]


@pytest.mark.parametrize(
    "values",
    [
        {"contexts": ()},
        {"start": at(11, 1)},
        {"contexts": (window(at(1, 1), at(2, 1)),)},
    ],
)
def test_an_offer_that_can_never_be_proposed(shop, values):
    offer = make_offer(shop, "NYC", **values)

    assert spans(offer) == []
    assert line(offer).is_never
    assert line(offer).sentence == "never"
    assert line(offer).bars == []


def test_nested_multipliers_are_multiplied_where_they_meet(shop):
    offer = make_offer(shop, "SNOW", category="canada")
    chain = tree().chain(offer.category_id)

    boosts = [(b.start, b.end, int(b.multiplier)) for b in boosts_in(chain, (at(5, 1), at(10, 1)))]

    assert boosts == [
        (at(6, 1), at(6, 10), 2),
        (at(6, 10), at(6, 21), 3),
        (at(6, 21), at(7, 1), 2),
    ]


def test_a_multiplier_without_dates_holds_always(shop):
    write(None, CategoryShape(name="vip", label="VIP", multiplier=4), shop)
    offer = make_offer(shop, "GOLD", category="vip")

    boosts = boosts_in(tree().chain(offer.category_id), (None, None))

    assert [(b.start, b.end, int(b.multiplier)) for b in boosts] == [(None, None, 4)]


def test_two_multipliers_that_cancel_out_boost_nothing(shop):
    Category.objects.filter(name="canada").update(
        multiplier=Decimal("0.5"), multiplier_start=at(6, 1), multiplier_end=at(7, 1)
    )
    offer = make_offer(shop, "SNOW", category="canada")

    assert boosts_in(tree().chain(offer.category_id), (at(5, 1), at(10, 1))) == []


# --- the picture ---


def test_bars_stand_where_their_days_are(shop):
    drawn = line(make_offer(shop, "NYC"))

    # 2026 has 365 days; May begins on its 120th, October on its 273rd. An hour is lost in summer.
    assert [(bar.kind, bar.x, bar.width, bar.label) for bar in drawn.bars] == [
        ("on", "32.865%", "41.918%", ""),
        ("boost", "41.358%", "8.22%", "×2"),
    ]
    with timezone.override(PARIS), translation.override("en"):
        assert drawn.sentence == (
            "from 1 May 2026 until 1 Oct 2026; ×2 from 1 Jun 2026 until 1 Jul 2026"
        )


def test_only_what_is_in_the_period_is_drawn(shop):
    offer = make_offer(shop, "NYC")

    assert [(b.kind, b.x, b.width) for b in line(offer, "month").bars] == [
        ("on", "0%", "100%"),
        ("boost", "0%", "100%"),
    ]
    assert line(offer, "month", date(2026, 4, 3)).bars == []
    assert [b.kind for b in line(offer, "quarter", date(2026, 9, 3)).bars] == ["on"]


@pytest.mark.parametrize(
    ("zoom", "day", "first", "last", "label"),
    [
        ("year", date(2026, 6, 15), date(2026, 1, 1), date(2027, 1, 1), "2026"),
        ("quarter", date(2026, 6, 15), date(2026, 4, 1), date(2026, 7, 1), "Quarter 2 of 2026"),
        ("month", date(2024, 2, 29), date(2024, 2, 1), date(2024, 3, 1), "February 2024"),
        ("month", date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1), "December 2026"),
        ("decade", date(1, 1, 1), date(1990, 1, 1), date(1991, 1, 1), "1990"),
        ("year", date(9999, 12, 31), date(2199, 1, 1), date(2200, 1, 1), "2199"),
    ],
)
def test_periods(zoom, day, first, last, label):
    with translation.override("en"):
        period = period_around(zoom, day, PARIS)

        assert (period.first, period.last, period.label) == (first, last, label)


def test_a_period_is_one_of_the_clocks_of_the_environment():
    march = period_around("month", date(2026, 3, 15), PARIS)

    assert march.start == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert march.end == datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert [tick.label for tick in march.ticks][:3] == ["1", "2", "3"]
    assert len(list(march.ticks)) == 31


# --- the page ---


def url(**asked):
    return f"{reverse('catalog:offer-calendar', args=['shop'])}?{urlencode(asked)}"


def names(answer):
    """What stands in the lines, in their order."""
    return [
        (one.category or one.offer).label + ("" if one.category else "*")
        for one in answer.context["lines"]
    ]


def test_offers_stand_below_their_categories_in_the_order_of_the_tree(client, ada, shop):
    write(None, CategoryShape(name="home", label="A home"), shop)
    make_offer(shop, "SOFA", category="home")
    make_offer(shop, "SNOW", category="canada")
    make_offer(shop, "NYC")
    make_offer(shop, "ALONE", category=None)

    assert names(client.get(url())) == [
        "Travel",
        "Nyc*",
        "Canada",
        "Snow*",
        "A home",
        "Sofa*",
        "Alone*",
    ]


def test_the_page_has_a_picture_and_its_figures(client, ada, shop):
    make_offer(shop, "NYC")

    page = client.get(url(on="2026-06-15")).content.decode()

    assert '<rect class="calendar-on" x="32.865%" width="41.918%"' in page
    assert 'aria-label="from 1 May 2026 until 1 Oct 2026; ×2 from' in page
    assert "Show the figures" in page
    assert "<h2>2026</h2>" in page
    assert "zoom=year&amp;on=2025-01-01" in page
    assert "zoom=year&amp;on=2027-01-01" in page


def test_a_finer_picture_of_another_year_begins_with_it(client, ada, shop):
    make_offer(shop, "NYC")

    page = client.get(url(on="2020-06-15")).content.decode()

    assert "zoom=month&amp;on=2020-01-01" in page
    assert "zoom=quarter&amp;on=2020-01-01" in page


def test_a_french_page_writes_positions_that_browsers_understand(client, shop):
    client.force_login(make_user("eve@example.org", role="administrator", language="fr"))
    make_offer(shop, "NYC")

    page = client.get(url(on="2026-06-15")).content.decode()

    assert 'x="32.865%"' in page


@pytest.mark.parametrize(
    "asked",
    [
        {"zoom": "x", "on": "yesterday"},
        {"on": "2026-02-30", "page": "0"},
        {"page": "99999"},
        {"page": "²"},
        {"category": "\0", "q": "\0"},
    ],
)
def test_whatever_is_asked_wrongly_is_ignored(client, ada, shop, asked):
    make_offer(shop, "NYC")

    assert names(client.get(url(**asked))) == ["Travel", "Nyc*"]


def test_today_is_a_line_where_the_period_holds_it(client, ada, shop):
    make_offer(shop, "NYC")

    assert 'class="calendar-now"' in client.get(url()).content.decode()
    assert 'class="calendar-now"' not in client.get(url(on="2020-01-01")).content.decode()


def test_filters_hold_and_go_along(client, ada, shop):
    make_offer(shop, "SNOW", category="canada")
    make_offer(shop, "NYC")

    answer = client.get(url(q="sno", zoom="month", on="2026-06-01"))

    assert names(answer) == ["Travel", "Canada", "Snow*"]
    assert "?q=sno&amp;zoom=month&amp;on=2026-07-01" in answer.content.decode()


def test_many_offers_come_in_pages(client, ada, shop):
    numbers = [f"{number:02}" for number in range(65)]
    write_all(shop, [offer_form(f"O{n}", category=None, label=f"Offer {n}") for n in numbers])

    first, second = client.get(url()), client.get(url(page=2))

    assert len(names(first)) == 60
    assert names(second) == [f"Offer {number}*" for number in range(60, 65)]
    assert "Page 2 of 2" in second.content.decode()


def test_labelled_offers_and_categories_are_absent(client, ada, shop):
    label = make_label("secret")
    make_offer(shop, "NYC")
    make_offer(shop, "SNOW", category="canada")
    Category.objects.get(name="canada").access_labels.add(label)
    make_offer(shop, "DEAL").access_labels.add(label)

    client.force_login(make_user("olga@example.org", role="offer_manager", language="en"))

    assert names(client.get(url())) == ["Travel", "Nyc*"]


def test_the_queries_do_not_grow_with_the_offers(client, ada, shop, django_assert_max_num_queries):
    categories = ("travel", "canada") * 15
    write_all(shop, [offer_form(f"O{n}", category=name) for n, name in enumerate(categories)])
    client.get(url())

    with django_assert_max_num_queries(16):
        assert len(names(client.get(url()))) == 32
