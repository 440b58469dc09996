"""What narrows the offers of one person, and what is tried for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models.spaces import Channel, Status
from contacts.vocabulary import Datum
from decisioning.engine.slots import MOST_OFFERS
from decisioning.forms.finding import ByDate, day_field
from offers_site.fields import LocalMomentField
from offers_site.identifiers import first_at
from offers_site.values import LAST_YEAR
from rules.kinds import Base

PREFIX = "call-"  # of the fields for what a call brings along


class OfferedFilter(ByDate):
    """The propositions of one person."""

    searches = True
    search_label = gettext_lazy("Code of the offer")

    status = forms.TypedChoiceField(
        label=gettext_lazy("Status"),
        choices=[("", gettext_lazy("Any status")), *Status.choices],
        coerce=int,
        empty_value=None,
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"),
        choices=[("", gettext_lazy("Any channel")), *Channel.choices],
    )
    since = day_field(gettext_lazy("From"))
    until = day_field(gettext_lazy("Until"))

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        text = (self.asked("q") or "").strip()
        if text:
            queryset = queryset.filter(Q(offer__icontains=text) | Q(space__icontains=text))
        if self.asked("status") is not None:
            queryset = queryset.filter(status=self.asked("status"))
        if self.asked("channel"):
            queryset = queryset.filter(channel=self.asked("channel"))
        if self.begins:
            queryset = queryset.filter(pk__gte=first_at(self.begins))
        if self.ends:
            queryset = queryset.filter(pk__lt=first_at(self.ends))
        return queryset


class TryForm(forms.Form):
    """A space, a moment, and what the call would bring along."""

    space = forms.ChoiceField(label=gettext_lazy("Space"), required=False)
    at = LocalMomentField(
        label=gettext_lazy("When"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    count = forms.IntegerField(
        label=gettext_lazy("Number of offers"),
        required=False,
        min_value=1,
        max_value=MOST_OFFERS,
        widget=forms.NumberInput(attrs={"placeholder": gettext_lazy("As the space says")}),
    )
    category = forms.ChoiceField(label=gettext_lazy("Category"), required=False)
    theme = forms.CharField(label=gettext_lazy("Theme"), required=False, max_length=120)
    sample = forms.ChoiceField(label=gettext_lazy("Example of a call"), required=False)
    # the example from which the fields below were filled: another one fills them anew
    filled = forms.CharField(required=False, max_length=120, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any],
        *,
        spaces: Sequence[tuple[str, Sequence[tuple[str, str]]]],
        categories: Sequence[tuple[str, str]],
        samples: Sequence[tuple[str, str]],
        call: Iterable[Datum],
        **kwargs: Any,
    ) -> None:
        super().__init__(data, auto_id="try-%s", use_required_attribute=False, **kwargs)
        choices: dict[str, Sequence[Any]] = {
            "space": spaces,
            "category": [("", _("As the space says")), *categories],
            "sample": [("", _("Without call data")), *samples],
        }
        for name, each in choices.items():
            self.fields[name].choices = each  # type: ignore[attr-defined] # a ChoiceField
        if not samples:
            del self.fields["sample"]
        for datum in call:
            self.fields[f"{PREFIX}{datum.name}"] = field_of(datum)
        for field in self.fields.values():
            field.is_said = True  # type: ignore[attr-defined] # all of it may be left open

    def clean_at(self) -> datetime | None:
        """A moment from which rules can look back and ahead."""
        at: datetime | None = self.cleaned_data["at"]
        if at is not None and not 1 < at.year <= LAST_YEAR:
            raise forms.ValidationError(_("Enter a date within the calendar."))
        return at

    def call(self) -> dict[str, Any]:
        """What the call would say, as a program writes it."""
        said = {
            name.removeprefix(PREFIX): value
            for name, value in self.cleaned_data.items()
            if name.startswith(PREFIX) and value not in (None, "", [])
        }
        return {
            name: value.isoformat() if hasattr(value, "isoformat") else value
            for name, value in said.items()
        }


def field_of(datum: Datum) -> forms.Field:
    """A field for something that calls bring along."""
    label, base = datum.label or datum.name, datum.kind.base
    if datum.kind.is_list:
        return ListOfWords(label=label, required=False, of=int if base == Base.INT else str)
    if datum.choices:
        choices = [("", "—"), *datum.choices.items()]
        return forms.ChoiceField(label=label, required=False, choices=choices)
    if base == Base.BOOL:
        return forms.TypedChoiceField(
            label=label,
            required=False,
            choices=[("", "—"), ("yes", _("yes")), ("no", _("no"))],
            coerce=lambda word: word == "yes",
            empty_value=None,
        )
    if base == Base.DATE:
        return forms.DateField(
            label=label, required=False, widget=forms.DateInput(attrs={"type": "date"})
        )
    if base == Base.TIMESTAMP:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"})
        return LocalMomentField(label=label, required=False, widget=widget)
    kinds = {Base.INT: forms.IntegerField, Base.DOUBLE: forms.FloatField}
    return kinds.get(base, forms.CharField)(label=label, required=False)


class ListOfWords(forms.CharField):
    """Several values with commas between them."""

    def __init__(self, *, of: type, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.of = of

    def clean(self, value: Any) -> list[Any]:
        words = [word.strip() for word in super().clean(value).split(",") if word.strip()]
        try:
            return [self.of(word) for word in words]
        except ValueError:
            raise forms.ValidationError(
                _("Enter whole numbers with commas between them.")
            ) from None
