import os
import subprocess
import sys
import time

import pytest

from offers_site.embedded import output
from offers_site.embedded.output import Output, prefixes

TALKER = """
import os, sys, time
from offers_site.embedded.output import Output
output = Output(["overture", "web"])
out, into = os.pipe()
output.follow("web", os.fdopen(out, "rb"))
os.write(into, b"x" * 100 + b"\\n")
for number in range(30_000):
    os.write(into, b"line %d of a child that is not held up\\n" % number)
os.write(2, b"done\\n")
"""


def run(**options):
    return subprocess.Popen([sys.executable, "-c", TALKER], stderr=subprocess.PIPE, **options)


def test_lines_carry_the_padded_name_of_their_child():
    assert prefixes(["web", "interactive"], coloured=False) == {
        "web": b"web         | ",
        "interactive": b"interactive | ",
    }


def test_each_name_has_a_colour_of_its_own():
    coloured = prefixes(["web", "bulk"], coloured=True)

    assert coloured == {
        "web": b"\x1b[36mweb  | \x1b[0m",
        "bulk": b"\x1b[33mbulk | \x1b[0m",
    }


def test_colours_are_for_terminals_only(monkeypatch):
    monkeypatch.setattr(os, "isatty", lambda number: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert output.is_coloured()

    monkeypatch.setenv("NO_COLOR", "1")
    assert not output.is_coloured()


def test_a_reader_that_does_not_read_holds_up_nobody():
    reading, writing = os.pipe()
    talker = run(stdout=writing)

    assert talker.communicate(timeout=20)[1] == b"done\n"
    assert talker.returncode == 0
    os.close(reading)
    os.close(writing)


def test_a_reader_that_is_gone_holds_up_nobody():
    reading, writing = os.pipe()
    os.close(reading)
    talker = run(stdout=writing)
    os.close(writing)

    assert talker.communicate(timeout=20)[1] == b"done\n"
    assert talker.returncode == 0


def test_what_is_said_last_is_kept_for_the_refusal(tmp_path):
    spoken = Output(["overture", "postgres"])
    path = tmp_path / "said"
    path.write_text("LOG:  one\n\nFATAL:  two\n")

    spoken.follow("postgres", path.open("rb"))
    deadline = time.monotonic() + 5
    while len(spoken.said["postgres"]) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)

    assert list(spoken.said["postgres"]) == ["LOG:  one", "FATAL:  two"]


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_closed_standard_file_is_not_given_to_the_next_that_is_opened(closed):
    code = (
        "from offers_site.embedded.output import hold_standard_files; hold_standard_files();"
        "import os; raise SystemExit(os.open('/dev/null', os.O_RDONLY))"
    )
    command = f'exec "{sys.executable}" -c "{code}" {closed}>&-'

    assert subprocess.run(["/bin/sh", "-c", command]).returncode > 2
