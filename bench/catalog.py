"""Pages among ten thousand offers, for everybody and for somebody who lacks a label."""

import json
import subprocess
import sys
from collections.abc import Iterator

from bench.figures import Figure
from bench.installation import ROOT, running


def measure() -> Iterator[Figure]:
    with running() as installation:
        environment = {
            **installation.environment,
            "DJANGO_SETTINGS_MODULE": "offers_site.settings",
        }
        command = [sys.executable, "-W", "ignore", "-m", "bench.catalogued"]
        printed = subprocess.check_output(command, cwd=ROOT, env=environment, text=True)
    for line in printed.splitlines():
        what, value, beside, peer = json.loads(line)
        yield Figure(what, value, "ms", beside, peer)
