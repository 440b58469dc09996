"""Populations: everybody decided for and stored. `BENCH_CONTACTS` makes it smaller."""

import json
import subprocess
import sys
from collections.abc import Iterator

from bench.figures import Figure
from bench.installation import ROOT, running


def measure() -> Iterator[Figure]:
    with running("--workers", "1") as installation:
        environment = {
            **installation.environment,
            "DJANGO_SETTINGS_MODULE": "offers_site.settings",
        }
        command = [sys.executable, "-W", "ignore", "-m", "bench.audience"]
        printed = subprocess.check_output(command, cwd=ROOT, env=environment, text=True)
    for line in printed.splitlines():
        what, value, beside, peer = json.loads(line)
        yield Figure(what, value, "s", beside, peer)
