"""The parts of a space's form: its templates, and rows of fields, keys and expressions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.cleaning import clean_field
from catalog.forms.content import ContentWidget, sentence_of
from catalog.models.names import is_name
from catalog.rendering import BadTemplate, Kind
from rules.limits import LONGEST_TEXT


class CodeField(forms.CharField):
    """The template of a space: it may name the fields of the content."""

    def __init__(self, kind: Kind, **options: Any) -> None:
        widget = ContentWidget(attrs={"rows": 8, "data-completes": kind})
        widget.kind = "json"  # written as code, whatever comes out of it
        super().__init__(required=False, strip=False, widget=widget, **options)
        self.kind: Kind = kind
        self.names: frozenset[str] = frozenset()

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text.strip():
            return None
        try:
            return clean_field(text, self.kind, fields=self.names).text or None
        except BadTemplate as error:
            raise ValidationError(sentence_of(error, one_line=False)) from error


class FieldRow(forms.Form):
    name = forms.ChoiceField(
        label=gettext_lazy("Field"),
        error_messages={"required": gettext_lazy("Choose a field.")},
    )
    required = forms.BooleanField(label=gettext_lazy("Required"), required=False)

    def __init__(self, *args: Any, fields: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        choice = self.fields["name"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [("", _("Choose…")), *fields]


class KeyRow(forms.Form):
    name = forms.ChoiceField(
        label=gettext_lazy("Attribute"),
        error_messages={"required": gettext_lazy("Choose an attribute.")},
    )

    def __init__(self, *args: Any, keys: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        choice = self.fields["name"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [("", _("Choose…")), *keys]


class ExpressionRow(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Kept as"),
        max_length=50,
        validators=[is_name],
        widget=forms.TextInput(attrs={"spellcheck": "false", "class": "code"}),
        error_messages={"required": gettext_lazy("Enter a name.")},
    )
    rule = forms.CharField(
        label=gettext_lazy("Value"),
        max_length=LONGEST_TEXT,
        widget=forms.TextInput(
            attrs={"spellcheck": "false", "class": "code", "placeholder": "call.page"}
        ),
        error_messages={"required": gettext_lazy("Enter a value.")},
    )
