"""Values that programs send, in the form in which the database can hold them."""

import zoneinfo
from datetime import UTC, datetime
from functools import cache
from typing import Annotated

from django.utils.timezone import is_naive, make_aware
from pydantic import AfterValidator, StringConstraints

LAST_YEAR = 9_000  # far enough from the end of the calendar for every zone


def moment_in_utc(moment: datetime) -> datetime:
    """The moment, or ValueError; without a zone it is the installation's."""
    try:
        found = (make_aware(moment) if is_naive(moment) else moment).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of the calendar") from error
    if found.year > LAST_YEAR:
        raise ValueError(f"after the year {LAST_YEAR}")
    return found


# PostgreSQL has no place for a NUL, nor for offsets of more than 16 hours.
Text = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^\x00]*$")]
Moment = Annotated[datetime, AfterValidator(moment_in_utc)]


@cache
def time_zones() -> frozenset[str]:
    """Their names, for which Python reads hundreds of files."""
    return frozenset(zoneinfo.available_timezones())


def clean_path(text: str) -> str:
    """The path of a folder as it is kept, `A/B/C`, however somebody has written it."""
    return "/".join(part.strip() for part in text.split("/") if part.strip())
