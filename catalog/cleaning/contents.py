"""Cleaning the fields of offers and spaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from catalog.cleaning.markup import clean_html
from catalog.rendering import BadTemplate, Kind, parse_template, too_long
from catalog.rendering.values import CONTROLS
from catalog.scalars import LONGEST_FIELD
from catalog.shapes import (
    FallbackOfferShape,
    OfferShape,
    Rendering,
    RepresentationShape,
    SpaceShape,
)

Fields = Mapping[str, str]
AnyOffer = TypeVar("AnyOffer", OfferShape, FallbackOfferShape)


@dataclass(frozen=True)
class Cleaned:
    """A text that may be kept, and in words what was taken out of it."""

    text: str
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Removed:
    """Something that was taken out, and the path of its field: `content.html`."""

    path: str
    what: str


def clean_field(text: str, kind: Kind, *, fields: frozenset[str] = frozenset()) -> Cleaned:
    """The text as it is kept; raises BadTemplate. `fields` as in `parse_template`."""
    if len(text) > LONGEST_FIELD:  # before anything reads it
        raise too_long()
    text = CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if kind == "html":
        return Cleaned(*clean_html(text, fields=fields))
    if kind in {"url", "image", "line"}:
        text = text.strip()
    parse_template(text, kind=kind, fields=fields)
    return Cleaned(text)


class BadField(ValueError):
    """A field of an offer or a space that cannot be kept."""

    def __init__(self, path: str, error: BadTemplate) -> None:
        super().__init__(str(error))
        self.path = path
        self.error = error


def clean_content(
    content: Fields, kinds: Mapping[str, Kind], *, path: str = "content"
) -> tuple[dict[str, str], list[Removed]]:
    """Every field as it is kept; raises BadField. `kinds` knows every field by name."""
    kept: dict[str, str] = {}
    removed: list[Removed] = []
    for name, text in content.items():
        place = f"{path}.{name}"
        try:
            cleaned = clean_field(text, kinds.get(name, "text"))
        except BadTemplate as error:
            raise BadField(place, error) from error
        kept[name] = cleaned.text
        removed += [Removed(place, what) for what in cleaned.removed]
    return kept, removed


def clean_variants(
    translations: Mapping[str, Fields], kinds: Mapping[str, Kind], path: str
) -> tuple[dict[str, dict[str, str]], list[Removed]]:
    kept: dict[str, dict[str, str]] = {}
    removed: list[Removed] = []
    for language, content in translations.items():
        kept[language], more = clean_content(content, kinds, path=f"{path}.{language}")
        removed += more
    return kept, removed


def clean_offer(shape: AnyOffer, kinds: Mapping[str, Kind]) -> tuple[AnyOffer, list[Removed]]:
    """The form with safe content everywhere, and what was taken out; raises BadField."""
    content, removed = clean_content(shape.content, kinds)
    translations, more = clean_variants(shape.translations, kinds, "translations")
    removed += more
    representations = []
    for number, one in enumerate(shape.representations):
        kept, more = clean_representation(one, kinds, f"representations[{number}]")
        representations.append(kept)
        removed += more
    changes = {
        "content": content,
        "translations": translations,
        "representations": tuple(representations),
    }
    return shape.model_copy(update=changes), removed


def clean_representation(
    one: RepresentationShape, kinds: Mapping[str, Kind], path: str
) -> tuple[RepresentationShape, list[Removed]]:
    content, removed = clean_content(one.content, kinds, path=f"{path}.content")
    translations, more = clean_variants(one.translations, kinds, f"{path}.translations")
    changes = {"content": content, "translations": translations}
    return one.model_copy(update=changes), [*removed, *more]


def clean_space(shape: SpaceShape, names: frozenset[str]) -> tuple[SpaceShape, list[Removed]]:
    """The form with safe templates; raises BadField. `names` are those of all content fields."""
    given = {"html": shape.render.html, "text": shape.render.text, "json": shape.render.json_}
    kept: dict[str, str | None] = {}
    removed: list[Removed] = []
    kinds: Mapping[str, Kind] = {"html": "html", "text": "text", "json": "json"}
    for name, text in given.items():
        path = f"render.{name}"
        try:
            cleaned = clean_field(text, kinds[name], fields=names) if text else None
        except BadTemplate as error:
            raise BadField(path, error) from error
        kept[name] = cleaned.text if cleaned else None
        removed += [Removed(path, what) for what in (cleaned.removed if cleaned else ())]
    return shape.model_copy(update={"render": Rendering.model_validate(kept)}), removed
