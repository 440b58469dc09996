"""Logs say what happened and where, and keep secrets to themselves."""

import json
import logging

import pytest
from django.conf import settings

from offers_site import logs


@pytest.fixture(params=[True, False], ids=["json", "text"])
def as_json(request):
    yield request.param
    logs.configure(level=settings.LOG_LEVEL, as_json=settings.LOG_FORMAT == "json")


def fail_with_a_secret():
    password = "correct-horse"
    raise ValueError(f"wrong length {len(password)}")


def test_a_traceback_does_not_show_what_variables_held(as_json, capsys):
    logs.configure(level="INFO", as_json=as_json)

    try:
        fail_with_a_secret()
    except ValueError:
        logging.getLogger("overture.test").exception("it.failed")

    line = capsys.readouterr().err
    assert "wrong length 13" in line
    assert "fail_with_a_secret" in line
    assert "correct-horse" not in line.replace('password = "correct-horse"', "")


def test_json_is_one_object_a_line(capsys):
    logs.configure(level="INFO", as_json=True)

    logging.getLogger("overture.test").info("offer.approved")

    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "offer.approved"
    assert json.loads(line)["level"] == "info"
    logs.configure(level=settings.LOG_LEVEL, as_json=settings.LOG_FORMAT == "json")
