"""What an offer says, in a form: everywhere and in each space, in each language.

    form = ContentForm(request.POST or None, settings=content_settings(offer.environment)
        .with_spaces(spaces), shape=offer_shape(offer))
    if form.asks_for_language:  # somebody added a language: show the form again, save nothing
        ...
    elif form.is_valid():
        shape = form.shape()        # with the new content, translations and representations
        for notice in form.removed: ...   # what was taken out, as sentences

`templates/components/content.html` draws it, with `form` alone. Without JavaScript it is text
areas; a field of a space that is left empty says what the offer says everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.cleaning import Cleaned, clean_field
from catalog.contentwords import (
    LANGUAGES,
    ContentSettings,
    FieldOfForm,
    SpaceOfForm,
    for_browser,
    language_label,
)
from catalog.rendering import BadTemplate, Kind
from catalog.shapes import FallbackOfferShape, OfferShape, RepresentationShape

ICONS = (
    *("undo-2", "redo-2", "bold", "italic", "underline", "link", "heading-2", "heading-3", "list"),
    *("list-ordered", "quote", "minus", "remove-formatting"),
)
EVERYWHERE = "*"  # no space is called so


# --- one field ---


class ContentWidget(forms.Textarea):
    """A text area, and around it what helps to write into it."""

    template_name = "components/content_field.html"
    kind: Kind = "text"

    def _render(self, template_name: str, context: Any, renderer: Any = None) -> SafeString:
        """With the engine of our pages, which knows our components and tags."""
        return render_to_string(template_name, context)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["kind"] = self.kind
        return context


class TemplateField(forms.CharField):
    """A text that may hold values of people. Clean, it is a `Cleaned`."""

    def __init__(self, kind: Kind, **options: Any) -> None:
        widget = ContentWidget(attrs={"rows": ROWS[kind], "data-completes": kind})
        widget.kind = kind
        super().__init__(required=False, strip=False, widget=widget, **options)
        self.kind = kind

    def clean(self, value: Any) -> Any:
        try:
            return clean_field(super().clean(value), self.kind)
        except BadTemplate as error:
            raise ValidationError(sentence_of(error, one_line=ROWS[self.kind] == 1)) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(initial or "") != str(data or "").replace("\r\n", "\n")


ROWS: Mapping[Kind, int] = {"line": 1, "url": 1, "image": 1, "text": 5, "html": 8, "json": 8}


def sentence_of(error: BadTemplate, *, one_line: bool) -> str:
    if one_line:
        return str(error)
    place = {"line": error.line, "column": error.column, "message": error.message}
    return _("Line %(line)d, character %(column)d: %(message)s") % place


# --- how they stand on the page ---


@dataclass(frozen=True)
class Place:
    """Where a field stands: everywhere or in a space, in a language."""

    space: str
    language: str
    field: str

    @property
    def key(self) -> str:
        return f"content.{self.space}.{self.language}.{self.field}"


@dataclass(frozen=True)
class Row:
    """A field on the page; `inherited` is what it says while it is empty."""

    bound: BoundField
    kind: Kind
    inherited: str = ""
    is_required: bool = False


@dataclass(frozen=True)
class Variant:
    """The fields of a panel in one language."""

    language: str
    label: str
    is_default: bool
    rows: list[Row]

    @property
    def id(self) -> str:
        return self.rows[0].bound.auto_id if self.rows else self.language

    @property
    def has_errors(self) -> bool:
        return any(row.bound.errors for row in self.rows)

    @property
    def is_filled(self) -> bool:
        return any(row.bound.value() for row in self.rows)


@dataclass(frozen=True)
class Panel:
    """Everything that is said everywhere, or in one space."""

    name: str
    label: str
    channel: str
    variants: list[Variant]

    @property
    def has_errors(self) -> bool:
        return any(variant.has_errors for variant in self.variants)

    @property
    def is_filled(self) -> bool:
        return any(variant.is_filled for variant in self.variants)


# --- the form ---


class LanguageForm(forms.Form):
    """The choice of a language to add."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)

    def __init__(self, present: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(code, language_label(code)) for code in LANGUAGES if code not in present]
        self.fields["language"].choices = sorted(choices, key=lambda pair: pair[1])  # type: ignore[attr-defined] # a choice field


