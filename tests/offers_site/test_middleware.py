"""Each request has an id, one line in the log, and no secret in it."""

import re

import pytest
import structlog
from structlog.testing import capture_logs

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_an_answer_carries_the_id_of_its_request(client):
    assert UUID.fullmatch(client.get("/healthz")["X-Request-ID"])


def test_an_id_from_the_caller_is_kept(client):
    answer = client.get("/healthz", headers={"X-Request-ID": "shop-0042.a_b"})

    assert answer["X-Request-ID"] == "shop-0042.a_b"


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space", "<script>alert", "néon-néon"])
def test_an_id_that_could_do_harm_is_replaced(client, given):
    assert UUID.fullmatch(client.get("/healthz", HTTP_X_REQUEST_ID=given)["X-Request-ID"])


@pytest.fixture
def logged(monkeypatch):
    monkeypatch.setattr("offers_site.middleware.log", structlog.get_logger())
    with capture_logs() as lines:
        yield lines


@pytest.mark.django_db
def test_a_request_is_one_line_without_its_query(client, logged):
    client.get("/sign-in/?code=SECRET-CODE")

    (line,) = [line for line in logged if line["event"] == "request.answered"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/sign-in/", 200)
    assert "SECRET-CODE" not in str(logged)


@pytest.mark.django_db
def test_the_token_of_a_link_is_not_logged(client, logged):
    client.get("/password/0198c0de-0000-7000-8000-000000000000/c8x-secret-token/")

    assert "secret-token" not in str(logged)


def test_health_checks_are_not_logged(client, logged):
    client.get("/healthz")

    assert logged == []
