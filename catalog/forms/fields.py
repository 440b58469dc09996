"""Fields that several forms of offers have: categories, tags, access labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import AccessLabel, User, held_labels
from catalog.legible import validate_legible
from catalog.models import Category, Environment, Tag
from catalog.tree import Tree, tree_of

MOST_TAGS = 50
SHOWN_TAGS = 60
SELECTED = " selected"


# --- categories ---


def category_choices(
    environment: Environment, user: User, *, nothing: Any, key: str = "name"
) -> list[tuple[str, str]]:
    """The tree as options, those below others moved in; only what the person may see."""
    return [("", nothing), *categories_seen(environment, user, key=key)]


def categories_seen(
    environment: Environment, user: User, *, key: str = "name"
) -> list[tuple[str, str]]:
    visible = Category.objects.filter(environment=environment).visible_to(user)
    return indented(tree_of(visible.only(*SHOWN_OF_CATEGORIES)), key=key)


SHOWN_OF_CATEGORIES = ("name", "label", "parent", "position")


def indented(tree: Tree, *, key: str = "name") -> list[tuple[str, str]]:
    return [
        (str(getattr(category, key)), "\u2003" * depth + category.label)
        for category, depth in tree.walk()
    ]


class LongSelect(forms.Select):
    """A select of hundreds of options. Django renders a template for each, and takes its time.

    Its choices are pairs, in no groups.
    """

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given = set(self.format_value(value))
        options = "".join(
            f'<option value="{escape(key)}"{SELECTED if str(key) in given else ""}>'
            f"{escape(label)}</option>"
            for key, label in self.choices
        )
        own = flatatt({"name": name, **self.build_attrs(self.attrs, attrs)})
        return mark_safe(f"<select{own}>{options}</select>")  # noqa: S308 (all escaped)


# --- tags ---


class TagsField(forms.MultipleChoiceField):
    """Existing tags, ticked; new ones are written beside them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=gettext_lazy("Tags"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            **options,
        )


class NewTagsField(forms.CharField):
    """New tags, between commas."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("New tags"),
            required=False,
            max_length=1000,
            help_text=gettext_lazy("Separated by commas, as in “summer, cross-selling”."),
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )

    def clean(self, value: Any) -> list[str]:
        words = [" ".join(word.split()) for word in super().clean(value).split(",")]
        found = list(dict.fromkeys(word for word in words if word))
        if any(len(word) > 50 for word in found):
            raise forms.ValidationError(_("A tag has at most 50 characters."))
        for word in found:
            validate_legible(word)
        if len(found) > MOST_TAGS:
            raise forms.ValidationError(_("These are too many tags."))
        return found


def tag_choices(chosen: Collection[str]) -> list[tuple[str, str]]:
    """The tags that are carried most, with those that are chosen."""
    known = Tag.objects.order_by("name").values_list("name", flat=True)
    names: Iterable[str] = sorted({*known[:SHOWN_TAGS], *chosen}, key=str.casefold)
    return [(name, name) for name in names]


# --- access labels ---


class LabelsField(forms.MultipleChoiceField):
    """The labels that the person holds; others that are there stay as they are."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Access labels"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text=gettext_lazy("Only people who hold all of them see it."),
        )

    def for_user(self, user: User) -> bool:
        """Offer the labels that the person holds; says whether there are any."""
        held: Iterable[AccessLabel] = held_labels(user)
        self.choices = [(label.code, label.name) for label in held]
        return bool(self.choices)
