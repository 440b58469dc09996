"""Declaring and changing attributes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.columns import LONGEST_TEXT, RESERVED
from contacts.models import Attribute, is_name
from contacts.values import BadValue, from_texts, to_text
from offers_site.filters import ListFilter
from rules.kinds import DECLARABLE, INT, STRING

MOST_CHOICES = 200
IN_ADDRESSES = {"create"}


class AttributeEditForm(forms.Form):
    label = forms.CharField(
        label=gettext_lazy("Label"),
        error_messages={"required": gettext_lazy("Enter a label.")},
        max_length=80,
        help_text=gettext_lazy("As people say it, for example “Loyalty tier”."),
    )
    choices = forms.CharField(
        label=gettext_lazy("Choices"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy(
            "One on each line: the value that is stored, then what people see, as in “gold = Gold "
            "card”. Leave it empty when any value will do. For texts and whole numbers only."
        ),
    )
    is_personal = forms.BooleanField(
        label=gettext_lazy("This is personal data"),
        required=False,
        help_text=gettext_lazy("Only people with the right to see personal data see its values."),
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Where it comes from and what it means."),
    )
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, of_type: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of_type = of_type

    def clean_choices(self) -> list[tuple[str, str]]:
        lines = [line for line in self.cleaned_data["choices"].splitlines() if line.strip()]
        if len(lines) > MOST_CHOICES:
            raise ValidationError(
                _("There can be at most %(most)s choices.") % {"most": MOST_CHOICES}
            )
        choices = {}
        for line in lines:
            value, _equals, label = (part.strip() for part in line.partition("="))
            if not value or value in choices or len(value) > LONGEST_TEXT:
                raise ValidationError(
                    _("“%(line)s” has no value, or one that stands above."), params={"line": line}
                )
            choices[value] = label or value
        return list(choices.items())

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        kind = DECLARABLE.get(given.get("type") or self.of_type)
        if given.get("choices") and kind is not None:
            self.check_choices(kind.element, given["choices"])
        return given

    def check_choices(self, kind: Any, choices: list[tuple[str, str]]) -> None:
        if kind not in (INT, STRING):
            self.add_error("choices", _("Only texts and whole numbers have choices."))
            return
        for value, _label in choices:
            try:
                same = to_text(from_texts(kind)(value, get_current_timezone())) == value
            except BadValue:
                same = False
            if not same:
                self.add_error("choices", _("“%(value)s” is not such a value.") % {"value": value})


class AttributeCreateForm(AttributeEditForm):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        error_messages={"required": gettext_lazy("Enter a name.")},
        max_length=50,
        validators=[is_name],
        help_text=gettext_lazy(
            "How rules and files name it: small letters, digits and underscores. It never changes."
        ),
        widget=forms.TextInput(
            attrs={"data-proposed-by": "label", "data-proposed-as": "name", "spellcheck": "false"}
        ),
    )
    type = forms.ChoiceField(
        label=gettext_lazy("Type"),
        error_messages={"required": gettext_lazy("Choose a type.")},
        choices=Attribute.Type.choices,
        help_text=gettext_lazy("It never changes either."),
    )
    version = None  # type: ignore[assignment] # Django's way of leaving a field out
    field_order = ("label", "name", "type", "choices", "is_personal", "description")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name in RESERVED | IN_ADDRESSES:
            raise ValidationError(
                _("Everybody has this already, or it is a word of the rule language.")
            )
        return name


class AttributeFilter(ListFilter):
    searches = True
    search_label = gettext_lazy("Name or label")

    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        choices=[
            ("", gettext_lazy("Any state")),
            ("active", gettext_lazy("In use")),
            ("retired", gettext_lazy("Retired")),
        ],
    )

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for word in (self.asked("q") or "").split():
            queryset = queryset.filter(Q(name__icontains=word) | Q(label__resembles=word))
        match self.asked("state"):
            case "active":
                return queryset.filter(retired_at=None)
            case "retired":
                return queryset.exclude(retired_at=None)
        return queryset
