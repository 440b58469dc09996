"""Pages of other origins: who may call from where, how often, and what a browser is told."""

from datetime import UTC, datetime

import pytest

from tests.decisioning.http import Bank, forget, open_bank

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank_of_the_module")]
SHOP = "https://shop.example"
NOW = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)
BODY = {"environment": "contacts", "slots": [{"space": "webHero"}]}


@pytest.fixture
def shop():
    open_bank()
    yield Bank("decide", origins=[SHOP])
    forget()


def test_a_page_of_its_origin_reads_the_answer(shop):
    response = shop.post("decisions", BODY, Origin=SHOP)

    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == SHOP
    assert "Origin" in response["Vary"]


def test_a_page_reads_what_was_wrong_as_well(shop):
    response = shop.post("decisions", {}, Origin=SHOP)

    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (422, SHOP)


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {}])
def test_a_page_of_another_origin_is_refused(shop, headers):
    response = shop.post("decisions", BODY, **headers)

    assert (response.status_code, response.json()["code"]) == (403, "origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in response


def test_a_browser_may_ask_first(client):
    response = client.options(
        "/api/v1/decisions",
        headers={"Origin": SHOP, "Access-Control-Request-Method": "POST"},
    )

    assert response.status_code == 204
    assert response["Access-Control-Allow-Origin"] == SHOP
    assert "Authorization" in response["Access-Control-Allow-Headers"]


def test_an_address_may_ask_only_so_often(shop, settings, broker, monkeypatch):
    settings.PAGE_CALLS_PER_MINUTE = 2
    monkeypatch.setattr("decisioning.api.entering.now", lambda: NOW)

    statuses = [shop.post("decisions", BODY, Origin=SHOP).status_code for _ in range(3)]
    refused = shop.post("decisions", BODY, Origin=SHOP)

    assert statuses == [200, 200, 429]
    assert (refused.json()["code"], refused["Retry-After"]) == ("rate_limited", "60")
    assert refused["Access-Control-Allow-Origin"] == SHOP
    elsewhere = {"X-Forwarded-For": "203.0.113.9"}
    settings.PROXY_COUNT = 1
    assert shop.post("decisions", BODY, Origin=SHOP, **elsewhere).status_code == 200


def test_a_call_that_is_wrong_counts_once(shop, settings, broker, monkeypatch):
    settings.PAGE_CALLS_PER_MINUTE = 2
    monkeypatch.setattr("decisioning.api.entering.now", lambda: NOW)

    bodies = [{**BODY, "slots": 1}, BODY, BODY]
    statuses = [shop.post("decisions", body, Origin=SHOP).status_code for body in bodies]

    assert statuses == [422, 200, 429]


def test_servers_are_not_counted(shop, settings, broker):
    settings.PAGE_CALLS_PER_MINUTE = 1
    server = Bank("decide")

    assert [server.post("decisions", BODY).status_code for _ in range(3)] == [200, 200, 200]


def test_without_redis_nobody_is_refused(shop, settings):
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    }

    assert shop.post("decisions", BODY, Origin=SHOP).status_code == 200
