"""Categories: what holds for every offer below."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from catalog.checking import LARGEST_MULTIPLIER, SMALLEST_MULTIPLIER
from catalog.forms.shaping import (
    MomentField,
    ShapedForm,
    TextAreaField,
    WordsField,
    label_field,
    name_field,
)
from catalog.models import Category
from catalog.models.names import is_name
from catalog.shapes import CategoryShape
from catalog.tree import Tree
from contacts.forms.audiences import LabelsField
from contacts.forms.rulefield import RuleField, Surround

INDENT = "\u2003"
MULTIPLIER = {"step": "any", "inputmode": "decimal"}


class CategoryForm(ShapedForm):
    """All that a category says; `tree` is that of those the person may see."""

    shape_type = CategoryShape

    label = label_field(gettext_lazy("As people say it, for example “Weekend trips”."))
    name = name_field(validators=[is_name])
    parent = forms.ChoiceField(label=gettext_lazy("Parent category"), required=False)
    description = TextAreaField(label=gettext_lazy("Description"), max_length=2000)
    enabled = forms.BooleanField(
        label=pgettext_lazy("a category", "Enabled"),
        required=False,
        initial=True,
        help_text=gettext_lazy("When off, no offer below is proposed."),
    )
    start = MomentField(label=gettext_lazy("From"))
    end = MomentField(
        label=gettext_lazy("Until"),
        help_text=gettext_lazy(
            "An offer is proposed only within the dates of all the categories above it. The end "
            "itself is not in."
        ),
    )
    multiplier = forms.FloatField(
        label=gettext_lazy("Multiplier"),
        min_value=SMALLEST_MULTIPLIER,
        max_value=LARGEST_MULTIPLIER,
        initial=1,
        localize=True,
        help_text=gettext_lazy(
            "The weights of all offers below are multiplied by it: 2 doubles them, 1 changes "
            "nothing. Those of categories above multiply too."
        ),
        error_messages={"required": gettext_lazy("Enter a number; 1 changes nothing.")},
    )
    multiplier_start = MomentField(label=gettext_lazy("Multiplied from"))
    multiplier_end = MomentField(label=gettext_lazy("Multiplied until"))
    themes = WordsField(
        label=gettext_lazy("Themes"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy(
            "Separated by commas. A call may ask for a theme; categories below have these as well."
        ),
    )
    filter = RuleField(
        label=gettext_lazy("Who may get the offers below"),
        required=False,
    )
    always_include = forms.BooleanField(
        label=gettext_lazy("Always include"),
        required=False,
        help_text=gettext_lazy(
            "Its offers take part in every call, whatever categories and themes it asks for: for "
            "offers that fill up."
        ),
    )
    access_labels = LabelsField()

    groups = (
        (gettext_lazy("General"), ("label", "name", "parent", "description", "enabled")),
        (gettext_lazy("When"), ("start", "end")),
        (gettext_lazy("Who"), ("filter",)),
        (
            gettext_lazy("How strongly"),
            ("multiplier", "multiplier_start", "multiplier_end", "always_include"),
        ),
        (gettext_lazy("Themes and access"), ("themes", "access_labels")),
    )

    def __init__(self, *args: Any, tree: Tree, category: Category | None = None, **options: Any):
        self.tree, self.category = tree, category
        super().__init__(*args, **options)
        parent = self.fields["parent"]
        if isinstance(parent, forms.ChoiceField):
            parent.choices = [("", _("At the top")), *self.places_above()]

    def places_above(self) -> list[tuple[str, str]]:
        """Where it can stand: below none of its own."""
        own = {each.pk for each in self.tree.subtree(self.category.pk)} if self.category else set()
        return [
            (each.name, f"{INDENT * depth}{each.label}")
            for each, depth in self.tree.walk()
            if each.pk not in own
        ]

    def surrounds(self) -> list[Surround]:
        environment = self.environment
        if environment is None:
            return []
        above = self.tree.chain(self.category.parent_id) if self.category else []
        return [
            Surround(environment.label, environment.filter),
            *(Surround(each.label, each.filter) for each in above),
        ]

    def said(self, shape: Any) -> dict[str, Any]:
        return {**super().said(shape), "parent": shape.parent or ""}

    def values(self) -> dict[str, Any]:
        values = super().values()
        return {**values, "parent": values.get("parent") or None}
