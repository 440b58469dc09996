"""Settings refuse nonsense instead of guessing."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from offers_site import environment, settings
from offers_site.environment import BadSetting


@pytest.fixture(autouse=True)
def no_trace(monkeypatch):
    monkeypatch.setattr(environment, "READ", set())


@pytest.mark.parametrize(
    ("value", "meaning"), [("yes", True), ("no", False), ("YES", True), ("", True)]
)
def test_a_flag_is_yes_or_no(monkeypatch, value, meaning):
    monkeypatch.setenv("SWITCH", value)

    assert environment.env_flag("SWITCH", default=True) is meaning


@pytest.mark.parametrize("value", ["1", "true", "on", "maybe"])
def test_a_flag_refuses_everything_else(monkeypatch, value):
    monkeypatch.setenv("SWITCH", value)

    with pytest.raises(BadSetting, match="cannot be used: expected yes or no"):
        environment.env_flag("SWITCH", default=False)


@pytest.mark.parametrize("value", ["-1", "1.5", "ten", "0", "11", "١"])
def test_a_number_has_its_bounds(monkeypatch, value):
    monkeypatch.setenv("NUMBER", value)

    with pytest.raises(BadSetting, match="a whole number from 1 to 10"):
        environment.env_int("NUMBER", 5, least=1, most=10)


def test_a_refused_url_does_not_show_its_password(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "mysql://me:secret@host/name")

    with pytest.raises(BadSetting) as refusal:
        environment.env_url("DATABASE_URL", "", schemes={"postgresql"})

    assert str(refusal.value) == (
        "DATABASE_URL='mysql:…' cannot be used: expected a URL that starts with postgresql://."
    )


def test_a_path_is_absolute(monkeypatch):
    monkeypatch.setenv("PLACE", "~/overture")

    assert environment.env_path("PLACE", Path("/unused")) == Path.home().resolve() / "overture"


def test_a_list_is_split_at_commas(monkeypatch):
    monkeypatch.setenv("HOSTS", " a.example, ,b.example ")

    assert environment.env_list("HOSTS") == ["a.example", "b.example"]


@pytest.mark.parametrize("value", ["Nowhere/Land", "../../etc/passwd", "+02:00"])
def test_a_zone_exists(monkeypatch, value):
    monkeypatch.setenv("ZONE", value)

    with pytest.raises(BadSetting, match="a time zone such as Europe/Paris"):
        environment.env_zone("ZONE", "UTC")


def test_an_address_of_the_web_names_a_host(monkeypatch):
    monkeypatch.setenv("BASE_URL", "https:///offers")

    with pytest.raises(BadSetting, match="the name of a host"):
        environment.env_address("BASE_URL", "", schemes={"http", "https"})


def test_a_database_out_of_reach_is_noticed_in_half_a_minute(monkeypatch):
    """Without a word from the other side the system would wait for hours."""
    address = "postgres://me@db.example/offers?tcp_user_timeout=5000"
    monkeypatch.setattr(settings, "DATABASE_URL", address)

    options: Any = settings.database()["OPTIONS"]

    asked = options["keepalives_count"] * options["keepalives_interval"]
    assert options["keepalives_idle"] + asked == 30
    assert options["tcp_user_timeout"] == 5000  # who says so in the address knows better


@pytest.mark.parametrize(
    "address", ["postgres://nobody@127.0.0.1:1/none", "postgres://nobody@127.0.0.1:1/none?foo=1"]
)
def test_a_database_that_is_away_is_one_sentence(address):
    command = [sys.executable, "manage.py", "user", "list"]
    environ = os.environ | {"DATABASE_URL": address, "SECRET_KEY": "for this test"}

    done = subprocess.run(command, env=environ, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("The database cannot be reached: ")
    assert len(done.stderr.splitlines()) == 1
