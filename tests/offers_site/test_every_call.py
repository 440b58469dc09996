"""Every call of the API's document, as it says and as it forbids: nothing of ours breaks."""

import json
from importlib import import_module
from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings

from accounts.models import ApiKey
from offers_site.api import api
from tests.build import bearer, make_key
from tests.decisioning.conftest import bank_of_the_module  # noqa: F401 (a fixture)
from tests.decisioning.http import forget, open_bank
from tests.often import SHARE, often

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank_of_the_module")]
PUBLIC = (
    "decisions", "tokens", "propositions/", "contacts/", "coupons/validate", "coupons/redemptions",
    "coupons/holds",
)  # fmt: skip
# What leads to something, so that more than the first look-up is tried.
KNOWN = {
    "key": ["C1", "C2"],
    "environment": ["contacts", "visitors"],
    "code": ["SAHARA", "nothing"],
    "name": ["travel"],
    "number": ["1", "2"],
}


@pytest.fixture(scope="module")
def schemathesis():
    """It takes a second to import, in the one process that uses it."""
    return import_module("schemathesis")


@pytest.fixture(scope="module")
def operations(schemathesis):
    """What pages and tills call, and with THOROUGH=1 all the rest."""
    document = schemathesis.openapi.from_dict(json.loads(json.dumps(api.get_openapi_schema())))
    every = [found.ok() for found in document.get_all_operations()]
    asked = [each for each in every if each.path.removeprefix("/api/v1/").startswith(PUBLIC)]
    return every if SHARE == 1 else asked


@pytest.fixture
def client():
    open_bank()
    _key, secret = make_key(*(str(scope) for scope in ApiKey.Scope), name="All")
    yield Client(headers=bearer(secret))
    forget()


def sent(client, case):
    known = {
        name: KNOWN[name][len(str(value)) % len(KNOWN[name])]
        for name, value in (case.path_parameters or {}).items()
        if name in KNOWN and len(str(value)) % 2
    }
    path = case.operation.path
    for name, value in {**(case.path_parameters or {}), **known}.items():
        path = path.replace(f"{{{name}}}", quote(str(value).encode("utf-8", "replace"), safe=""))
    query = urlencode(case.query or {}, doseq=True, errors="replace")
    is_json = isinstance(case.body, dict | list | str | int | float | bool | None)
    body = json.dumps(case.body).encode() if is_json else b"\0\xff"
    return client.generic(
        case.method,
        f"{path}?{query}",
        b"" if case.media_type is None else body,
        content_type=case.media_type or "application/json",
    )


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_no_call_breaks_us(client, schemathesis, operations, mode):
    assert len(operations) > 5
    for operation in operations:

        @settings(
            max_examples=often(40) // 2,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode)))
        def ask(case):
            response = sent(client, case)
            assert response.status_code < 500, (case, response.content)
            if response.status_code >= 400:
                assert response["Content-Type"] == "application/problem+json", case
                assert response.json()["code"], case

        ask()


DEEP = b"[" * 50_000 + b"]" * 50_000
CALL = b'{"environment": "contacts", "slots": [{"space": "webHero"}], "record": false, '
BODIES = [
    b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe", b"\xef\xbb\xbf{}", DEEP,
    b'{"a": ' + DEEP + b"}",
    b'{"code": "\\u0000", "key": "\\u0000", "status": "\\u0000"}',
    b'{"code": "\\ud800", "key": "\\ud800", "email": "\\ud800", "status": "\\ud800"}',
    b'{"\\ud800": 1}', b'{"code": NaN, "key": Infinity}', b'{"status": 1e999}',
    b'{"status": ' + b"9" * 5_000 + b"}",
    b'{"birth_date": "0000-01-01", "occurred_at": "10000-01-01"}',
    b'{"code": "x", "code": "y", "at": "9999-12-31T23:59:59-23:59"}',
    b"{" + b" " * 10_000_000 + b"}",
    CALL + b'"call": {"device": NaN}}', CALL + b'"call": {"\\ud800": 1}}',
    CALL + b'"call": {"x": {"\\ud800": 1}}}', CALL + b'"call": {"device": ' + DEEP + b"}}",
    CALL + b'"at": "0000-01-01"}', CALL + b'"at": "10000-01-01T00:00:00Z"}',
    CALL + b'"target": {"token": "eyJrZXkiOiJDMSJ9:1abc:xyz"}}',
    b'{"environment": "contacts", "slots": [' + b'{"space": "x"},' * 999 + b'{"space": "x"}]}',
    CALL.replace(b"webHero", b"webHero_" + b"9" * 100)[:-2] + b"}",
    CALL.replace(b'webHero"', b'webHero", "count": -1')[:-2] + b"}",
]  # fmt: skip
PLACES = [
    ("POST", "decisions"), ("POST", "tokens"), ("POST", "propositions/x/status"),
    ("PUT", "contacts/C1"), ("POST", "coupons/validate"), ("POST", "coupons/redemptions"),
    ("POST", "coupons/holds"), ("POST", "coupons/redemptions/x/rollback"),
]  # fmt: skip
ODD_PATHS = ["%00", "%ff", "%ED%A0%80", "..%2f..%2fkey", "a" * 5_000, "%F0%9F%98%80", "'\"--"]


def is_answered(response):
    assert response.status_code < 500, response.content
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["status"] == response.status_code


@pytest.mark.parametrize(("method", "path"), PLACES)
def test_no_body_breaks_us(client, method, path):
    for body in BODIES:
        for kind in ("application/json", "text/plain", "application/json; charset=nonsense"):
            is_answered(client.generic(method, f"/api/v1/{path}", body, content_type=kind))


def test_no_address_and_no_header_breaks_us(client):
    for odd in ODD_PATHS:
        for path in (f"contacts/{odd}", f"coupons/{odd}", f"coupons/{odd}/codes/{odd}"):
            is_answered(client.get(f"/api/v1/{path}"))
        is_answered(client.get(f"/api/v1/contacts/C1/propositions?cursor={odd}&limit={odd}"))
        is_answered(client.post(f"/api/v1/propositions/{odd}/status", {"status": 3}))
        assert client.get(f"/o/{odd}/click").status_code == 404
    headers = {"Accept-Language": "\xff" * 5_000, "Origin": "null", "Idempotency-Key": "\xff\x01"}
    is_answered(client.post("/api/v1/decisions", CALL[:-2] + b"}", "text/plain", headers=headers))
    for authorization in ("", "Bearer", "Bearer \xff", "Bearer " + "a" * 9_000, "Basic YTpi"):
        response = client.post("/api/v1/decisions", headers={"Authorization": authorization})
        is_answered(response)
        assert response.status_code == 401


def test_what_takes_get_takes_head(client):
    for path in ("contacts/C1", "contacts/nobody", "contacts/C1/propositions", "imports", "keys"):
        got, headed = client.get(f"/api/v1/{path}"), client.head(f"/api/v1/{path}")
        del got["X-Request-ID"], headed["X-Request-ID"]
        assert (headed.status_code, headed.headers) == (got.status_code, got.headers), path
        assert headed.content == b""
    refused = client.head("/api/v1/decisions")
    assert (refused.status_code, refused["Allow"]) == (405, "POST")
    assert client.put("/api/v1/imports")["Allow"] == "GET, HEAD, POST"
