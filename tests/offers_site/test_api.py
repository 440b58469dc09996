"""The API's frame: its document, its refusals, its page."""

import json

import pytest

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
