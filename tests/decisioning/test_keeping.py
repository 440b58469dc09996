from datetime import UTC, datetime, timedelta

import pytest

from catalog.models import Revision
from decisioning import tasks
from decisioning.deciding import decide
from decisioning.keeping import longest_period, purge
from decisioning.models import CapTotal, CapUse, Proposition
from decisioning.partitions import months
from tests.decisioning.making import (
    ask_for,
    cap,
    engine_of,
    make_contact,
    make_environment,
    offer,
)

pytestmark = pytest.mark.django_db
AT = datetime(2019, 9, 15, 12, tzinfo=UTC)


def shown_months():
    return [one.at.month for one in Proposition.objects.order_by("id")]


@pytest.fixture
def shop():
    """Somebody had an offer on the twentieth of five months."""
    shop, ada = make_environment(), make_contact("C1")
    caps = (
        cap(9, every=1, unit="months"),
        cap(9, every=1, unit="months", per_contact=True),
        cap(9, per_contact=True),
    )
    engine = engine_of(offer("TOP", 9, *caps))
    for month in range(4, 9):
        decide(ask_for(shop, engine, ada, at=datetime(2019, month, 20, tzinfo=UTC)))
    return shop


def test_whole_months_go_when_their_last_day_is_old_enough(shop):
    gone = purge(AT, days=60)

    assert {name[-7:] for name in gone} == {"2019_04", "2019_05", "2019_06"}
    assert shown_months() == [7, 8]
    assert CapTotal.objects.count() == 2
    assert sorted(CapUse.objects.values_list("used", flat=True)) == [1, 1, 5]


def test_what_a_live_rule_looks_at_stays(shop):
    def keep(name, period):
        Revision.objects.create(
            environment=shop,
            kind="presentation_rule",
            name=name,
            body={"name": name, "label": name, "period": period},
            digest="",
            since=1,
        )

    keep("long", "100d12h")
    keep("endless", None)
    assert longest_period() == timedelta(days=100, hours=12)

    gone = purge(AT, days=1)

    assert {name[-7:] for name in gone} == {"2019_04", "2019_05"}


def test_the_clock_makes_months_and_drops_them(shop, settings):
    settings.PROPOSITION_RETENTION_DAYS = 30
    tasks.make_months()
    assert len(tasks.purge_propositions()) == 15
    assert not Proposition.objects.exists()
    assert all(ends > datetime.now(UTC) - timedelta(days=31) for _name, ends in months())
