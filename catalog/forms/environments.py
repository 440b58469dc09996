"""Environments, and the content fields that they declare."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from catalog.contentwords import LANGUAGES, language_label
from catalog.forms.rowsfield import RowsField
from catalog.forms.shaping import ShapedForm, TextAreaField, label_field, name_field
from catalog.models import Environment
from catalog.models.content import BUILT_IN_FIELDS, ContentType
from catalog.models.names import is_name
from catalog.shapes import CallDatum, ContentFieldShape, EnvironmentShape, Sample
from catalog.wordbook import call_topics, topics_of
from contacts.forms.audiences import LabelsField
from contacts.forms.rulefield import RuleField
from contacts.values import DECIMAL, NO, YES, BadValue, bad
from contacts.vocabulary import Topics
from offers_site.values import time_zones
from rules.kinds import DECLARABLE

TYPES = (
    ("string", gettext_lazy("Text")),
    ("int", gettext_lazy("Whole number")),
    ("double", gettext_lazy("Number")),
    ("bool", gettext_lazy("Yes or no")),
    ("date", gettext_lazy("Date")),
    ("timestamp", gettext_lazy("Date and time")),
    ("list<string>", gettext_lazy("List of texts")),
    ("list<int>", gettext_lazy("List of whole numbers")),
)
IN_ADDRESSES = {"create", "environments"}


def zone_choices() -> list[tuple[str, str]]:
    names = sorted(name for name in time_zones() if "/" in name or name == "UTC")
    return [(name, name.replace("_", " ")) for name in names if not name.startswith("Etc/")]


def languages() -> list[tuple[str, str]]:
    return sorted(((code, language_label(code)) for code in LANGUAGES), key=lambda pair: pair[1])


class CallDatumRow(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=50,
        validators=[is_name],
        widget=forms.TextInput(attrs={"spellcheck": "false", "class": "code"}),
        error_messages={"required": gettext_lazy("Enter a name.")},
    )
    type = forms.ChoiceField(
        label=gettext_lazy("Type"),
        choices=TYPES,
        error_messages={"required": gettext_lazy("Choose a type.")},
    )
    label = forms.CharField(label=gettext_lazy("Label"), max_length=80, required=False)
    choices = forms.CharField(
        label=gettext_lazy("Choices, between commas"), max_length=2000, required=False
    )


class SampleRow(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=50,
        validators=[is_name],
        widget=forms.TextInput(attrs={"spellcheck": "false", "class": "code"}),
        error_messages={"required": gettext_lazy("Enter a name.")},
    )
    label = forms.CharField(label=gettext_lazy("Label"), max_length=80, required=False)
    call = forms.CharField(
        label=gettext_lazy("Call data, one on each line: name = value"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "code"}),
    )


class EnvironmentForm(ShapedForm):
    """All of an environment; its tabs are its groups."""

    shape_type = EnvironmentShape

    label = label_field(gettext_lazy("As people say it, for example “Online shop”."))
    name = name_field(validators=[is_name])
    description = TextAreaField(label=gettext_lazy("Description"), max_length=2000)
    audience = forms.ChoiceField(
        label=gettext_lazy("People"),
        choices=Environment.People.choices,
        widget=forms.RadioSelect,
        initial="contacts",
        help_text=gettext_lazy(
            "Contacts are known by a key; visitors are not. It never changes: make a second "
            "environment for the others."
        ),
        error_messages={"required": gettext_lazy("Choose for whom.")},
    )
    timezone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=zone_choices,
        initial="Europe/Paris",
        help_text=gettext_lazy(
            "The zone in which the dates of offers are entered and take effect."
        ),
        error_messages={"required": gettext_lazy("Choose a time zone.")},
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of content"),
        choices=languages,
        initial="en",
        help_text=gettext_lazy(
            "The language in which offers are written; others are variants of it."
        ),
        error_messages={"required": gettext_lazy("Choose a language.")},
    )
    four_eyes = forms.BooleanField(
        label=gettext_lazy("Authors cannot approve their own offers"),
        required=False,
        help_text=gettext_lazy("Whoever edited a side of an offer last cannot approve that side."),
    )
    sandbox = forms.BooleanField(
        label=gettext_lazy("This is a sandbox"),
        required=False,
        help_text=gettext_lazy(
            "For trials: it carries a badge, and pages of the public never ask it."
        ),
    )
    filter = RuleField(
        label=gettext_lazy("Who may get an offer at all"),
        required=False,
        help_text=gettext_lazy("It holds for every offer of the environment, before all others."),
    )
    call_data = RowsField(
        CallDatumRow,
        adds=gettext_lazy("Declare call data"),
        label=gettext_lazy("What calls may tell"),
        help_text=gettext_lazy(
            "What a page or a call centre tells when it asks for offers: rules and templates name "
            "it as call.page."
        ),
    )
    samples = RowsField(
        SampleRow,
        adds=gettext_lazy("Add an example"),
        label=gettext_lazy("Examples of call data"),
        help_text=gettext_lazy("Previews and simulations use them in place of a real call."),
    )
    access_labels = LabelsField()

    groups = (
        (
            gettext_lazy("General"),
            (
                "label",
                "name",
                "description",
                "audience",
                "timezone",
                "language",
                "four_eyes",
                "sandbox",
            ),
        ),
        (pgettext_lazy("a rule", "Filter"), ("filter",)),
        (gettext_lazy("Call data"), ("call_data",)),
        (gettext_lazy("Examples"), ("samples",)),
        (gettext_lazy("Access"), ("access_labels",)),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        language = self.fields["language"]
        given = self.given.language if isinstance(self.given, EnvironmentShape) else ""
        if given and isinstance(language, forms.ChoiceField) and given not in LANGUAGES:
            language.choices = [(given, language_label(given)), *languages()]

    def is_of_something(self) -> None:
        super().is_of_something()
        del self.fields["audience"]

    def rules_for(self, topics: Topics) -> None:
        """What is being declared can be asked at once, saved or not."""
        if self.is_bound:
            rows = self.fields["call_data"].widget.value_from_datadict(self.data, {}, "call_data")
            told = {
                row.cleaned_data["name"]: datum(row.cleaned_data) for row in rows if row.is_valid()
            }
            call = call_topics({name: each.model_dump() for name, each in told.items()})
            more = topics_of(self.environment) if self.environment else topics
            topics = replace(more, call=call)
        super().rules_for(topics)

    def said(self, shape: Any) -> dict[str, Any]:
        return {
            **super().said(shape),
            "call_data": [
                {
                    "name": name,
                    "type": each.type,
                    "label": each.label,
                    "choices": ", ".join(each.choices),
                }
                for name, each in shape.call_data.items()
            ],
            "samples": [
                {"name": each.name, "label": each.label, "call": written(each.data)}
                for each in shape.samples
            ],
        }

    def clean_call_data(self) -> dict[str, CallDatum]:
        rows = self.cleaned_data["call_data"]
        if len({row["name"] for row in rows}) < len(rows):
            raise ValidationError(_("Two of these have the same name."))
        return {row["name"]: datum(row) for row in rows}

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if isinstance(declared := given.get("call_data"), dict) and "samples" in given:
            given["samples"] = tuple(self.samples_of(given["samples"], declared))
        return super().clean()

    def samples_of(
        self, rows: list[dict[str, Any]], declared: dict[str, CallDatum]
    ) -> list[Sample]:
        found = []
        for number, row in enumerate(rows, start=1):
            data = {}
            for line in filter(str.strip, row["call"].splitlines()):
                name, equals, text = (part.strip() for part in line.partition("="))
                if not equals:
                    self.add_error(
                        "samples",
                        _("Row %(number)s: write “%(line)s” as name = value.")
                        % {"number": number, "line": line.strip()[:80]},
                    )
                    continue
                try:
                    data[name] = read(text, declared[name].type) if name in declared else text
                except BadValue as refusal:
                    self.add_error(
                        "samples",
                        _("Row %(number)s, %(name)s: %(message)s")
                        % {"number": number, "name": name, "message": refusal.sentence},
                    )
            found.append(Sample(name=row["name"], label=row["label"], data=data))
        return found


def datum(row: dict[str, Any]) -> CallDatum:
    choices = (word.strip() for word in row["choices"].split(","))
    return CallDatum(type=row["type"], label=row["label"], choices=tuple(filter(None, choices)))


def read(text: str, word: str) -> Any:
    """A value as JSON has it; raises BadValue."""
    kind = DECLARABLE[word]
    if kind.is_list:
        return [read(part.strip(), str(kind.element)) for part in text.split(",") if part.strip()]
    match word:
        case "bool" if text.lower() in YES | NO:
            return text.lower() in YES
        case "int" if re.fullmatch(r"-?[0-9]{1,18}", text):
            return int(text)
        case "double" if DECIMAL.fullmatch(text.replace(",", ".")):
            return float(text.replace(",", "."))
        case "bool" | "int" | "double":
            raise bad(f"not_a{'n' if word == 'int' else ''}_{word}")
    return text


def written(data: Any) -> str:
    """The values of an example, a line each."""
    return "\n".join(f"{name} = {shown(value)}" for name, value in data.items())


def shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    return value if isinstance(value, str) else json.dumps(value)


class ContentFieldForm(ShapedForm):
    """A field of content that offers have besides the built-in ones."""

    shape_type = ContentFieldShape

    label = label_field(gettext_lazy("As authors see it, for example “Legal notice”."))
    name = name_field(validators=[is_name])
    type = forms.ChoiceField(
        label=gettext_lazy("Type"),
        choices=ContentType.choices,
        error_messages={"required": gettext_lazy("Choose a type.")},
    )
    help = forms.CharField(
        label=gettext_lazy("Help"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Shown below the field to whoever writes an offer."),
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name in BUILT_IN_FIELDS:
            raise ValidationError(_("Every offer has this field already."))
        return name
