"""Why a text is no rule: where, what was found, what was expected. Words are in `wording`."""

from dataclasses import dataclass, field
from enum import StrEnum


class Code(StrEnum):
    EMPTY = "empty"
    TOO_LONG = "too_long"
    TOO_DEEP = "too_deep"
    TOO_MANY_PARTS = "too_many_parts"
    UNEXPECTED = "unexpected"
    UNEXPECTED_END = "unexpected_end"
    UNCLOSED_TEXT = "unclosed_text"
    BAD_ESCAPE = "bad_escape"
    NUMBER_TOO_LARGE = "number_too_large"
    UNKNOWN_NAME = "unknown_name"
    UNKNOWN_FUNCTION = "unknown_function"
    UNKNOWN_FILTER = "unknown_filter"
    CIRCULAR_FILTER = "circular_filter"
    WRONG_KIND = "wrong_kind"
    NOT_COMPARABLE = "not_comparable"
    NOT_COMPUTABLE = "not_computable"
    MIXED_LIST = "mixed_list"
    WRONG_NUMBER_OF_ARGUMENTS = "wrong_number_of_arguments"
    LITERAL_NEEDED = "literal_needed"
    NAME_NEEDED = "name_needed"
    BAD_TIMESTAMP = "bad_timestamp"
    BAD_DATE = "bad_date"
    BAD_DURATION = "bad_duration"
    BAD_PATTERN = "bad_pattern"
    NOT_A_CHOICE = "not_a_choice"
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong, from `start` to `end` in the text."""

    code: Code
    start: int
    end: int
    found: str = ""
    expected: tuple[str, ...] = ()


@dataclass
class BadRule(Exception):
    """The text is not a rule that can be used."""

    mistakes: tuple[Mistake, ...] = field(default=())

    @property
    def first(self) -> Mistake:
        return self.mistakes[0]

    def __str__(self) -> str:
        first = self.first
        return f"{first.code} at {first.start}: found {first.found!r}, expected {first.expected}"
