"""Benchmarks that run inside an installation of their own, as programs that print their figures."""

import json
import subprocess
import sys
from collections.abc import Iterator

from bench.figures import Figure
from bench.installation import ROOT, running


def figures_of(module: str, *options: str, unit: str = "ms") -> Iterator[Figure]:
    """What `python -m module` prints line by line, each figure as soon as it is there.

    `options` are those of the installation's `up`.
    """
    with running(*options) as installation:
        environment = {
            **installation.environment,
            "DJANGO_SETTINGS_MODULE": "offers_site.settings",
        }
        command = [sys.executable, "-W", "ignore", "-m", module]
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        ) as program:
            for line in program.stdout or ():
                what, value, beside, peer = json.loads(line)
                yield Figure(what, value, unit, beside, peer)
        if program.returncode:
            raise subprocess.CalledProcessError(program.returncode, command)
