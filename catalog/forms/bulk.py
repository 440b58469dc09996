"""Tagging many offers at once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.forms.fields import NewTagsField, TagsField, tag_choices


class TagForm(forms.Form):
    tags = TagsField()
    new_tags = NewTagsField()
    removes = forms.TypedChoiceField(
        label=gettext_lazy("What to do"),
        choices=[
            ("add", gettext_lazy("Add these tags")),
            ("remove", gettext_lazy("Take these tags off")),
        ],
        coerce=lambda word: word == "remove",
        initial="add",
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what to do.")},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        tags: Any = self.fields["tags"]
        tags.choices = tag_choices(())
        if not tags.choices:
            del self.fields["tags"]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not self.errors and not self.names():
            raise forms.ValidationError(_("Choose at least one tag."))
        return given

    def names(self) -> set[str]:
        given = self.cleaned_data
        return {*given.get("tags", ()), *given.get("new_tags", ())}
