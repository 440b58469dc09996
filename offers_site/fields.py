"""Fields that forms of several rooms have."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import get_current_timezone

from offers_site.values import NoSuchMoment, moment_by


class LocalMomentField(forms.DateTimeField):
    """A moment as the clocks of the current zone show it; see `moment_by`."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError as error:
            if error.code != "ambiguous_timezone":
                raise
            local = (error.params or {})["datetime"]
        try:
            return moment_by(local, get_current_timezone())
        except NoSuchMoment as refusal:
            raise ValidationError(str(refusal), code="date_nonexistent") from refusal
