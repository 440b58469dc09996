"""Weights as exact whole millionths: formula times multipliers, rounded half to even."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

MILLIONTH = Decimal("0.000001")
MILLION = 1_000_000
LARGEST = Decimal(10) ** 15


def effective(formula: float | None, factor: Decimal) -> int | None:
    """The millionths of a formula's answer times what multiplies it; None when not above 0."""
    if formula is None or not math.isfinite(formula) or formula <= 0:
        return None
    weight = Decimal(repr(formula)) * factor
    if weight > LARGEST:
        weight = LARGEST
    millionths = int(weight.quantize(MILLIONTH, ROUND_HALF_EVEN) * MILLION)
    return millionths if millionths > 0 else None


def product(factors: Iterable[Decimal]) -> Decimal:
    whole = Decimal(1)
    for factor in factors:
        whole *= factor
    return whole


@lru_cache(maxsize=4_096, typed=True)
def as_written(number: float) -> Decimal:
    """A number with the digits that it is written with."""
    return Decimal(repr(number))


@lru_cache(maxsize=4_096)
def as_decimal(millionths: int) -> Decimal:
    """A weight for people and answers: 25, 0.5, 8.333333."""
    whole = Decimal(millionths).scaleb(-6).normalize()
    return whole if whole.as_tuple().exponent <= 0 else whole.quantize(Decimal(1))  # type: ignore[operator] # finite
