"""Each request has an id, one line in the log, and no secret in it."""

import logging
import re

import pytest
import structlog
from django.conf import settings
from django.test import Client
from structlog.testing import capture_logs

from offers_site import logs
from tests.build import PASSWORD, make_user

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


@pytest.mark.django_db
@pytest.mark.parametrize("slash", ["", "/"])
def test_no_line_of_anybody_shows_the_token_of_a_link(client, capsys, slash):
    """Django writes lines of its own about what it refuses."""
    logs.configure(level="DEBUG", as_json=False)
    logging.getLogger("django.request").setLevel("DEBUG")
    address = f"/password/0198c0de-0000-7000-8000-000000000000/c8x-secret-token{slash}"

    client.get(address)
    Client(enforce_csrf_checks=True).post(address)

    logs.configure(level=settings.LOG_LEVEL, as_json=settings.LOG_FORMAT == "json")
    lines = capsys.readouterr().err
    assert "/password/" in lines
    assert "secret-token" not in lines


@pytest.mark.django_db
def test_invented_methods_are_one_figure(client):
    for method in ("BREW", "PROPFIND", "ZZZ"):
        client.generic(method, "/healthz")

    figures = client.get("/metrics").content.decode()
    assert 'method="other"' in figures
    assert 'method="BREW"' not in figures


@pytest.mark.django_db
def test_nobody_keeps_an_answer(client):
    person = make_user("alice@example.org")
    answers = [client.get("/sign-in/"), client.get("/api/v1/key"), client.get("/nothing/")]
    client.force_login(person)
    answers += [client.get("/"), client.get("/jobs/"), client.get("/people/")]

    assert all("no-store" in answer["Cache-Control"] for answer in answers)
    assert all("private" in answer["Cache-Control"] for answer in answers)


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/sign-in/", "/healthz", "/api/v1/key"])
def test_a_session_that_spells_a_nul_is_no_session(client, address):
    client.cookies[settings.SESSION_COOKIE_NAME] = "\0abcdefghijk"

    assert client.get(address).status_code in {200, 302, 401}


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/people/", "/api/v1/key", "/nothing/"])
def test_a_name_that_is_not_ours_is_refused(client, address, capsys):
    logs.configure(level="INFO", as_json=False)

    answer = client.get(address, headers={"host": "evil.example"})

    logs.configure(level=settings.LOG_LEVEL, as_json=settings.LOG_FORMAT == "json")
    lines = capsys.readouterr().err
    assert answer.status_code == 400
    assert "Content-Security-Policy" in answer.headers
    assert "'evil.example'" in lines
    assert "Traceback" not in lines


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/sign-in/", "/nothing/", "/api/v1/key", "/api/docs"])
def test_no_page_is_framed_sniffed_or_scripted_from_elsewhere(client, address):
    answer = client.get(address)

    policy = answer["Content-Security-Policy"]
    for directive in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"):
        assert directive in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
def test_no_script_reads_the_cookies_that_let_somebody_in(client):
    make_user("alice@example.org")

    client.post("/sign-in/", {"email": "alice@example.org", "password": PASSWORD})
    client.get("/sign-in/")
    client.get("/")

    cookies = [
        client.cookies[settings.SESSION_COOKIE_NAME],
        client.cookies[settings.CSRF_COOKIE_NAME],
    ]
    assert all(cookie["httponly"] and cookie["samesite"] == "Lax" for cookie in cookies)
