"""Describing audiences, and filling lists."""

from __future__ import annotations

import re
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import AccessLabel, User, held_labels
from contacts.forms.rulefield import Rule, RuleField
from contacts.models import Audience, is_name
from offers_site.filters import ListFilter

MOST_KEYS = 100_000
IN_ADDRESSES = {"create"}
RULE_IS_MISSING = {"required": gettext_lazy("Add at least one condition.")}


class LabelsField(forms.ModelMultipleChoiceField[AccessLabel]):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            queryset=AccessLabel.objects.none(),
            to_field_name="code",
            label=gettext_lazy("Access labels"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text=gettext_lazy("Only people who hold all of them see it."),
            **options,
        )


class RuledForm(forms.Form):
    """A form with a rule, which it gives as text."""

    def clean_rule(self) -> str:
        rule: Rule = self.cleaned_data["rule"]
        return rule.text


class AudienceForm(forms.Form):
    """What a list and a rule have in common."""

    label = forms.CharField(
        label=gettext_lazy("Label"),
        error_messages={"required": gettext_lazy("Enter a label.")},
        max_length=80,
        help_text=gettext_lazy("As people say it, for example “Frequent travellers”."),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        error_messages={"required": gettext_lazy("Enter a name.")},
        max_length=50,
        validators=[is_name],
        help_text=gettext_lazy(
            "How rules and packages name it: small letters, digits and underscores. It never "
            "changes."
        ),
        widget=forms.TextInput(
            attrs={"data-proposed-by": "label", "data-proposed-as": "name", "spellcheck": "false"}
        ),
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    access_labels = LabelsField()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(rule := self.fields.get("rule"), RuleField):
            rule.for_user(user, kept=self.get_initial_for_field(rule, "rule") or "")
        held = held_labels(user)
        cast(LabelsField, self.fields["access_labels"]).queryset = held
        if not held.exists():
            del self.fields["access_labels"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name in IN_ADDRESSES:
            raise ValidationError(_("This word cannot be a name."))
        return name

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        given.setdefault("access_labels", [])
        return given


class AudienceCreateForm(RuledForm, AudienceForm):
    rule = RuleField(label=gettext_lazy("Rule"), error_messages=RULE_IS_MISSING)
    field_order = ("label", "name", "rule", "description", "access_labels")


class AudienceEditForm(RuledForm, AudienceForm):
    name = None  # type: ignore[assignment] # Django's way of leaving a field out
    rule = RuleField(label=gettext_lazy("Rule"), error_messages=RULE_IS_MISSING)
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    field_order = ("label", "rule", "description", "access_labels")


class ListEditForm(AudienceEditForm):
    rule = None  # type: ignore[assignment] # likewise


def read_keys(text: str) -> list[str]:
    """The keys of a text, by line or between commas, semicolons or tabs."""
    return [key.strip() for key in re.split(r"[\n\r,;\t]", text) if key.strip()]


class KeysField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=gettext_lazy("Keys of contacts"),
            widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "class": "code"}),
            help_text=gettext_lazy("One on each line, as they come out of a spreadsheet."),
            **options,
        )

    def clean(self, value: Any) -> list[str]:
        keys = read_keys(super().clean(value))
        if len(keys) > MOST_KEYS:
            raise ValidationError(_("Import larger lists as a file."))
        return keys


class ListCreateForm(AudienceForm):
    keys = KeysField(required=False)


class MembersForm(forms.Form):
    keys = KeysField(required=False)
    replaces = forms.TypedChoiceField(
        label=gettext_lazy("What to do with them"),
        error_messages={"required": gettext_lazy("Choose what to do with them.")},
        choices=[
            ("add", gettext_lazy("Add them to the list")),
            ("replace", gettext_lazy("Make them the whole list")),
        ],
        coerce=lambda word: word == "replace",
        initial="add",
        widget=forms.RadioSelect,
    )


class AudienceFilter(ListFilter):
    searches = True
    search_label = gettext_lazy("Name or label")

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[("", gettext_lazy("Any kind")), *Audience.Kind.choices],
    )

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for word in (self.asked("q") or "").split():
            queryset = queryset.filter(Q(name__icontains=word) | Q(label__resembles=word))
        if kind := self.asked("kind"):
            queryset = queryset.filter(kind=kind)
        return queryset
