import io
import os
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from offers_site.embedded.postgres import memory_settings
from offers_site.management.commands import postgres
from tests import databases

GIGABYTE = 2**30


@pytest.mark.parametrize(
    ("memory", "shared", "cache"),
    [(GIGABYTE // 2, 64, 256), (GIGABYTE, 128, 512), (8 * GIGABYTE, 1024, 4096)],
)
def test_postgresql_takes_its_share_of_the_memory(memory, shared, cache):
    settings = memory_settings(memory)

    assert f"shared_buffers={shared}MB" in settings
    assert f"effective_cache_size={cache}MB" in settings


def test_a_large_machine_is_not_given_away():
    assert "shared_buffers=2048MB" in memory_settings(512 * GIGABYTE)


@pytest.mark.skipif(not databases.are_ours(), reason="its log is elsewhere")
@pytest.mark.django_db
def test_its_log_does_not_show_what_people_write():
    log = settings.PLACES.servers_log
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute(
            "INSERT INTO accounts_role (name, rights) VALUES ('of the secret Ada', NULL)"
        )

    said = log.read_text()

    assert "violates not-null constraint" in said
    assert "secret Ada" not in said


def test_its_programs_find_the_database(monkeypatch):
    address = {"HOST": "/sockets", "NAME": "overture", "PORT": ""}
    embedded = SimpleNamespace(DATABASES={"default": address}, EMBEDS_POSTGRES=True)
    monkeypatch.setattr(postgres, "settings", embedded)

    found = postgres.environment()

    assert (found["PGHOST"], found["PGDATABASE"]) == ("/sockets", "overture")
    assert "PGPORT" not in found
    first = found["PATH"].split(os.pathsep)[0]
    assert os.path.exists(os.path.join(first, "pg_dump"))


def test_its_programs_trust_whom_the_address_trusts(monkeypatch):
    """Without it they would talk to anybody who answers at the address, and send the password."""
    options = {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem", "connect_timeout": 5}
    address = {"HOST": "db.example", "NAME": "overture", "OPTIONS": options}
    given = SimpleNamespace(DATABASES={"default": address}, EMBEDS_POSTGRES=False)
    monkeypatch.setattr(postgres, "settings", given)

    found = postgres.environment()

    assert (found["PGSSLMODE"], found["PGSSLROOTCERT"]) == ("verify-full", "/etc/ca.pem")


def test_a_program_that_does_not_exist_or_cannot_be_run_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    for _ in range(2):
        with pytest.raises(CommandError, match="no program called pg_nothing"):
            call_command("postgres", "pg_nothing", stdout=io.StringIO())
        (tmp_path / "pg_nothing").touch(mode=0o644)
