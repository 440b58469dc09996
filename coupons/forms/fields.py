"""Fields that only coupons have: days with a time, lengths of time, words and values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.windows import end_of, last_day, start_of
from offers_site.values import NoSuchMoment, moment_by

MOST = 2**31 - 1
UNITS = {"days": timedelta(days=1), "hours": timedelta(hours=1), "minutes": timedelta(minutes=1)}


class SideBySide(forms.MultiWidget):
    """Two inputs that are one value; the label is the first one's."""

    def id_for_label(self, id_: str, index: str = "0") -> str:
        return f"{id_}_0" if id_ else id_

    use_fieldset = False

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Each input is drawn as what it is, though they share their attributes."""
        context = super().get_context(name, value, attrs)
        for widget, drawn in zip(self.widgets, context["widget"]["subwidgets"], strict=True):
            if isinstance(widget, forms.Select):
                css = drawn["attrs"].get("class", "")
                drawn["attrs"]["class"] = css.replace("form-control", "form-select")
        return context

    def decompress(self, value: Any) -> list[Any]:
        return list(value) if value else [None] * len(self.widgets)


class DateInput(forms.DateInput):
    input_type = "date"


class TimeInput(forms.TimeInput):
    input_type = "time"


class Moment(NamedTuple):
    """A day, and a time of that day unless all of it counts."""

    day: date | None
    time: time | None

    def begins(self, zone: str) -> datetime | None:
        return self.at(zone, start_of)

    def ends(self, zone: str) -> datetime | None:
        return self.at(zone, end_of)

    def at(self, zone: str, whole: Any) -> datetime | None:
        if self.day is None:
            return None
        if self.time is None:
            moment: datetime = whole(self.day, zone)
            return moment
        return moment_by(datetime.combine(self.day, self.time), ZoneInfo(zone))


def begin_of(moment: datetime | None, zone: str) -> Moment:
    """A start as it was typed."""
    if moment is None:
        return Moment(None, None)
    local = moment.astimezone(ZoneInfo(zone))
    whole = start_of(local.date(), zone) == moment
    return Moment(local.date(), None if whole else local.time())


def finish_of(moment: datetime | None, zone: str) -> Moment:
    """An end as it was typed."""
    if moment is None:
        return Moment(None, None)
    local = moment.astimezone(ZoneInfo(zone))
    day = last_day(moment, zone)
    return Moment(day, None) if day else Moment(local.date(), local.time())


def put_moments(form: forms.Form, given: dict[str, Any], zone: str) -> None:
    """Add `start_at` and `end_at`; a moment that does not exist is refused at its field."""
    for name, stored, reading in (
        ("start", "start_at", Moment.begins),
        ("end", "end_at", Moment.ends),
    ):
        moment: Moment | None = given.get(name)
        given[stored] = None
        try:
            given[stored] = reading(moment, zone) if moment else None
        except NoSuchMoment as refusal:
            form.add_error(name, str(refusal))


class MomentField(forms.MultiValueField):
    def __init__(self, **options: Any) -> None:
        words = {"aria-label": gettext_lazy("Time")}
        self.widget = SideBySide([DateInput(format="%Y-%m-%d"), TimeInput(attrs=words)])
        fields = [
            forms.DateField(
                required=False,
                error_messages={"invalid": gettext_lazy("Enter a day, as in 2026-01-28.")},
            ),
            forms.TimeField(
                required=False,
                error_messages={"invalid": gettext_lazy("Enter a time, as in 18:00.")},
            ),
        ]
        super().__init__(fields, require_all_fields=False, required=False, **options)

    def compress(self, data_list: Sequence[Any]) -> Moment:
        day, hour = [*data_list, None, None][:2]
        if day is None and hour is not None:
            raise ValidationError(_("Enter the day as well."), code="day_missing")
        if day is not None and not 2000 <= day.year <= 2100:
            raise ValidationError(_("Enter a year from 2000 to 2100."), code="date_range")
        return Moment(day or None, hour if hour != "" else None)


class NumberAndUnit(SideBySide):
    def __init__(self, choices: Sequence[tuple[str, Any]]) -> None:
        words = {"aria-label": gettext_lazy("Unit"), "class": "form-select"}
        number = forms.NumberInput(attrs={"min": 1})
        super().__init__([number, forms.Select(choices=choices, attrs=words)])


class NumberField(forms.IntegerField):
    def __init__(self, **options: Any) -> None:
        options.setdefault("min_value", 1)
        super().__init__(
            max_value=MOST,
            required=False,
            error_messages={
                "invalid": gettext_lazy("Enter a whole number."),
                "min_value": gettext_lazy("Enter at least %(limit_value)s, or nothing."),
            },
            **options,
        )


class LastingField(forms.MultiValueField):
    """A number of days, hours or minutes."""

    def __init__(self, **options: Any) -> None:
        choices = [
            ("days", gettext_lazy("days")),
            ("hours", gettext_lazy("hours")),
            ("minutes", gettext_lazy("minutes")),
        ]
        self.widget = NumberAndUnit(choices)
        fields = [NumberField(), forms.ChoiceField(choices=choices, required=False)]
        super().__init__(fields, require_all_fields=False, required=False, **options)

    def compress(self, data_list: Sequence[Any]) -> timedelta | None:
        number, unit = [*data_list, None, None][:2]
        if number is None:
            return None
        try:
            lasting: timedelta = number * UNITS[unit or "days"]
        except OverflowError as error:
            raise ValidationError(_("This is too long."), code="number_invalid") from error
        if lasting > timedelta(days=36_500):
            raise ValidationError(_("This is too long."), code="number_invalid")
        return lasting


def lasting_as_typed(lasting: timedelta | None) -> tuple[int, str] | None:
    if lasting is None:
        return None
    for name, unit in UNITS.items():
        if not lasting % unit:
            return lasting // unit, name
    return max(1, round(lasting / UNITS["minutes"])), "minutes"


class ThresholdField(forms.MultiValueField):
    """A number of codes, or a share of all."""

    def __init__(self, choices: Sequence[tuple[str, Any]], **options: Any) -> None:
        self.widget = NumberAndUnit(choices)
        fields = [NumberField(), forms.ChoiceField(choices=choices, required=False)]
        super().__init__(fields, require_all_fields=False, required=False, **options)

    def compress(self, data_list: Sequence[Any]) -> tuple[int | None, str]:
        number, unit = [*data_list, None, None][:2]
        if unit == "percent" and number is not None and number > 100:
            raise ValidationError(_("A share is at most 100 percent."), code="number_invalid")
        return number, unit or "codes"


class WordsField(forms.CharField):
    """Words between commas."""

    def __init__(self, *, longest: int, **options: Any) -> None:
        self.longest = longest
        super().__init__(required=False, max_length=2_000, **options)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        words = [word.strip() for word in (super().to_python(value) or "").split(",")]
        found = list(dict.fromkeys(word for word in words if word))
        if any(len(word) > self.longest for word in found):
            raise ValidationError(
                _("A tag has at most %(number)s letters.") % {"number": self.longest}
            )
        return found

    def run_validators(self, value: Any) -> None:
        if isinstance(value, str):
            super().run_validators(value)
        elif any("\0" in word for word in value):
            raise ValidationError(_("Null characters are not allowed."))

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class AttributesField(forms.CharField):
    """A name and a value on each line."""

    def __init__(self, **options: Any) -> None:
        area = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "code-area"})
        super().__init__(required=False, widget=area, max_length=10_000, **options)

    def clean(self, value: Any) -> dict[str, Any]:
        text = super().clean(value)
        found: dict[str, Any] = {}
        for number, line in enumerate(text.splitlines(), 1):
            name, colon, words = line.partition(":")
            if not line.strip():
                continue
            if not colon or not name.strip():
                raise ValidationError(
                    _("Line %(number)s: write a name, a colon and a value.") % {"number": number}
                )
            if name.strip() in found:
                raise ValidationError(
                    _("Line %(number)s: this name was there before.") % {"number": number}
                )
            found[name.strip()] = value_of(words.strip())
        return found

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{name}: {text_of(each)}" for name, each in value.items())


def value_of(text: str) -> Any:
    """Numbers, yes and no as such, all else as text."""
    try:
        value = json.loads(text, parse_constant=str)
    except ValueError:
        return text
    return text if isinstance(value, float) and value in (float("inf"), float("-inf")) else value


def text_of(value: Any) -> str:
    if isinstance(value, str) and value_of(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)
