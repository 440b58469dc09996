"""Values that are written down: texts with their escapes, moments, days and durations."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from rules.kinds import DATE, DURATION, STRING, TIMESTAMP, Kind
from rules.refusals import BadRule, Code, Mistake
from rules.tree import Call, Literal, Node, Span, Value

ESCAPES = {
    "\\": "\\",
    "'": "'",
    '"': '"',
    "?": "?",
    "`": "`",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL
)
MOMENT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})"
)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
DURATION_PART = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(h|ms|m|us|µs|s)")
MICROSECONDS = {"h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1, "µs": 1}
LONGEST_DURATION = timedelta(days=366 * 9998)


def read_text(token: str, start: int) -> str:
    """The text that a quoted token stands for; raises BadRule for an escape that means nothing."""
    if token[0] in "rR":
        return token[2:-1]

    def meaning(found: re.Match[str]) -> str:
        letter = escaped(found)
        if letter is None:
            at = start + 1 + found.start()
            mistake = Mistake(Code.BAD_ESCAPE, at, at + len(found[0]), found[0], ("escape",))
            raise BadRule((mistake,))
        return letter

    return ESCAPE.sub(meaning, token[1:-1])


def escaped(found: re.Match[str]) -> str | None:
    """The character that an escape stands for, or None."""
    digits = found[1] or found[2] or found[3]
    if not digits and not found[4]:
        return ESCAPES.get(found[5])
    number = int(digits, 16) if digits else int(found[4], 8)
    # PostgreSQL stores no NUL, and half of a surrogate pair is no character.
    if number == 0 or number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        return None
    return chr(number)


def write_text(text: str) -> str:
    """The canonical token for a text: double quotes, and an escape only where one is needed."""
    written = []
    back = {meaning: name for name, meaning in ESCAPES.items() if name not in "'?`"}
    for letter in text:
        if letter in back:
            written.append("\\" + back[letter])
        elif ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 or letter in "\u2028\u2029":
            written.append(f"\\u{ord(letter):04x}")
        else:
            written.append(letter)
    return '"' + "".join(written) + '"'


def read_moment(text: str) -> datetime | None:
    """The moment of an RFC 3339 text in UTC, or None."""
    if not MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def write_moment(moment: datetime) -> str:
    plain = moment.astimezone(UTC).replace(tzinfo=None)
    return plain.isoformat() + "Z"


def read_day(text: str) -> date | None:
    if not DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_duration(text: str) -> timedelta | None:
    """The duration of a text such as `1h30m`, `-720h` or `1.5s`, or None."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    parts = DURATION_PART.findall(digits)
    if not parts or "".join(number + unit for number, unit in parts) != digits:
        return None
    total = 0
    for number, unit in parts:
        whole, _, fraction = number.partition(".")
        amount = int((whole or "0") + fraction) * MICROSECONDS[unit]
        amount, rest = divmod(amount, 10 ** len(fraction))
        if rest:
            return None  # finer than a microsecond
        total += amount
    if total > LONGEST_DURATION // timedelta(microseconds=1):
        return None
    return timedelta(microseconds=sign * total)


def write_duration(length: timedelta) -> str:
    """The canonical text: hours, minutes, seconds, without those that are nought."""
    total = length // timedelta(microseconds=1)
    sign, total = ("-", -total) if total < 0 else ("", total)
    minutes, microseconds = divmod(total, 60_000_000)
    hours, minutes = divmod(minutes, 60)
    seconds, rest = divmod(microseconds, 1_000_000)
    written = f"{hours}h" * bool(hours) + f"{minutes}m" * bool(minutes)
    if rest:
        written += f"{seconds}.{rest:06d}".rstrip("0") + "s"
    elif seconds or not written:
        written += f"{seconds}s"
    return sign + written


READERS: dict[str, tuple[Callable[[str], Value | None], Kind, Code, str]] = {
    "timestamp": (read_moment, TIMESTAMP, Code.BAD_TIMESTAMP, '"2026-05-01T08:00:00Z"'),
    "date": (read_day, DATE, Code.BAD_DATE, '"2026-05-01"'),
    "duration": (read_duration, DURATION, Code.BAD_DURATION, '"720h"'),
}


def read_literal_call(function: str, arguments: tuple[Node, ...], span: Span) -> Node | None:
    """`timestamp("…")`, `date("…")` and `duration("…")` are values, not calls; else None."""
    match arguments:
        case (Literal(str(text), kind),) if kind == STRING and function in READERS:
            read, becomes, code, example = READERS[function]
            value = read(text)
            if value is None:
                start, end = arguments[0].span
                raise BadRule((Mistake(code, start, end, text, (example,)),))
            return Literal(value, becomes, span)
    return None


def written_call(literal: Literal) -> Call | None:
    """The call that a moment, a day or a duration is written as."""
    match literal.value:
        case datetime():
            name, text = "timestamp", write_moment(literal.value)
        case date():
            name, text = "date", literal.value.isoformat()
        case timedelta():
            name, text = "duration", write_duration(literal.value)
        case _:
            return None
    return Call(name, (Literal(text, STRING),))
