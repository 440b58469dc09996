"""Values as people and programs write them, and as they are stored.

Every way in (forms, files, the API) reads with these functions, so that what one accepts the others
accept too. Empty is missing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import phonenumbers
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from email_validator import EmailNotValidError, validate_email

from contacts.columns import LONGEST_TEXT, Column
from contacts.models import Contact
from offers_site.values import NoSuchMoment, moment_by, time_zones
from rules.kinds import BOOL, DATE, DOUBLE, INT, STRING, TIMESTAMP, Kind
from rules.limits import LARGEST_INT, LEAST_INT
from rules.meaning import EARLIEST, LATEST, real

YES, NO = {"true", "1", "yes", "oui"}, {"false", "0", "no", "non"}
BETWEEN = "|"  # between the elements of a list in a file
MOST_ELEMENTS = 1_000
WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
E164 = re.compile(r"\+([1-9][0-9]{5,14})")
# Most addresses by far; what it does not know is asked of the library, which takes its time.
PLAIN_ADDRESS = re.compile(
    r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}"
)
COUNTRY_CODES = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))


class BadValue(ValueError):
    """A text that is no value of its kind: a stable code, and a sentence for people."""

    def __init__(self, code: str, sentence: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence


def bad(code: str) -> BadValue:
    return BadValue(code, SENTENCES[code])


SENTENCES: Mapping[str, str | Promise] = {
    "not_a_bool": _("Write yes or no."),
    "not_an_int": _("Write a whole number."),
    "not_a_double": _("Write a number, as in 12.5."),
    "not_a_text": _("Write a text."),
    "not_a_date": _("Write a date, as in 2026-05-01."),
    "not_a_timestamp": _("Write a date and a time, as in 2026-05-01T08:00:00Z."),
    "not_a_list": _("Write a list."),
    "out_of_range": _("This is beyond what can be stored."),
    "too_long": _("This is too long."),
    "has_nul": _("This has a character that cannot be stored."),
    "not_a_choice": _("This is not one of the choices."),
    "phone_invalid": _("Write a phone number with its country code, as in +33 6 12 34 56 78."),
    "language_invalid": _("Write the code of a language, as in fr or en-GB."),
    "timezone_invalid": _("Write the name of a time zone, as in Europe/Paris."),
    "required": _("This is required."),
}


# --- from text: files and typed inputs ---


def from_text(column: Column, text: str, *, zone: tzinfo = UTC) -> Any:
    """The value of a text, None when it is empty; raises BadValue. `zone` is that of bare times."""
    if "\0" in text:
        raise bad("has_nul")
    if column.kind == STRING and not column.is_declared:
        return built_in_text(column.name, text)
    text = text.strip()
    if not text:
        return None
    if column.kind.is_list:
        parts = [part.strip() for part in text.split(BETWEEN)]
        read = from_texts(column.kind.element)
        return list_of(column, [read(part, zone) for part in parts if part])
    return chosen(column, from_texts(column.kind)(text, zone))


def from_texts(kind: Kind) -> Callable[[str, tzinfo], Any]:
    return TEXTS[kind]


def bool_of(text: str, zone: tzinfo) -> bool:
    word = text.lower()
    if word not in YES | NO:
        raise bad("not_a_bool")
    return word in YES


def int_of(text: str, zone: tzinfo) -> int:
    if not WHOLE.fullmatch(text):
        raise bad("not_an_int")
    return fitting_int(int(text))


def fitting_int(value: int) -> int:
    if not LEAST_INT <= value <= LARGEST_INT:
        raise bad("out_of_range")
    return value


def double_of(text: str, zone: tzinfo) -> float:
    if not DECIMAL.fullmatch(text):
        raise bad("not_a_double")
    return fitting_double(float(text))


def fitting_double(value: float) -> float:
    fitting = real(value) if math.isfinite(value) else None
    if fitting is None:
        raise bad("out_of_range")
    return fitting


def text_of(text: str, zone: tzinfo) -> str:
    if len(text) > LONGEST_TEXT:
        raise bad("too_long")
    return text


def date_of(text: str, zone: tzinfo) -> date:
    try:
        if len(text) != 10:
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        raise bad("not_a_date") from None
    if not EARLIEST.date() <= day <= LATEST.date():
        raise bad("out_of_range")
    return day


def timestamp_of(text: str, zone: tzinfo) -> datetime:
    try:
        moment = moment_by(datetime.fromisoformat(text), zone)
    except NoSuchMoment as refusal:
        raise BadValue("date_nonexistent", str(refusal)) from None
    except (ValueError, OverflowError):
        raise bad("not_a_timestamp") from None
    if not EARLIEST <= moment <= LATEST:
        raise bad("out_of_range")
    return moment


TEXTS: Mapping[Kind, Callable[[str, tzinfo], Any]] = {
    BOOL: bool_of,
    INT: int_of,
    DOUBLE: double_of,
    STRING: text_of,
    DATE: date_of,
    TIMESTAMP: timestamp_of,
}


def list_of(column: Column, values: list[Any]) -> list[Any] | None:
    """A list without doubles, in its order; None when it is empty."""
    if len(values) > MOST_ELEMENTS:
        raise bad("too_long")
    values = list(dict.fromkeys(values))
    for value in values:
        chosen(column, value)
    return values or None


def chosen(column: Column, value: Any) -> Any:
    """The value, which is one of the choices where there are choices; else BadValue."""
    if column.choices and str(value) not in column.choices:
        raise bad("not_a_choice")
    return value


# --- from JSON: the API ---


def from_json(column: Column, value: object) -> Any:
    """The value of something in JSON, None for null and for what is empty; raises BadValue."""
    if value is None or value == "" or value == []:
        return None
    kind = column.kind
    if kind.is_list:
        if not isinstance(value, list):
            raise bad("not_a_list")
        return list_of(column, [element(kind.element, each) for each in value])
    if kind == STRING and not column.is_declared:
        return built_in_text(column.name, element(STRING, value))
    return chosen(column, element(kind, value)) if element(kind, value) != "" else None


def element(kind: Kind, value: object) -> Any:
    if kind == BOOL:
        return typed(value, bool, "not_a_bool")
    if isinstance(value, bool):  # which Python takes for an int
        raise bad(WRONG_TYPE[kind])
    if kind == INT:
        return fitting_int(typed(value, int, "not_an_int"))
    if kind == DOUBLE:
        return fitting_double(
            float(
                fitting_int(value)
                if isinstance(value, int)
                else typed(value, float, "not_a_double")
            )
        )
    text: str = typed(value, str, WRONG_TYPE[kind])
    if "\0" in text:
        raise bad("has_nul")
    return TEXTS[kind](text.strip(), UTC)


def typed(value: object, wanted: type[Any], code: str) -> Any:
    if not isinstance(value, wanted):
        raise bad(code)
    return value


WRONG_TYPE: Mapping[Kind, str] = {
    INT: "not_an_int",
    DOUBLE: "not_a_double",
    STRING: "not_a_text",
    DATE: "not_a_date",
    TIMESTAMP: "not_a_timestamp",
}


# --- what everybody has ---


def built_in_text(name: str, text: str) -> str | None:
    text = text.strip()
    if not text:
        return None
    read = BUILT_IN_TEXTS.get(name)
    value = read(text) if read else text
    if len(value) > (Contact._meta.get_field(name).max_length or LONGEST_TEXT):  # type: ignore[union-attr] # a text
        raise bad("too_long")
    return value


def phone_of(text: str, region: str | None = None) -> str:
    """The number in E.164; a national number needs its region. Raises BadValue."""
    written = E164.fullmatch(text)
    if written and any(written[1][:length] in COUNTRY_CODES for length in (1, 2, 3)):
        return text
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise bad("phone_invalid") from None
    if not phonenumbers.is_possible_number(number):
        raise bad("phone_invalid")
    found = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not E164.fullmatch(found):
        raise bad("phone_invalid")
    return found


def language_of(text: str) -> str:
    if not LANGUAGE.fullmatch(text):
        raise bad("language_invalid")
    return text


def timezone_of(text: str) -> str:
    if text not in time_zones():
        raise bad("timezone_invalid")
    return text


BUILT_IN_TEXTS: Mapping[str, Callable[[str], str]] = {
    "phone": phone_of,
    "language": language_of,
    "timezone": timezone_of,
}


def normal_email(text: str | None) -> str | None:
    """An address as it is compared: small letters, the domain in ASCII. Never refuses."""
    if not text:
        return None
    small = text.strip().lower()
    if PLAIN_ADDRESS.fullmatch(small):
        return small
    try:
        found = validate_email(small, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return small
    return f"{found.local_part}@{found.ascii_domain}".lower()[:254]


def is_email(text: str) -> bool:
    """Could a mail be sent there? A contact may keep an address that could not."""
    if PLAIN_ADDRESS.fullmatch(text.strip().lower()):
        return True
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


# --- to text and JSON ---


def to_text(value: Any) -> str:
    """A value as a file writes it; `from_text` reads it back."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return BETWEEN.join(map(to_text, value))
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case float():
            return repr(value)
    return str(value)


def to_json(value: Any) -> Any:
    match value:
        case tuple():
            return list(value)
        case datetime() | date():
            return to_text(value)
    return value
