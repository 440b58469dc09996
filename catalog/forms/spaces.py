"""Spaces: where offers appear, what they need there and how they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from catalog.contentwords import FieldOfForm, Word, content_settings, for_browser
from catalog.forms.categories import INDENT
from catalog.forms.rowsfield import RowsField
from catalog.forms.shaping import (
    ShapedForm,
    TextAreaField,
    WordsField,
    label_field,
    name_field,
)
from catalog.forms.spaceparts import CodeField, ExpressionRow, FieldRow, KeyRow
from catalog.models import Category, Channel, Offer, Space, Status, TiePolicy
from catalog.models.names import has_no_rank, is_name
from catalog.shapes import Diversity, Rendering, SpaceShape
from catalog.tree import tree_of
from catalog.veiling import hidden_word
from contacts.columns import known

STATUSES = [(each.word, each.label) for each in Status]


class SpaceForm(ShapedForm):
    shape_type = SpaceShape
    places = {
        "render.html": "render_html",
        "render.text": "render_text",
        "render.json": "render_json",
        "diversity.max_per_category": "max_per_category",
        "diversity.category_depth": "category_depth",
    }

    label = label_field(gettext_lazy("As people say it, for example “Home page, top”."))
    name = name_field(validators=[is_name, has_no_rank])
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"),
        choices=Channel.choices,
        error_messages={"required": gettext_lazy("Choose a channel.")},
    )
    description = TextAreaField(
        label=gettext_lazy("Guidance for authors"),
        max_length=2000,
        help_text=gettext_lazy(
            "What somebody who writes an offer for this space should know: sizes, lengths, tone."
        ),
    )
    unitary = forms.BooleanField(
        label=gettext_lazy("Answers single calls"),
        required=False,
        help_text=gettext_lazy("Pages and agents ask it for one person at a time."),
    )
    default_count = forms.IntegerField(
        label=gettext_lazy("Offers by default"),
        min_value=1,
        max_value=50,
        initial=1,
        help_text=gettext_lazy("How many offers a call gets when it does not say."),
        error_messages={"required": gettext_lazy("Enter a number.")},
    )
    default_category = forms.ChoiceField(
        label=gettext_lazy("Default category"),
        required=False,
        help_text=gettext_lazy("Where a call looks when it names neither category nor theme."),
    )
    default_themes = WordsField(
        label=gettext_lazy("Default themes"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Separated by commas."),
    )
    fields_ = RowsField(
        FieldRow,
        adds=gettext_lazy("Add a field"),
        label=gettext_lazy("Content fields"),
        help_text=gettext_lazy(
            "What an offer says here, in this order. Without its required fields an offer is not "
            "shown here."
        ),
    )
    render_html = CodeField("html", label=gettext_lazy("HTML"))
    render_text = CodeField("text", label=gettext_lazy("Text"))
    render_json = CodeField("json", label=gettext_lazy("JSON"))
    identification = RowsField(
        KeyRow,
        adds=gettext_lazy("Add an attribute"),
        label=gettext_lazy("A call names its person by"),
        help_text=gettext_lazy(
            "In the order in which callers give them. With none, it is the key of the contact."
        ),
    )
    needs_token = forms.BooleanField(
        label=gettext_lazy("Only signed identification"),
        required=False,
        help_text=gettext_lazy("A page cannot pretend to be somebody else."),
    )
    implicit_identification = forms.BooleanField(
        label=gettext_lazy("Recognises browsers"),
        required=False,
        help_text=gettext_lazy("Somebody who has identified in this browser before is known."),
    )
    anonymous_space = forms.ChoiceField(
        label=gettext_lazy("Whoever is not identified is answered by"),
        required=False,
        help_text=gettext_lazy("A space for visitors of the same channel."),
    )
    record = forms.BooleanField(
        label=gettext_lazy("Records propositions"),
        required=False,
        initial=True,
        help_text=gettext_lazy(
            "When off, caps and presentation rules do not count what this space shows."
        ),
    )
    status_on_proposition = forms.ChoiceField(
        label=gettext_lazy("Status when proposed"),
        choices=STATUSES,
        initial="generated",
        error_messages={"required": gettext_lazy("Choose a status.")},
    )
    status_on_acceptance = forms.ChoiceField(
        label=gettext_lazy("Status when accepted"),
        choices=STATUSES,
        initial="accepted",
        error_messages={"required": gettext_lazy("Choose a status.")},
    )
    store_on_proposition = RowsField(
        ExpressionRow,
        adds=gettext_lazy("Keep a value"),
        is_ordered=False,
        label=gettext_lazy("Kept when proposed"),
        help_text=gettext_lazy(
            "Values of the person, the call or the offer that stay with the proposition."
        ),
    )
    store_on_status = RowsField(
        ExpressionRow,
        adds=gettext_lazy("Keep a value"),
        is_ordered=False,
        label=gettext_lazy("Kept when accepted or rejected"),
    )
    tie_policy = forms.ChoiceField(
        label=gettext_lazy("Between offers of the same weight"),
        choices=TiePolicy.choices,
        widget=forms.RadioSelect,
        initial="rotate",
        error_messages={"required": gettext_lazy("Choose what decides.")},
    )
    max_per_category = forms.IntegerField(
        label=gettext_lazy("Offers of one category in an answer, at most"),
        required=False,
        min_value=1,
        max_value=1000,
    )
    category_depth = forms.IntegerField(
        label=gettext_lazy("Counted at which depth"),
        required=False,
        min_value=1,
        max_value=1000,
        help_text=gettext_lazy(
            "1 counts by the topmost categories. Empty: by those in which the offers stand."
        ),
    )
    fallback_offer = forms.ChoiceField(
        label=gettext_lazy("Fallback offer"),
        required=False,
        help_text=gettext_lazy("Shown to whoever nothing else is left for."),
    )
    fill_with_fallback = forms.BooleanField(
        label=gettext_lazy("Fill up with the fallback offer"),
        required=False,
        help_text=gettext_lazy("Also when there are some offers, but fewer than asked for."),
    )

    groups = (
        (
            gettext_lazy("General"),
            (
                "label",
                "name",
                "channel",
                "description",
                "unitary",
                "default_count",
                "default_category",
                "default_themes",
            ),
        ),
        (gettext_lazy("Content fields"), ("fields_",)),
        (gettext_lazy("Rendering"), ("render_html", "render_text", "render_json")),
        (
            gettext_lazy("Identification"),
            ("identification", "needs_token", "implicit_identification", "anonymous_space"),
        ),
        (
            gettext_lazy("Recording"),
            (
                "record",
                "status_on_proposition",
                "status_on_acceptance",
                "store_on_proposition",
                "store_on_status",
            ),
        ),
        (gettext_lazy("Ties"), ("tie_policy", "max_per_category", "category_depth")),
        (gettext_lazy("Fallback"), ("fallback_offer", "fill_with_fallback")),
    )

    def __init__(self, *args: Any, space: Space | None = None, **options: Any) -> None:
        self.space = space
        environment = options["environment"]
        self.settings = content_settings(environment)
        super().__init__(*args, **options)
        self.offer_choices()
        names = frozenset(each.name for each in self.settings.fields)
        for field in self.fields.values():
            if isinstance(field, CodeField):
                field.names = names

    def offer_choices(self) -> None:
        rows = {
            "fields_": {"fields": [(each.name, shown(each)) for each in self.settings.fields]},
            "identification": {"keys": keys()},
        }
        for name, options in rows.items():
            field = self.fields[name]
            if isinstance(field, RowsField):
                field.options = options
        for name, nothing, choices in (
            ("default_category", pgettext("category", "None"), self.categories()),
            ("fallback_offer", pgettext("fallback offer", "None"), self.fallback_offers()),
            ("anonymous_space", _("None"), self.spaces_for_visitors()),
        ):
            self.choose(name, nothing, choices)
        if self.environment is not None and self.environment.is_for_visitors:
            del self.fields["anonymous_space"]

    def choose(self, name: str, nothing: str, choices: list[tuple[str, str]]) -> None:
        """Those that the person may see, and the one that is chosen now, with no name if hidden."""
        field = self.fields[name]
        chosen = getattr(self.given, name, None)
        if chosen and chosen not in {value for value, _label in choices}:
            choices = [*choices, (HIDDEN, hidden_word())]
            self.initial[name] = HIDDEN
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", nothing), *choices]

    def categories(self) -> list[tuple[str, str]]:
        seen = Category.objects.filter(environment=self.environment).visible_to(self.user)
        return [
            (each.name, f"{INDENT * depth}{each.label}") for each, depth in tree_of(seen).walk()
        ]

    def fallback_offers(self) -> list[tuple[str, str]]:
        seen = Offer.objects.filter(environment=self.environment).visible_to(self.user)
        rows = seen.fallback_offers().order_by("label", "code").values_list("code", "label")
        return [(code, f"{label} ({code})") for code, label in rows]

    def spaces_for_visitors(self) -> list[tuple[str, str]]:
        rows = Space.objects.filter(environment__people="visitors").order_by("label", "name")
        return [
            (name, f"{label} ({environment}, {Channel(channel).label})")
            for name, label, environment, channel in rows.values_list(
                "name", "label", "environment__label", "channel"
            )
        ]

    def browser(self) -> Mapping[str, Any]:
        """What the templates may name, for the module that completes."""
        own = [Word(each.name, each.label) for each in self.settings.fields]
        settings = for_browser(self.settings)
        return {
            **settings,
            "words": [*({"name": w.name, "label": w.label} for w in own), *settings["words"]],
        }

    # --- from the shape and to it ---

    def said(self, shape: Any) -> dict[str, Any]:
        given = super().said(shape)
        return {
            **given,
            **{name: given[name] or "" for name in CHOICES},
            "fields_": [{"name": each.name, "required": each.required} for each in shape.fields],
            "render_html": shape.render.html or "",
            "render_text": shape.render.text or "",
            "render_json": shape.render.json_ or "",
            "identification": [{"name": name} for name in shape.identification],
            "store_on_proposition": rows_of(shape.store_on_proposition),
            "store_on_status": rows_of(shape.store_on_status),
            "max_per_category": shape.diversity.max_per_category,
            "category_depth": shape.diversity.category_depth,
        }

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            **super().values(),
            **{name: self.chosen(name) for name in CHOICES if name in given},
            "fields": tuple(given["fields_"]),
            "identification": tuple(row["name"] for row in given["identification"]),
            "render": Rendering.model_validate(
                {
                    "html": given["render_html"],
                    "text": given["render_text"],
                    "json": given["render_json"],
                }
            ),
            "store_on_proposition": self.expressions("store_on_proposition"),
            "store_on_status": self.expressions("store_on_status"),
            "diversity": Diversity(
                max_per_category=given["max_per_category"], category_depth=given["category_depth"]
            ),
        }

    def chosen(self, name: str) -> str | None:
        value = self.cleaned_data[name]
        return getattr(self.given, name) if value == HIDDEN else value or None

    def expressions(self, name: str) -> dict[str, str]:
        rows = self.cleaned_data[name]
        if len({row["name"] for row in rows}) < len(rows):
            self.add_error(name, _("Two of these have the same name."))
            return {}
        return {row["name"]: row["rule"] for row in rows}

    def field_at(self, path: str) -> tuple[str, str]:
        name, rest = super().field_at(path)
        return ("fields_", rest) if name == "fields" else (name, rest)


CHOICES = ("default_category", "anonymous_space", "fallback_offer")
HIDDEN = "?"  # no name of anything


def shown(field: FieldOfForm) -> str:
    return f"{field.label} ({field.name})"


def keys() -> list[tuple[str, str]]:
    """What a person can be known by: the attributes that have one value."""
    return [
        (column.name, f"{column.label} (contact.{column.name})")
        for column in known().values()
        if not column.kind.is_list
    ]


def rows_of(expressions: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "rule": rule} for name, rule in expressions.items()]