class ContentForm(forms.Form):
    """The content of an offer or a fallback offer."""

    icons = ICONS

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        settings: ContentSettings,
        shape: OfferShape | FallbackOfferShape,
    ) -> None:
        super().__init__(data)
        self.settings = settings
        self.given = shape
        self.languages = self.languages_of(data)
        self.places = {place.key: place for place in self.all_places()}
        for key, place in self.places.items():
            field = self.field_of(place.field)
            self.fields[key] = TemplateField(
                field.kind, label=field.label, help_text=field.help, initial=self.said(place)
            )

    def languages_of(self, data: Mapping[str, Any] | None) -> list[str]:
        """The default one, those with content, and those that were just added."""
        present = [self.settings.language, *self.given.translations]
        for one in self.given.representations:
            present += one.translations
        if data is not None:
            present += getattr(data, "getlist", lambda key: [])("content-languages")
            added = data.get("content-language")
            present += [added] if "content-add" in data and added in LANGUAGES else []
        known = {*LANGUAGES, *self.given.translations, self.settings.language}
        known.update(code for one in self.given.representations for code in one.translations)
        return list(dict.fromkeys(code for code in present if code in known))

    @property
    def asks_for_language(self) -> bool:
        """Was the form sent to add a language, and not to be saved?"""
        return self.is_bound and "content-add" in self.data

    def all_places(self) -> Iterator[Place]:
        for space in (EVERYWHERE, *(space.name for space in self.settings.spaces)):
            for language in self.languages:
                for name in self.names_in(space):
                    yield Place(space, language, name)

    def names_in(self, space: str) -> list[str]:
        """The fields of a panel: those that its space has, or all."""
        wanted = self.space(space).fields if space != EVERYWHERE else ()
        known = [field.name for field in self.settings.fields]
        return [name for name in wanted if name in known] or known

    def space(self, name: str) -> SpaceOfForm:
        return next(space for space in self.settings.spaces if space.name == name)

    def field_of(self, name: str) -> FieldOfForm:
        return next(field for field in self.settings.fields if field.name == name)

    def said(self, place: Place) -> str:
        """What is written at a place now."""
        holder: Any = self.given if place.space == EVERYWHERE else self.representation(place.space)
        if place.language == self.settings.language:
            return str(holder.content.get(place.field, ""))
        return str(holder.translations.get(place.language, {}).get(place.field, ""))

    def representation(self, space: str) -> RepresentationShape:
        found = (one for one in self.given.representations if one.space == space)
        return next(found, RepresentationShape(space=space))

    # --- what came in ---

    def written(self, space: str) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """The content and its variants of a panel; what it does not show stays as it is."""
        holder: Any = self.given if space == EVERYWHERE else self.representation(space)
        content = dict(holder.content)
        translations = {code: dict(fields) for code, fields in holder.translations.items()}
        for key, place in self.places.items():
            if place.space != space:
                continue
            text = self.cleaned_data[key].text
            into = (
                content
                if place.language == self.settings.language
                else translations.setdefault(place.language, {})
            )
            into.pop(place.field, None)
            if text.strip():
                into[place.field] = text
        return content, {code: fields for code, fields in translations.items() if fields}

    def shape(self) -> OfferShape | FallbackOfferShape:
        """The form of the offer with what was written."""
        content, translations = self.written(EVERYWHERE)
        representations = {one.space: one for one in self.given.representations}
        for space in self.settings.spaces:
            own, variants = self.written(space.name)
            representations[space.name] = RepresentationShape(
                space=space.name, content=own, translations=variants
            )
        changes = {
            "content": content,
            "translations": translations,
            "representations": tuple(representations.values()),
        }
        return self.given.model_copy(update=changes)

    @property
    def removed(self) -> list[str]:
        """What was taken out to make it safe: a sentence for each field."""
        said = []
        for key, place in self.places.items():
            cleaned: Cleaned | None = self.cleaned_data.get(key)
            if cleaned and cleaned.removed:
                words = {"field": self.label_at(place), "what": ", ".join(cleaned.removed)}
                said.append(_("%(field)s: taken out because it is not safe: %(what)s.") % words)
        return said

    def label_at(self, place: Place) -> str:
        label = str(self.fields[place.key].label)
        return label if place.space == EVERYWHERE else f"{label} ({self.space(place.space).label})"

    # --- for the page ---

    @property
    def panels(self) -> list[Panel]:
        return [
            self.panel(EVERYWHERE, _("Everywhere"), ""),
            *(self.panel(one.name, one.label, one.channel) for one in self.settings.spaces),
        ]

    def panel(self, space: str, label: str, channel: str) -> Panel:
        return Panel(space, label, channel, [self.variant(space, each) for each in self.languages])

    def variant(self, space: str, language: str) -> Variant:
        is_default = language == self.settings.language
        rows = [self.row(Place(space, language, name)) for name in self.names_in(space)]
        return Variant(language, language_label(language), is_default, rows)

    def row(self, place: Place) -> Row:
        required = self.space(place.space).required if place.space != EVERYWHERE else frozenset()
        return Row(
            self[place.key],
            self.field_of(place.field).kind,
            inherited=self.inherited(place),
            is_required=place.field in required and place.language == self.settings.language,
        )

    def inherited(self, place: Place) -> str:
        """What is said at a place where nothing is written."""
        default = self.settings.language
        ways = [
            Place(EVERYWHERE, place.language, place.field),
            Place(place.space, default, place.field),
            Place(EVERYWHERE, default, place.field),
        ]
        others = (way for way in ways if way != place)
        return next((text for text in map(self.now_at, others) if text), "")

    def now_at(self, place: Place) -> str:
        return str(self[place.key].value() or "") if place.key in self.places else ""

    @property
    def language_form(self) -> LanguageForm:
        return LanguageForm(self.languages)

    @property
    def for_browser(self) -> dict[str, Any]:
        return for_browser(self.settings)
