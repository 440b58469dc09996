"""The filters of templates. Each is bounded in what it gives, and none knows the clock.

A filter raises BadValue where it cannot do what is asked; the value is then missing.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from html import escape as escape_html
from typing import Any
from urllib.parse import quote

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_name

from catalog.rendering.values import LONGEST_VALUE, Moment, to_text

LARGEST = 10**15
MOST_ELEMENTS = 1_000


class BadValue(ValueError):
    """A value that a filter can do nothing with."""


def text(value: Any) -> str:
    """A text that is short enough to work on."""
    return to_text(value)[:LONGEST_VALUE]


def bounded(result: str) -> str:
    if len(result) > LONGEST_VALUE:
        raise BadValue
    return result


def number(value: Any) -> int | float:
    if isinstance(value, bool):
        raise BadValue
    if isinstance(value, int | float):
        return sane(value)
    try:
        written = text(value).strip()[:40]
        return sane(float(written) if re.search(r"[.eE]", written) else int(written))
    except ValueError:
        raise BadValue from None


def sane(value: int | float) -> int | float:
    if not -LARGEST < value < LARGEST:  # false for a NaN too
        raise BadValue
    return value


def whole(value: Any) -> int:
    return int(number(value))


def elements(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise BadValue
    return list(value[:MOST_ELEMENTS])


# --- texts ---


def upcase(value: Any) -> str:
    return bounded(text(value).upper())


def downcase(value: Any) -> str:
    return bounded(text(value).lower())


def capitalize(value: Any) -> str:
    written = text(value)
    return bounded(written[:1].upper() + written[1:].lower())


def strip(value: Any) -> str:
    return text(value).strip()


def append(value: Any, end: Any) -> str:
    return bounded(text(value) + text(end))


def prepend(value: Any, start: Any) -> str:
    return bounded(text(start) + text(value))


def remove(value: Any, part: Any) -> str:
    return replace(value, part, "")


def replace(value: Any, part: Any, by: Any = "") -> str:
    written, sought, put = text(value), text(part), text(by)
    if not sought:
        return written
    times_ = written.count(sought)
    if len(written) + times_ * (len(put) - len(sought)) > LONGEST_VALUE:
        raise BadValue
    return written.replace(sought, put)


def truncate(value: Any, length: Any = 50, end: Any = "…") -> str:
    written, most, put = text(value), whole(length), text(end)
    if len(written) <= most:
        return written
    return bounded(written[: max(most - len(put), 0)] + put)


def truncatewords(value: Any, count: Any = 15, end: Any = "…") -> str:
    most = max(whole(count), 1)
    words = text(value).split(None, min(most, LONGEST_VALUE))
    return bounded(" ".join(words[:most]) + (text(end) if len(words) > most else ""))


def slice_(value: Any, start: Any, length: Any = 1) -> Any:
    first, most = whole(start), max(whole(length), 0)
    found = elements(value) if isinstance(value, list | tuple) else text(value)
    first = max(first + len(found), 0) if first < 0 else first
    return found[first : first + most]


def split(value: Any, between: Any = " ") -> list[str]:
    written, mark = text(value), text(between)
    return written.split(mark, MOST_ELEMENTS)[:MOST_ELEMENTS] if mark else list(written[:1_000])


def strip_html(value: Any) -> str:
    return re.sub(r"<[^>]*>?", "", text(value))


def url_encode(value: Any) -> str:
    return bounded(quote(text(value), safe=""))


def escape(value: Any) -> str:
    return bounded(escape_html(text(value)))


# --- numbers ---


def plus(value: Any, other: Any) -> int | float:
    return sane(number(value) + number(other))


def minus(value: Any, other: Any) -> int | float:
    return sane(number(value) - number(other))


def times(value: Any, other: Any) -> int | float:
    return sane(number(value) * number(other))


def divided_by(value: Any, other: Any) -> int | float:
    """Whole by whole is whole, as everywhere in Liquid."""
    first, second = number(value), number(other)
    if not second:
        raise BadValue
    if isinstance(first, int) and isinstance(second, int):
        return first // second
    return sane(first / second)


def modulo(value: Any, other: Any) -> int | float:
    first, second = number(value), number(other)
    if not second:
        raise BadValue
    return first % second


def round_(value: Any, digits: Any = 0) -> int | float:
    places = max(min(whole(digits), 15), 0)
    found = round(number(value), places)
    return found if places else int(found)


def ceil(value: Any) -> int:
    found = number(value)
    return -int(-found // 1)


def floor(value: Any) -> int:
    return int(number(value) // 1)


def abs_(value: Any) -> int | float:
    return abs(number(value))


def at_least(value: Any, least: Any) -> int | float:
    return max(number(value), number(least))


def at_most(value: Any, most: Any) -> int | float:
    return min(number(value), number(most))


# --- as people of a language write them ---


def locale_of(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale("en")


def number_(value: Any, digits: Any = None, *, language: str) -> str:
    """12500.5 as “12,500.5” or “12 500,5”."""
    found = number(value)
    if digits is None:
        return str(format_decimal(found, locale=locale_of(language)))
    places = max(min(whole(digits), 9), 0)
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return str(format_decimal(found, format=pattern, locale=locale_of(language)))


def money(value: Any, currency: Any = "EUR", *, language: str) -> str:
    code = text(currency).upper()
    if not re.fullmatch(r"[A-Z]{3}", code) or get_currency_name(code, locale="en") == code:
        raise BadValue
    return str(format_currency(number(value), code, locale=locale_of(language)))


def percent(value: Any, *, language: str) -> str:
    return str(format_percent(number(value), locale=locale_of(language)))


STYLES = frozenset({"short", "medium", "long", "full"})
# The directives of strftime that we know, as patterns of the Unicode standard.
DIRECTIVES: Mapping[str, str] = {
    "d": "dd",
    "-d": "d",
    "e": "d",
    "m": "MM",
    "-m": "M",
    "Y": "yyyy",
    "y": "yy",
    "B": "LLLL",
    "b": "LLL",
    "A": "EEEE",
    "a": "EEE",
    "H": "HH",
    "-H": "H",
    "I": "hh",
    "-I": "h",
    "M": "mm",
    "S": "ss",
    "p": "a",
    "j": "DDD",
    "F": "yyyy-MM-dd",
    "T": "HH:mm:ss",
}
LONGEST_FORMAT = 100


def date_(value: Any, style: Any = "medium", *, language: str) -> str:
    """A date in words of the language: a style, or a format such as "%d/%m/%Y"."""
    moment, wanted, locale = day_of(value), text(style), locale_of(language)
    if wanted in STYLES:
        return str(format_date(moment, format=wanted, locale=locale))
    return bounded(str(format_datetime(at_midnight(moment), pattern_of(wanted), locale=locale)))


def day_of(value: Any) -> date:
    if isinstance(value, Moment):
        return value.value
    written = text(value)[:40]
    read = date.fromisoformat if len(written) == 10 else datetime.fromisoformat
    try:
        return read(written)
    except ValueError:
        raise BadValue from None


def at_midnight(moment: date) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time())


def pattern_of(written: str) -> str:
    if len(written) > LONGEST_FORMAT:
        raise BadValue
    parts = []
    for literal, directive in re.findall(r"([^%]+)|%(-?.|$)", written):
        if literal:
            parts.append("'" + literal.replace("'", "''") + "'")
        elif directive == "%":
            parts.append("'%'")
        elif directive in DIRECTIVES:
            parts.append(DIRECTIVES[directive])
        else:
            raise BadValue
    return "".join(parts)


# --- lists, and whatever there is ---


def size(value: Any) -> int:
    return len(value) if isinstance(value, str | list | tuple | Mapping) else 0


def first(value: Any) -> Any:
    found = elements(value)
    return found[0] if found else None


def last(value: Any) -> Any:
    found = elements(value)
    return found[-1] if found else None


def join(value: Any, between: Any = ", ") -> str:
    parts, mark = [text(each) for each in elements(value)], text(between)
    if sum(map(len, parts)) + len(mark) * len(parts) > LONGEST_VALUE:
        raise BadValue
    return mark.join(parts)


def default(value: Any, other: Any = "") -> Any:
    """The other where there is nothing: missing, false, or empty."""
    is_nothing = value is None or value is False or value in ("", [], {})
    return other if is_nothing else value


FILTERS: Mapping[str, Callable[..., Any]] = {
    "abs": abs_,
    "append": append,
    "at_least": at_least,
    "at_most": at_most,
    "capitalize": capitalize,
    "ceil": ceil,
    "date": date_,
    "default": default,
    "divided_by": divided_by,
    "downcase": downcase,
    "escape": escape,
    "first": first,
    "floor": floor,
    "join": join,
    "last": last,
    "minus": minus,
    "modulo": modulo,
    "money": money,
    "number": number_,
    "percent": percent,
    "plus": plus,
    "prepend": prepend,
    "remove": remove,
    "replace": replace,
    "round": round_,
    "size": size,
    "slice": slice_,
    "split": split,
    "strip": strip,
    "strip_html": strip_html,
    "times": times,
    "truncate": truncate,
    "truncatewords": truncatewords,
    "upcase": upcase,
    "url_encode": url_encode,
}
# Those that write as people of a language do: they are told the language, and cost more.
LOCAL = frozenset({"date", "money", "number", "percent"})
SIGNATURES = {name: inspect.signature(function) for name, function in FILTERS.items()}


def takes(name: str, positional: int) -> bool:
    """Can the filter be given so many arguments after the value?"""
    given: dict[str, Any] = {"language": ""} if name in LOCAL else {}
    try:
        SIGNATURES[name].bind(None, *([None] * positional), **given)
    except TypeError:
        return False
    return True
