"""What Prometheus is told of decisions."""

import re

import pytest

from tests.decisioning.http import forget, open_bank

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank_of_the_module")]


@pytest.fixture
def bank():
    yield open_bank()
    forget()


def figures(client, *names):
    text = client.get("/metrics").content.decode()
    found = [re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE) for name in names]
    return [float(each[1]) if each else 0.0 for each in found]


def test_decisions_propositions_and_short_slots_are_counted(bank, client):
    names = (
        'overture_decisions_total{environment="contacts",recorded="yes"}',
        'overture_propositions_total{environment="contacts",fallback="no"}',
        'overture_short_slots_total{environment="contacts",reason="no_eligible_offer"}',
        "overture_decision_seconds_count",
    )
    before = figures(client, *names)

    bank.decide({"space": "callCenter", "count": 2}, target={"key": "C2"})
    bank.decide({"space": "callCenter", "count": 9, "themes": ["x"]}, target={"key": "C2"})

    after = figures(client, *names)
    assert [now - then for now, then in zip(after, before, strict=True)] == [2, 4, 1, 2]


def test_the_live_release_of_each_environment_is_told(bank, client):
    assert figures(client, 'overture_release{environment="contacts"}') == [1]
