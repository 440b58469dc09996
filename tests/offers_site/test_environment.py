"""Settings refuse nonsense instead of guessing."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError
from psycopg.errors import DiskFull, UndefinedTable, UniqueViolation

from offers_site import environment, settings
from offers_site.embedded.lending import sentence_about
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


@pytest.mark.parametrize(
    "value",
    ["https://me:pw@host", "https://host?a=1", "https://host#a", "https://a b", "https://*"],
)
def test_an_address_of_the_web_is_no_more_than_that(monkeypatch, value):
    monkeypatch.setenv("BASE_URL", value)

    with pytest.raises(BadSetting, match="a host"):
        environment.env_address("BASE_URL", "", schemes={"http", "https"})


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://[2001:DB8::1]:8000", "[2001:db8::1]"),
        ("https://Offers.example/a", "offers.example"),
        ("http://127.0.0.1:8000", "127.0.0.1"),
    ],
)
def test_a_host_is_allowed_as_browsers_name_it(url, name):
    assert environment.name_in_header(url) == name


@pytest.mark.parametrize("value", ["redis://host/offers", "redis://host/-1", "unix://"])
def test_a_redis_has_its_databases_by_number(monkeypatch, value):
    monkeypatch.setenv("REDIS_URL", value)

    with pytest.raises(BadSetting):
        environment.env_redis("REDIS_URL")


@pytest.mark.parametrize("value", ["", "redis://host", "rediss://:pw@host:1/15", "unix:///s?db=0"])
def test_addresses_of_a_redis(monkeypatch, value):
    monkeypatch.setenv("REDIS_URL", value)

    assert environment.env_redis("REDIS_URL") == value


@pytest.mark.parametrize("value", ["https://shop.example", "shop.example:8000", "a b", "::1"])
def test_hosts_are_as_browsers_name_them(monkeypatch, value):
    monkeypatch.setenv("HOSTS", f"localhost,{value}")

    with pytest.raises(BadSetting, match="separated by commas"):
        environment.env_hosts("HOSTS", "")


def test_hosts_of_all_kinds(monkeypatch):
    monkeypatch.setenv("HOSTS", "localhost, .shop.example,10.0.0.1,[fe80::1],*")

    assert environment.env_hosts("HOSTS", "") == [
        *("localhost", ".shop.example", "10.0.0.1", "[fe80::1]", "*")
    ]


@pytest.mark.parametrize("value", ["nobody", "a@", "a@b.c, d@e.f", "A <a@b.c>\nBcc: d@e.f", "@"])
def test_a_sender_has_an_address(monkeypatch, value):
    monkeypatch.setenv("FROM", value)

    with pytest.raises(BadSetting, match="an address such as"):
        environment.env_sender("FROM", "")


@pytest.mark.parametrize("value", ["a@localhost", "Élan & Co. <offers@shop.example>"])
def test_senders(monkeypatch, value):
    monkeypatch.setenv("FROM", value)

    assert environment.env_sender("FROM", "") == value


def test_a_home_that_nobody_has_is_no_directory(monkeypatch):
    monkeypatch.setenv("PLACE", "~nobody-of-this-name/overture")

    with pytest.raises(BadSetting, match="expected a directory"):
        environment.env_path("PLACE", Path("/unused"))


@pytest.mark.parametrize(
    ("cause", "sentence"),
    [
        (
            UndefinedTable('relation "accounts_user" does not exist\nLINE 1: …'),
            'The database lacks tables of this Overture (relation "accounts_user" does not exist):'
            " run `manage.py migrate` first.",
        ),
        (DiskFull("could not extend file"), "The database gave up: could not extend file"),
        (
            psycopg.OperationalError("connection failed"),
            "The database cannot be reached: connection failed",
        ),
        (UniqueViolation("duplicate key"), None),
    ],
)
def test_what_a_command_says_of_the_database(cause, sentence):
    ours = isinstance(cause, psycopg.OperationalError)
    error = (OperationalError if ours else ProgrammingError)(str(cause))
    error.__cause__ = cause

    assert sentence_about(error) == sentence


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
