"""One form for what means the same, so that what is saved reads back exactly as it was given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from catalog.cleaning import Cleaned, clean_field
from catalog.describing import number
from catalog.rendering import Kind as TemplateKind
from catalog.rendering.representing import KIND_OF_TYPE
from catalog.shapes import (
    CategoryShape,
    EnvironmentShape,
    FallbackOfferShape,
    OfferShape,
    PresentationRuleShape,
    Shape,
    SpaceShape,
)

S = TypeVar("S", bound=Shape)
SIXTH = Decimal("0.000001")


Kinds = Mapping[str, str]  # the types of content fields, by name
Clean = Callable[..., Cleaned]  # as catalog.cleaning.clean_field


@dataclass(frozen=True)
class Ways:
    """What forms are tidied with: the environment's content fields, and how a text is cleaned."""

    fields: Kinds
    clean: Clean = clean_field

    def content(self, content: Mapping[str, str]) -> dict[str, str]:
        return {name: self.text(name, text) for name, text in content.items()}

    def text(self, name: str, text: str) -> str:
        return self.clean(text, KIND_OF_TYPE[self.fields[name]]).text if text else text

    def translations(self, languages: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
        return {code: self.content(content) for code, content in languages.items()}

    def template(self, text: str | None, kind: TemplateKind) -> str | None:
        return self.clean(text, kind, fields=frozenset(self.fields)).text or None if text else None


def tidy(shape: S, fields: Kinds, clean: Clean = clean_field) -> S:
    """The form as rows give it back: safe content, no empty rule, sorted tags, a plain number.

    `fields` are the environment's content fields. What is tidy stays as it is.
    """
    changes: Callable[[Any, Ways], Mapping[str, Any]] | None = TIDIERS.get(type(shape))
    if changes is None:
        return shape
    return shape.model_copy(update=dict(changes(shape, Ways(fields, clean))))


def tidy_environment(shape: EnvironmentShape, ways: Ways) -> Mapping[str, Any]:
    return {
        "filter": shape.filter or None,
        "access_labels": in_order(shape.access_labels),
    }


def tidy_space(shape: SpaceShape, ways: Ways) -> Mapping[str, Any]:
    render = shape.render
    changes = {
        "html": ways.template(render.html, "html"),
        "text": ways.template(render.text, "text"),
        "json_": ways.template(render.json_, "json"),
    }
    return {"render": render.model_copy(update=changes)}


def tidy_category(shape: CategoryShape, ways: Ways) -> Mapping[str, Any]:
    return {
        "filter": shape.filter or None,
        "multiplier": number(Decimal(str(shape.multiplier)).quantize(SIXTH)),
        "access_labels": in_order(shape.access_labels),
    }


def tidy_offer(shape: OfferShape, ways: Ways) -> Mapping[str, Any]:
    return {
        "filter": shape.filter or None,
        "contexts": tuple(
            context.model_copy(update={"filter": context.filter or None})
            for context in shape.contexts
        ),
        **tidy_fallback_offer(shape, ways),
    }


def tidy_fallback_offer(shape: OfferShape | FallbackOfferShape, ways: Ways) -> Mapping[str, Any]:
    return {
        "content": ways.content(shape.content),
        "translations": ways.translations(shape.translations),
        "representations": tuple(
            one.model_copy(
                update={
                    "content": ways.content(one.content),
                    "translations": ways.translations(one.translations),
                }
            )
            for one in shape.representations
        ),
        "tags": in_order(shape.tags),
        "access_labels": in_order(shape.access_labels),
    }


def tidy_presentation_rule(shape: PresentationRuleShape, ways: Ways) -> Mapping[str, Any]:
    return {
        "applies_to": shape.applies_to or None,
        "recipients": shape.recipients or None,
        "propositions": shape.propositions or None,
    }


def in_order(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))


TIDIERS: Mapping[type[Shape], Callable[[Any, Ways], Mapping[str, Any]]] = {
    EnvironmentShape: tidy_environment,
    SpaceShape: tidy_space,
    CategoryShape: tidy_category,
    OfferShape: tidy_offer,
    FallbackOfferShape: tidy_fallback_offer,
    PresentationRuleShape: tidy_presentation_rule,
}
