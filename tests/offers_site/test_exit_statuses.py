"""0: it did what was asked. 1: it could not. 2: what was written cannot be meant."""

import io
import os

import pytest
from django.core.management import ManagementUtility

from accounts.models import User
from tests.build import make_key, make_user

pytestmark = pytest.mark.django_db
KEY = ["apikey", "create", "--name", "new", "--scopes"]
BOB = ["user", "create", "bob@example.org", "--role"]


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the words as a shell does; gives the exit status and what was said on standard error."""
    # A command closes its connections at its end, and with them the transaction of the test.
    monkeypatch.setattr("django.core.management.base.connections.close_all", lambda: None)

    def run_words(*words):
        try:
            ManagementUtility(["manage.py", *words]).execute()
            status = 0
        except SystemExit as end:
            status = end.code  # type: ignore[assignment] # a number, from Django
        return status, capsys.readouterr().err.strip()

    return run_words


def test_a_role_that_there_is_not_is_bad_usage_and_the_roles_are_named(run):
    status, said = run(*BOB, "nonsense", "--role", "agent")

    assert status == 2
    assert said == (
        "CommandError: There is no role nonsense; the roles are: "
        "administrator, agent, analyst, delivery_manager, offer_manager."
    )
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, [*BOB, "agent"]),
        (0, ["user", "list"]),
        (0, ["user", "reset", "taken@example.org"]),
        (1, ["user", "create", "taken@example.org", "--role", "agent"]),
        (1, ["user", "deactivate", "taken@example.org"]),
        (1, ["user", "activate", "taken@example.org"]),
        (1, ["user", "reset", "nobody@example.org"]),
        (1, [*BOB, "agent", "--password-stdin"]),
        (2, ["user"]),
        (2, ["user", "fly"]),
        (2, ["user", "create", "bob@example.org"]),
        (2, ["user", "create", "nobody", "--role", "agent"]),
        (2, ["user", "reset", "nobody"]),
        (0, [*KEY, "decide"]),
        (0, ["apikey", "list"]),
        (0, ["apikey", "revoke", "shop"]),
        (1, ["apikey", "create", "--scopes", "decide", "--name", "Shop"]),
        (1, ["apikey", "revoke", "nothing"]),
        (2, ["apikey", "create", "--scopes", "decide"]),
        (2, [*KEY, "everything"]),
        (2, [*KEY, "decide", "--origins", "shop.example"]),
        (2, [*KEY, "contacts", "--origins", "https://shop.example"]),
        (2, [*KEY, "decide", "--spaces", "s" * 81]),
        (2, [*KEY, "decide", "--expires", "soon"]),
        (2, [*KEY, "decide", "--expires", "2020-01-31"]),
        (0, ["rules", "fuzz", "--rules", "1", "--contacts", "1", "--seed", "1"]),
        (2, ["rules"]),
        (2, ["rules", "fuzz", "--rules", "none"]),
        (2, ["rules", "fuzz", "--zone", "Europe/Nowhere"]),
        (0, ["export", "contacts", "--output", "OUT"]),
        (1, ["export", "contacts", "--output", "OUT/no/such/directory"]),
        (2, ["export", "contacts", "--limit", "-1"]),
        (2, ["export", "contacts", "--limit", "99999999999"]),
        (2, ["replay", "--sample", "99999999999"]),
        (2, ["export", "weather"]),
        (2, ["export", "contacts", "--columns", "nonsense"]),
        (2, ["import", "contacts", "no-such-file.csv"]),
        (2, ["import", "weather", "no-such-file.csv"]),
        (2, ["import", "contacts", "/"]),
        (2, ["catalog", "plan", "no-such-file.json"]),
        (2, ["catalog", "apply", "/"]),
        (2, ["import", "contacts", "no-such-file.csv", "--timezone", "Nowhere"]),
        (2, ["import", "contacts", "no-such-file.csv", "--max-rejects", "some"]),
        (2, ["up", "--port", "none"]),
        (2, ["up", "--workers", "0"]),
        (2, ["postgres"]),
        (1, ["postgres", "no-such-program"]),
    ],
)
def test_each_command_says_how_it_ended(run, status, words, tmp_path, monkeypatch):
    make_user("taken@example.org", role="administrator")
    make_key(name="shop")
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    words = [word.replace("OUT", str(tmp_path / "out.csv")) for word in words]

    assert run(*words)[0] == status


@pytest.mark.parametrize(
    "words", [["user", "list"], ["user", "list", "--json"], ["export", "contacts"]]
)
def test_who_stops_reading_what_a_command_writes_is_told_no_more(run, words, monkeypatch):
    make_user("taken@example.org", role="administrator")
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody_reads:
        monkeypatch.setattr("sys.stdout", nobody_reads)

        assert run(*words) == (1, "")


@pytest.mark.parametrize("words", [["user", "list"], ["export", "contacts"]])
def test_a_full_disk_is_said_in_a_sentence(run, words, monkeypatch):
    make_user("taken@example.org", role="administrator")
    with open("/dev/full", "w") as full:
        monkeypatch.setattr("sys.stdout", full)

        assert run(*words) == (1, "CommandError: Standard output: No space left on device.")
