"""Dates as people write them. None is ever guessed."""

import re
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from transfers.reading.faults import Fault

TIME = r"(?:[T ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,6}))?)?"
OFFSET = r"\s?(?P<offset>Z|[+-]\d{2}:?\d{2})?)?"
ISO = re.compile(rf"(?P<year>\d{{4}})-(?P<month>\d{{2}})-(?P<day>\d{{2}}){TIME}{OFFSET}", re.ASCII)
SLASHED = re.compile(
    ISO.pattern.replace(r"-(?P<month>", "/(?P<month>").replace(r"-(?P<day>", "/(?P<day>"), re.ASCII
)
PARTS = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<year>\d{2})",
    "MM": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{1,2})",
}
FORMATS = (
    "DD/MM/YYYY",
    "MM/DD/YYYY",
    "DD.MM.YYYY",
    "DD-MM-YYYY",
    "MM-DD-YYYY",
    "YYYY.MM.DD",
    "YYYYMMDD",
    "DDMMYYYY",
)
SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?", re.ASCII)
SHORT_YEAR = re.compile(r"\d{2}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Moment:
    day: date
    instant: datetime
    has_time: bool
    is_ambiguous: bool = False


class Calendar:
    """Reads dates in the job's format and zone."""

    def __init__(self, zone: tzinfo = UTC, form: str = "", years: tuple[int, int] = (2000, 2100)):
        self.zone = zone
        self.years = years
        self.forms = [ISO, SLASHED]
        if form:
            self.forms.append(pattern_of(form))

    def read(self, text: str) -> Moment | Fault:
        text = text.strip()
        match = next((m for form in self.forms if (m := form.fullmatch(text))), None)
        if match is None:
            return Fault("date_format", value=text, detail={"hint": hint(text)})
        try:
            return self.moment(match.groupdict(), text)
        except ValueError:
            swapped = len(self.forms) > 2 and match.re is self.forms[2]
            return Fault("date_format" if swapped else "date_range", value=text)

    def moment(self, given: dict[str, str | None], text: str) -> Moment | Fault:
        day = date(int(given["year"] or 0), int(given["month"] or 0), int(given["day"] or 0))
        if not self.years[0] <= day.year <= self.years[1]:
            detail = {"first": str(self.years[0]), "last": str(self.years[1])}
            return Fault("date_range", value=text, detail=detail)
        naive = datetime(  # noqa: DTZ001 (its zone comes next)
            day.year,
            day.month,
            day.day,
            int(given.get("hour") or 0),
            int(given.get("minute") or 0),
            int(given.get("second") or 0),
            int((given.get("part") or "0").ljust(6, "0")),
        )
        has_time = given.get("hour") is not None
        if given.get("offset"):
            return Moment(day, naive.replace(tzinfo=offset_of(str(given["offset"]))), has_time)
        return self.local(naive, has_time, text)

    def local(self, naive: datetime, has_time: bool, text: str) -> Moment | Fault:
        """An instant of the job's zone; clocks that were put forward skip some."""
        first = naive.replace(tzinfo=self.zone, fold=0)
        if first.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) != naive:
            if has_time:
                return Fault("date_nonexistent", value=text, detail={"zone": str(self.zone)})
            first = first.astimezone(UTC)  # a midnight that does not exist is when the day begins
        second = naive.replace(tzinfo=self.zone, fold=1)
        return Moment(
            naive.date(), first, has_time, has_time and first.utcoffset() != second.utcoffset()
        )

    def day_after(self, moment: Moment) -> datetime:
        """Midnight at the end of a day in the job's zone."""
        following = moment.day + timedelta(days=1)
        return datetime(following.year, following.month, following.day, tzinfo=self.zone)


def zone_called(name: str) -> zoneinfo.ZoneInfo | None:
    """The time zone of this name, if there is one."""
    try:
        return zoneinfo.ZoneInfo(name.strip()) if name.strip() else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def pattern_of(form: str) -> re.Pattern[str]:
    """`DD/MM/YYYY`, perhaps with a time after it."""
    body = re.escape(form)
    for word, pattern in PARTS.items():
        if word != "YY":
            fixed = not re.search(r"[/.\-]", form)
            body = body.replace(word, pattern.replace("{1,2}", "{2}") if fixed else pattern)
    return re.compile(body + TIME + OFFSET, re.ASCII)


def offset_of(text: str) -> timezone:
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(size if text[0] == "+" else -size)


def hint(text: str) -> str:
    """Which mistake this looks like: the sentences are in `transfers.wording`."""
    if SERIAL.fullmatch(text):
        return "serial"
    return "short_year" if SHORT_YEAR.fullmatch(text) else "declare"
