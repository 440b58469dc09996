"""Figures of decisions for Prometheus: how many, how long, and which slots stayed short."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from prometheus_client import Counter, Histogram

DECISIONS = Counter("overture_decisions_total", "Answered decisions", ["environment", "recorded"])
PROPOSITIONS = Counter("overture_propositions_total", "Offers given", ["environment", "fallback"])
SHORT = Counter("overture_short_slots_total", "Slots short of offers", ["environment", "reason"])
SECONDS = Histogram(
    "overture_decision_seconds",
    "Time to decide, record and render",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)


@cache
def labelled(counter: Counter, environment: str, other: str) -> Counter:
    return counter.labels(environment, other)


def note(told: Mapping[str, Any], seconds: float) -> None:
    """Count an answer as it is told; names are those of the catalogue, of which there are few."""
    SECONDS.observe(seconds)
    labelled(DECISIONS, told["environment"], "yes" if told["recorded"] else "no").inc()
    for slot in told["slots"]:
        environment = slot["environment"] or told["environment"]
        if slot["reason"]:
            labelled(SHORT, environment, slot["reason"]).inc()
        fallbacks = sum(one["fallback"] for one in slot["propositions"])
        if chosen := len(slot["propositions"]) - fallbacks:
            labelled(PROPOSITIONS, environment, "no").inc(chosen)
        if fallbacks:
            labelled(PROPOSITIONS, environment, "yes").inc(fallbacks)
