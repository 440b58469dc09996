"""Single values of forms: names, texts, moments and periods, strict about what they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from catalog.models.names import CODE, NAME
from offers_site.values import NoSuchMoment, moment_by

LONGEST_FIELD = 256 * 1024  # characters of one field of content
Channel = Literal["web", "call_center", "email", "sms", "direct_mail", "push", "other"]
Status = Literal[
    "generated", "presented", "interested", "accepted", "scheduled", "rejected", "control_group"
]
Counted = Literal["proposition", "presented", "interested", "accepted", "rejected"]
DataType = Literal[
    "bool", "int", "double", "string", "date", "timestamp", "list<string>", "list<int>"
]


def read_moment(value: object, info: ValidationInfo) -> object:
    """ISO 8601; without an offset in the environment's time zone, a date alone is its midnight."""
    if value is None or isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("moment", "Expected a date and time in ISO 8601.")
    zone = (info.context or {}).get("zone", UTC)
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return datetime.combine(date.fromisoformat(value), time(), tzinfo=zone)
        return moment_by(datetime.fromisoformat(value), zone)
    except NoSuchMoment as refusal:
        code = "date_nonexistent"
        raise PydanticCustomError(code, "{sentence}", {"sentence": str(refusal)}) from None
    except (ValueError, OverflowError):
        raise PydanticCustomError("moment", "Expected a date and time in ISO 8601.") from None


def in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("moment", "Expected a date and time in ISO 8601.") from None


PERIOD = re.compile(r"(?=.)(?:(\d{1,5})d)? ?(?:(\d{1,5})h)?")


def read_period(value: object) -> object:
    """`10d`, `2d6h`, `12h`."""
    if value is None or isinstance(value, timedelta):
        return value
    found = PERIOD.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise PydanticCustomError("period", "Expected a period such as 10d or 2d6h.")
    length = timedelta(days=int(found[1] or 0), hours=int(found[2] or 0))
    if not length:
        raise PydanticCustomError("period_of_nothing", "A period is longer than nothing.")
    return length


def write_period(period: timedelta | None) -> str | None:
    if period is None:
        return None
    hours = period.seconds // 3600
    return "".join([f"{period.days}d" if period.days else "", f"{hours}h" if hours else ""])


def is_printable(text: str) -> str:
    if "\x00" in text:
        raise PydanticCustomError("nul", "A text cannot hold the character NUL.")
    return text


Text = Annotated[str, AfterValidator(is_printable)]
Name = Annotated[Text, Field(pattern=NAME, max_length=50)]
Code = Annotated[Text, Field(pattern=CODE, max_length=64)]
Label = Annotated[Text, Field(min_length=1, max_length=80)]
OfferLabel = Annotated[Text, Field(min_length=1, max_length=120)]
Note = Annotated[Text, Field(max_length=2000)]
Rule = Annotated[Text, Field(max_length=8 * 1024)]
Word = Annotated[Text, Field(min_length=1, max_length=50)]
Moment = Annotated[datetime, BeforeValidator(read_moment), AfterValidator(in_utc)]
Period = Annotated[timedelta, BeforeValidator(read_period)]
Language = Annotated[Text, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
FieldValue = Annotated[Text, Field(max_length=LONGEST_FIELD)]
Content = Mapping[Name, FieldValue]
Translations = Mapping[Language, Content]
