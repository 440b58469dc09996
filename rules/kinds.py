"""The kinds of values that rules speak of."""

from dataclasses import dataclass
from enum import StrEnum


class Base(StrEnum):
    """What a value is, before asking whether it is one or a list."""

    BOOL = "bool"
    INT = "int"
    DOUBLE = "double"
    STRING = "string"
    DATE = "date"
    TIMESTAMP = "timestamp"
    DURATION = "duration"
    ANYTHING = "anything"  # the elements of an empty list


@dataclass(frozen=True, slots=True)
class Kind:
    """The kind of an expression: a base, or a list of that base."""

    base: Base
    is_list: bool = False

    def __str__(self) -> str:
        return f"list<{self.base}>" if self.is_list else str(self.base)

    @property
    def is_number(self) -> bool:
        return not self.is_list and self.base in {Base.INT, Base.DOUBLE}

    @property
    def element(self) -> "Kind":
        return Kind(self.base)

    def is_comparable_to(self, other: "Kind") -> bool:
        """Whether `==` between the two can ever be meant."""
        if self.is_list or other.is_list:
            same_base = self.base == other.base or Base.ANYTHING in {self.base, other.base}
            return self.is_list and other.is_list and same_base
        return self.base == other.base or (self.is_number and other.is_number)


BOOL = Kind(Base.BOOL)
INT = Kind(Base.INT)
DOUBLE = Kind(Base.DOUBLE)
STRING = Kind(Base.STRING)
DATE = Kind(Base.DATE)
TIMESTAMP = Kind(Base.TIMESTAMP)
DURATION = Kind(Base.DURATION)
EMPTY_LIST = Kind(Base.ANYTHING, is_list=True)

# What has an order, besides being equal or not.
ORDERED = frozenset({INT, DOUBLE, STRING, DATE, TIMESTAMP, DURATION})

# The kinds that an attribute or a call datum may be declared with.
DECLARABLE = {
    str(kind): kind
    for kind in (
        BOOL,
        INT,
        DOUBLE,
        STRING,
        DATE,
        TIMESTAMP,
        Kind(Base.STRING, is_list=True),
        Kind(Base.INT, is_list=True),
    )
}
