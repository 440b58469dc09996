"""The words of rules in each language. No gettext: rules know nothing of Django."""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.refusals import Code


@dataclass(frozen=True)
class Phrases:
    and_: str
    or_: str
    not_: str
    yes: str
    no: str
    choose: str
    age: str
    quoted: str
    day: str
    first_day: str
    moment: str
    expected: str
    truths: Mapping[bool, str]
    months: tuple[str, ...]
    digits: Mapping[int, str]
    units: Mapping[str, tuple[str, str]]  # of one, of several
    plural_from: float
    genders: Mapping[str, int]  # which form of a stretch a unit takes
    stretches: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]
    words: Mapping[str, str]
    comparisons: Mapping[str, str]
    denied_comparisons: Mapping[str, str]
    questions: Mapping[str, str]
    denied_questions: Mapping[str, str]
    functions: Mapping[str, str]
    mistakes: Mapping[Code, str]
