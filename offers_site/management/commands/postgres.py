"""`manage.py postgres psql`: one of PostgreSQL's programs, on the database of this installation.

manage.py postgres pg_dump --format custom --file overture.dump
manage.py postgres pg_restore --dbname overture overture.dump
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from offers_site.embedded import postgres

# What PostgreSQL's programs read, and where settings have it.
VARIABLES = {
    "PGHOST": "HOST",
    "PGPORT": "PORT",
    "PGUSER": "USER",
    "PGPASSWORD": "PASSWORD",
    "PGDATABASE": "NAME",
}
# What may stand after the ? of DATABASE_URL.
OPTIONS = {
    "PGSSLMODE": "sslmode",
    "PGSSLROOTCERT": "sslrootcert",
    "PGSSLCERT": "sslcert",
    "PGSSLKEY": "sslkey",
    "PGTARGETSESSIONATTRS": "target_session_attrs",
}


class Command(BaseCommand):
    help = "Run one of PostgreSQL's programs (psql, pg_dump, pg_restore …) on the database."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("program", help="psql, pg_dump, pg_restore …")
        parser.add_argument("arguments", nargs=argparse.REMAINDER)

    def handle(self, *args: Any, program: str, arguments: list[str], **options: Any) -> None:
        try:
            done = subprocess.run([program, *arguments], env=environment())
        except (FileNotFoundError, PermissionError):  # not there, or not to be run
            raise CommandError(f"PostgreSQL has no program called {program}.") from None
        sys.exit(done.returncode)


def environment() -> dict[str, str]:
    """Ours, with the address of the database, and with PostgreSQL's programs first on the PATH."""
    address: dict[str, Any] = settings.DATABASES["default"]
    options = address.get("OPTIONS", {})
    given = {variable: str(address[key]) for variable, key in VARIABLES.items() if address.get(key)}
    given |= {variable: str(options[key]) for variable, key in OPTIONS.items() if key in options}
    if settings.EMBEDS_POSTGRES:
        programs = str(Path(postgres.binary("postgres")).parent)
        given["PATH"] = f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**os.environ, **given}
