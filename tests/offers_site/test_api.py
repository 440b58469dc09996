"""The API's frame: its document, its refusals, its page."""

import json

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_the_document_is_openapi_3_1(client):
    document = client.get("/api/openapi.json").json()

    assert document["openapi"] == "3.1.0"
    assert "/api/v1/jobs" in document["paths"]
    assert "/api/v1/journal" in document["paths"]


def test_the_page_of_the_document_runs_nothing_inline(client):
    page = client.get("/api/docs").content.decode()

    assert "swagger-ui-bundle.js" in page
    assert "<style" not in page


def test_a_call_without_a_key_is_a_problem(client):
    answer = client.get("/api/v1/jobs")

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert json.loads(answer.content)["status"] == 401


@pytest.mark.parametrize("method", ["put", "delete", "options", "trace"])
@pytest.mark.parametrize("address", ["/api/v1/key", "/api/openapi.json", "/api/docs"])
def test_a_wrong_method_is_a_problem(address, method):
    client = Client(enforce_csrf_checks=True)

    answer = getattr(client, method)(address)

    assert answer.status_code == 405
    assert "GET" in answer["Allow"]
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "method_not_allowed"
    assert client.head(address).status_code == client.get(address).status_code


@pytest.mark.parametrize("address", ["/api", "/api/", "/api/v2/key", "/api/v1/key/"])
def test_what_does_not_exist_is_a_problem(client, address):
    answer = client.get(address)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
