"""Values that programs send, in the form in which the database can hold them."""

import zoneinfo
from datetime import UTC, datetime, time, tzinfo
from functools import cache
from typing import Annotated

from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext as _
from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

MIDNIGHT = time()
LAST_YEAR = 9_000  # far enough from the end of the calendar for every zone


class NoSuchMoment(ValueError):
    """The clocks of a zone were put forward over it."""

    def __init__(self) -> None:
        super().__init__(_("At that moment the clocks were put forward: it does not exist."))


def moment_by(moment: datetime, zone: tzinfo) -> datetime:
    """The moment; without an offset it is when the clocks of a zone showed so.

    Where they showed it twice, the first time; a midnight that they left out is when the day
    begins. Raises NoSuchMoment, or OverflowError.
    """
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    found = moment.replace(tzinfo=zone, fold=0).astimezone(UTC)
    shown = found.astimezone(zone).replace(tzinfo=None, fold=0)
    if shown != moment.replace(fold=0) and moment.time() != MIDNIGHT:
        raise NoSuchMoment
    return found


def moment_in_utc(moment: datetime) -> datetime:
    """The moment, or ValueError; without a zone it is the installation's."""
    try:
        found = moment_by(moment, get_default_timezone())
    except OverflowError as error:
        raise ValueError("out of the calendar") from error
    if found.year > LAST_YEAR:
        raise ValueError(f"after the year {LAST_YEAR}")
    return found


def checked_moment(moment: datetime) -> datetime:
    try:
        return moment_in_utc(moment)
    except NoSuchMoment as refusal:
        raise PydanticCustomError(
            "date_nonexistent", "{sentence}", {"sentence": str(refusal)}
        ) from refusal


# PostgreSQL has no place for a NUL, nor for offsets of more than 16 hours.
Text = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^\x00]*$")]
Moment = Annotated[datetime, AfterValidator(checked_moment)]


@cache
def time_zones() -> frozenset[str]:
    """Their names, for which Python reads hundreds of files."""
    return frozenset(zoneinfo.available_timezones())


def clean_path(text: str) -> str:
    """The path of a folder as it is kept, `A/B/C`, however somebody has written it."""
    return "/".join(part.strip() for part in text.split("/") if part.strip())
