"""What templates handle: values of people and calls, as text, and HTML that is already safe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

LONGEST_VALUE = 16 * 1024  # characters: a filter gives no more, so that none can fill the memory
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
LINES = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


class Html(str):
    """HTML that was cleaned and rendered: it is not escaped again between tags.

    Whatever a filter makes of it is a plain text.
    """

    __slots__ = ()


class Moment(str):
    """A date as templates see it: ISO 8601, which compares as it should."""

    __slots__ = ("value",)
    value: date

    def __new__(cls, value: date) -> Moment:
        if isinstance(value, datetime):
            written = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        else:
            written = value.isoformat()
        moment = super().__new__(cls, written)
        moment.value = value
        return moment


PLAIN = frozenset({str, int, float, bool, type(None)})


def seen(value: Any) -> Any:
    """A value of a person or a call as templates see it."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, date):
        return Moment(value)
    if isinstance(value, Mapping):
        return {str(name): seen(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [seen(each) for each in value]
    return value


def to_text(value: Any) -> str:
    """What is written in the place of a value."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, Mapping):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        return number_to_text(value)
    if isinstance(value, list | tuple):
        return ", ".join(to_text(each) for each in value)
    return str(value)


def number_to_text(value: float | Decimal) -> str:
    is_whole = -(10**15) < value < 10**15 and value == int(value)
    return str(int(value)) if is_whole else str(value)


def one_line(text: str) -> str:
    """The text without line breaks: it may become a header."""
    return text if text.isprintable() else LINES.sub(" ", text)


def without_controls(text: str) -> str:
    return text if text.isprintable() else CONTROLS.sub("", text)
