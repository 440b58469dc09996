"""Which line of an offer counts for somebody, and what it weighs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from decisioning.engine.candidates import Candidate
from decisioning.engine.plans import Entry
from decisioning.engine.weights import effective


def best_of(entry: Entry, answers: Sequence[Any]) -> Candidate | None:
    """The offer with the heaviest line that is open to this person; of equals the first."""
    if entry.known is None:
        return best_formula(entry, answers)
    first = entry.first
    for filter_at, millionths, line, constant in entry.known:
        if filter_at is None or answers[first + filter_at]:
            return Candidate(entry, entry.offer, millionths, line, constant)
    return None


def best_formula(entry: Entry, answers: Sequence[Any]) -> Candidate | None:
    """The same where a weight hangs on the person."""
    heaviest, best, formula = 0, None, 0.0
    first = entry.first
    for weighing in entry.lines:
        line = weighing.line
        if line.filter_at is not None and not answers[first + line.filter_at]:
            continue
        if line.weight_at is None:
            answer, millionths = line.constant, weighing.known
        else:
            answer = answers[first + line.weight_at]
            millionths = effective(answer, entry.factor)
        if answer is not None and millionths and millionths > heaviest:
            heaviest, best, formula = millionths, line, answer
    if best is None:
        return None
    return Candidate(entry, entry.offer, heaviest, best, formula)
