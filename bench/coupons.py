"""Coupons: a pool of a million codes reserved and given back, and tills at two hundred calls a
second. `BENCH_CODES` makes the pool smaller."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure
from bench.installation import ROOT, Installation, running
from bench.tills import RATE, latencies

MOST = 100.0  # milliseconds that 95 of 100 calls may take


def measure() -> Iterator[Figure]:
    with running("--workers", "1") as installation:
        issued = installation.data / "issued.txt"
        for line in pool(installation, issued):
            what, value, unit, beside, peer = json.loads(line)
            yield Figure(what, value, unit, beside, peer)
        yield from tills(installation, issued.read_text().splitlines())


def pool(installation: Installation, issued: Path) -> Iterator[str]:
    environment = {
        **installation.environment,
        "DJANGO_SETTINGS_MODULE": "offers_site.settings",
        "BENCH_ISSUED": str(issued),
    }
    command = [sys.executable, "-W", "ignore", "-m", "bench.pool"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    yield from process.stdout or ()
    if process.wait():
        raise RuntimeError("the pool was not measured")


def tills(installation: Installation, codes: list[str]) -> Iterator[Figure]:
    """Calls arrive when they do, whether those before are answered or not."""
    key = installation.key("coupons:redeem")
    path = "/api/v1/coupons"
    floor = latencies(installation.port, key, "GET", "/healthz", [None] * 3_000)
    asked = [{"code": code} for code in codes[:3_000]]
    validated = latencies(installation.port, key, "POST", f"{path}/validate", asked)
    used = [{"code": code, "redemption_id": f"R-{code}"} for code in codes[:3_000]]
    redeemed = latencies(installation.port, key, "POST", f"{path}/redemptions", used)
    nothing = f"/healthz at {RATE} a second, through all middlewares"
    for what, found in (("validate", validated), ("redeem", redeemed)):
        told = f"{what} at {RATE} a second, 95 of 100 within"
        yield Figure(told, found.p95, "ms", "they may take", MOST)
        yield Figure(told, found.p95, "ms", nothing, floor.p95)
        yield Figure(f"{what}, half within", found.median, "ms", nothing, floor.median)
