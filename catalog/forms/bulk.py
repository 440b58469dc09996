"""Tagging and moving many offers at once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from catalog.forms.fields import LongSelect, NewTagsField, TagsField, category_choices, tag_choices
from catalog.models import Environment


class BulkForm(forms.Form):
    """What is asked about many offers of an environment."""

    def __init__(self, *args: Any, environment: Environment, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.environment, self.user = environment, user
        self.prepare()

    def prepare(self) -> None:
        """Offer what there is to choose from."""


class MoveForm(BulkForm):
    category = forms.ChoiceField(
        label=gettext_lazy("To the category"),
        required=False,
        widget=LongSelect,
        error_messages={"invalid_choice": gettext_lazy("Choose one of the categories.")},
    )

    def prepare(self) -> None:
        category: Any = self.fields["category"]
        nothing = _("None: at the root of the catalogue")
        category.choices = category_choices(self.environment, self.user, nothing=nothing)


class TagForm(BulkForm):
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

    def prepare(self) -> None:
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
