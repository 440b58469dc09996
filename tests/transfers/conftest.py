"""Files, the command that imports them, and what it left behind."""

import io
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from transfers.models import Transfer


@dataclass
class Imported:
    """What the command said, with its report."""

    status: int
    said: dict
    rejects: list

    def __getitem__(self, name):
        return self.said[name]

    @property
    def counters(self):
        names = ("read", "inserted", "updated", "unchanged", "ignored", "rejected", "blank")
        return tuple(self.said[name] for name in names)

    @property
    def codes(self):
        return [(reject.line, reject.code) for reject in self.rejects]


@pytest.fixture
def import_file(tmp_path, settings):
    """Import bytes as contacts with the command; options as on the command line."""
    settings.MEDIA_ROOT = tmp_path / "media"

    def run(body, *options, name="contacts.csv", subject="contacts"):
        path = tmp_path / name
        path.write_bytes(body if isinstance(body, bytes) else body.encode())
        out, status = io.StringIO(), 0
        try:
            call_command(
                "import", subject, str(path), *options, "--json", stdout=out, stderr=io.StringIO()
            )
        except CommandError as error:
            status = error.returncode
        said = json.loads(out.getvalue().splitlines()[-1])
        if "error" in said:  # it never began
            return Imported(status, {}, [])
        transfer = Transfer.objects.get(pk=said["job"])
        return Imported(status, said, list(transfer.rejects.order_by("line", "id")))

    return run


@pytest.fixture
def export(tmp_path):
    def run(*options, subject="contacts"):
        path = tmp_path / "out"
        call_command("export", subject, *options, "--output", str(path), stderr=io.StringIO())
        return Path(path).read_bytes()

    return run


def contacts(*columns):
    """The columns of all contacts, in the order of their keys."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(columns)} FROM contacts_contact WHERE kind = 'contact'"
            ' ORDER BY key COLLATE "C"'
        )
        rows = cursor.fetchall()
    return [row[0] if len(columns) == 1 else row for row in rows]
