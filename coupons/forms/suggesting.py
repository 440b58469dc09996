"""Texts for which there are suggestions, beside what people write themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString


class SuggestInput(forms.TextInput):
    """A text with suggestions, in a list beside it."""

    template_name = "coupons/suggest_input.html"

    def _render(self, template_name: str, context: Any, renderer: Any = None) -> SafeString:
        """By the engine of our templates, which Django's forms do not use."""
        return render_to_string(template_name, context)

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__({**(attrs or {}), "autocomplete": "off"})
        self.suggestions: Sequence[str] = ()

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["suggestions"] = self.suggestions
        context["widget"]["attrs"]["list"] = f"{context['widget']['attrs'].get('id', name)}-list"
        return context


def suggest(field: forms.Field, suggestions: Sequence[str]) -> None:
    cast(SuggestInput, field.widget).suggestions = suggestions
