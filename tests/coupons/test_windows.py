"""Days are counted in full, in the coupon's own zone."""

from datetime import UTC, date, datetime, timedelta

from coupons.models import Code, Coupon, Shelf, Standing
from coupons.windows import effective, end_of, last_day, start_of


def test_the_last_day_counts_to_its_end():
    end = end_of(date(2026, 1, 28), "Europe/Paris")

    assert end.isoformat() == "2026-01-29T00:00:00+01:00"
    assert last_day(end, "Europe/Paris") == date(2026, 1, 28)
    assert last_day(end, "UTC") is None
    assert last_day(None, "UTC") is None


def test_a_day_may_have_25_or_23_hours():
    for day, hours in ((date(2026, 10, 25), 25), (date(2026, 3, 29), 23)):
        start, end = start_of(day, "Europe/Paris"), end_of(day, "Europe/Paris")
        assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=hours)


def test_a_day_begins_where_midnight_is_skipped():
    # in Cairo clocks went from 00:00 to 01:00
    start = start_of(date(2026, 4, 24), "Africa/Cairo")

    assert start.astimezone(UTC) == datetime(2026, 4, 23, 22, tzinfo=UTC)


def test_the_narrowest_of_all_windows_counts():
    day = [datetime(2026, 1, number, tzinfo=UTC) for number in range(1, 30)]
    coupon = Coupon(start_at=day[1], end_at=day[20], validity_after_issue=timedelta(days=3))
    code = Code(coupon=coupon, shelf=Shelf(start_at=day[4], end_at=day[25]))

    assert effective(coupon) == (day[1], day[20])
    assert effective(coupon, code) == (day[4], day[20])
    assert effective(coupon, code, Standing(issued_at=day[5])) == (day[4], day[8])
    assert effective(coupon, code, Standing(issued_at=day[19])) == (day[4], day[20])
