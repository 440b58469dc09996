"""Which days a report is about."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

INVALID = {"invalid": gettext_lazy("Enter a day, as in 2026-01-28.")}


class PeriodForm(forms.Form):
    since = forms.DateField(
        label=gettext_lazy("From"),
        required=False,
        error_messages=INVALID,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    until = forms.DateField(
        label=gettext_lazy("Until"),
        required=False,
        error_messages=INVALID,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day comes after the first."))
        return self.cleaned_data

    @property
    def period(self) -> tuple[date | None, date | None]:
        """What was asked; anything where it was asked wrongly."""
        if not self.is_valid():
            return None, None
        return self.cleaned_data["since"], self.cleaned_data["until"]
