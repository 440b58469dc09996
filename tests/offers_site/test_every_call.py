"""Every call of the API's document, as it says and as it forbids: nothing of ours breaks."""

import json
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from accounts.models import ApiKey
from offers_site.api import api
from tests.build import bearer, make_key
from tests.decisioning.http import forget, open_bank
from tests.often import SHARE, often

pytestmark = pytest.mark.django_db
PUBLIC = (
    "decisions", "tokens", "propositions/", "contacts/", "coupons/validate", "coupons/redemptions",
    "coupons/holds",
)  # fmt: skip
DOCUMENT = schemathesis.openapi.from_dict(json.loads(json.dumps(api.get_openapi_schema())))
# What pages and tills call, and with THOROUGH=1 all the rest.
OPERATIONS = [
    operation
    for operation in (found.ok() for found in DOCUMENT.get_all_operations())
    if SHARE == 1 or operation.path.removeprefix("/api/v1/").startswith(PUBLIC)
]
# What leads to something, so that more than the first look-up is tried.
KNOWN = {
    "key": ["C1", "C2"],
    "environment": ["contacts", "visitors"],
    "code": ["SAHARA", "nothing"],
    "name": ["travel"],
    "number": ["1", "2"],
}


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


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=str)
def test_no_call_breaks_us(client, mode):
    for operation in OPERATIONS:

        @settings(
            max_examples=often(40) // 2,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def ask(case):
            response = sent(client, case)
            assert response.status_code < 500, (case, response.content)
            if response.status_code >= 400:
                assert response["Content-Type"] == "application/problem+json", case
                assert response.json()["code"], case

        ask()
