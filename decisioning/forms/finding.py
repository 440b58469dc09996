"""What narrows the lists of decisions and of propositions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.timezone import get_current_timezone, make_aware
from django.utils.translation import gettext_lazy

from catalog.models.spaces import Status
from offers_site.filters import ListFilter


def day_field(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget)


class ByDate(ListFilter):
    """A stretch of days, the last one included, by the clocks of whoever looks."""

    @property
    def begins(self) -> datetime | None:
        first = self.asked("since")
        return midnight(first) if first else None

    @property
    def ends(self) -> datetime | None:
        last = self.asked("until")
        return midnight(last + timedelta(days=1)) if last and last < date.max else None


def midnight(day: date) -> datetime:
    return make_aware(datetime.combine(day, time()), get_current_timezone())


class DecisionFilter(ByDate):
    contact = forms.CharField(
        label=gettext_lazy("Person"),
        max_length=120,
        widget=forms.TextInput(
            attrs={"placeholder": gettext_lazy("Key"), "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    offer = forms.CharField(
        label=gettext_lazy("Offer"),
        max_length=120,
        widget=forms.TextInput(
            attrs={
                "placeholder": gettext_lazy("Code"),
                "autocomplete": "off",
                "spellcheck": "false",
            }
        ),
    )
    space = forms.ChoiceField(label=gettext_lazy("Space"))
    since = day_field(gettext_lazy("From"))
    until = day_field(gettext_lazy("Until"))
    arriving = forms.ChoiceField(
        label=gettext_lazy("New decisions"),
        choices=[("paused", gettext_lazy("paused"))],
        widget=forms.HiddenInput,
    )

    @property
    def is_paused(self) -> bool:
        return bool(self.asked("arriving"))


class ImpersonalFilter(DecisionFilter):
    """For those who may not see people."""

    contact = None  # type: ignore[assignment] # Django's way of leaving a field out


class PropositionFilter(ByDate):
    status = forms.TypedChoiceField(
        label=gettext_lazy("Status"),
        choices=[("", gettext_lazy("Any status")), *Status.choices],
        coerce=int,
        empty_value=None,
    )
    space = forms.ChoiceField(label=gettext_lazy("Space"))
    since = day_field(gettext_lazy("From"))
    until = day_field(gettext_lazy("Until"))


class PropositionOfSpaceFilter(PropositionFilter):
    field_order = ("status", "offer", "since", "until")

    space = None  # type: ignore[assignment]
    offer = forms.CharField(label=gettext_lazy("Offer"), max_length=64)


def with_spaces(filters: type[ListFilter], spaces: Iterable[tuple[str, Any]]) -> type[ListFilter]:
    """The filter with the spaces that there are to choose from."""
    chosen = forms.ChoiceField(
        label=gettext_lazy("Space"), choices=[("", gettext_lazy("Any space")), *spaces]
    )
    return type(f"{filters.__name__}Here", (filters,), {"space": chosen})
