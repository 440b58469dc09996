"""What an offer says in a space: its fields for one person, and the HTML, text and JSON of them.

Nothing here reads the database. Whoever renders for many people makes the `Plan` once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from catalog.models.content import BUILT_IN_FIELDS, ContentType
from catalog.rendering.compiling import Frame
from catalog.rendering.refusals import BadTemplate, RenderingFailed
from catalog.rendering.templates import Kind, Template, parse_template
from catalog.rendering.values import one_line, seen
from catalog.shapes import FallbackOfferShape, OfferShape, RepresentationShape, SpaceShape

Fields = Mapping[str, str]
KIND_OF_TYPE: Mapping[str, Kind] = {
    ContentType.TEXT.value: "line",
    ContentType.LONG_TEXT.value: "text",
    ContentType.HTML.value: "html",
    ContentType.URL.value: "url",
    ContentType.IMAGE.value: "image",
}
BUILT_IN_KINDS: Mapping[str, Kind] = {
    name: KIND_OF_TYPE[kind.value] for name, (kind, _label) in BUILT_IN_FIELDS.items()
}
# What a space shows that has no template of its own.
DEFAULT_HTML = (
    "{% if html != blank %}{{ html }}{% else %}"
    "{% assign target = links.click | default: destination_url %}"
    '{% if target != blank %}<a href="{{ target }}">{% endif %}'
    '{% if image_url != blank %}<img src="{{ image_url }}" alt="{{ title }}">'
    "{% else %}{{ title }}{% endif %}"
    "{% if target != blank %}</a>{% endif %}"
    "{% endif %}"
)
DEFAULT_TEXT = (
    "{% if text != blank %}{{ text }}{% else %}{{ title }}"
    "{% assign target = links.click | default: destination_url %}"
    "{% if target != blank %}\n{{ target }}{% endif %}{% endif %}"
)
DEFAULTS = frozenset({DEFAULT_HTML, DEFAULT_TEXT})
EVERY_WAY = frozenset({"html", "text", "json"})


class Rendered(NamedTuple):
    """One representation for one person. `missing` are the required fields that stayed empty."""

    content: dict[str, str | None]
    html: str
    text: str
    json: Any
    missing: tuple[str, ...] = ()


@dataclass
class Notes:
    """What a preview tells: per field the values that were missing, the conditions not met."""

    lacking: dict[str, list[str]] = field(default_factory=dict)
    skipped: dict[str, list[str]] = field(default_factory=dict)


class BadContent(Exception):
    """Content that was kept although it is no template: names the field."""

    def __init__(self, name: str, error: BadTemplate) -> None:
        super().__init__(f"{name}: {error}")
        self.name = name
        self.error = error


class Written(Protocol):
    """Content and its variants: of an offer, and of one of its representations."""

    @property
    def content(self) -> Fields: ...
    @property
    def translations(self) -> Mapping[str, Fields]: ...


@dataclass(frozen=True)
class Plan:
    """An offer in a space and a language: its templates, read once."""

    fields: Mapping[str, Template | None]
    required: tuple[str, ...]
    html: Template
    text: Template
    json: Template | None
    known: Mapping[str, Any]
    base_url: str

    def render(
        self,
        person: Mapping[str, Any],
        *,
        proposition: Mapping[str, Any],
        links: Mapping[str, str],
        notes: Notes | None = None,
        ways: frozenset[str] = EVERY_WAY,
    ) -> Rendered:
        """For somebody; raises RenderingFailed. `person` is what `person_names` gave.

        `ways` are those in which somebody will read it: the others stay empty.
        """
        names = {**self.known, **person, "proposition": proposition, "links": links}
        content = self.fixed.copy()
        for name, template in self.personal:
            content[name] = self.filled(name, template, names, notes)
        names.update(content)
        return Rendered(
            content=content,
            html=written("render.html", self.html, names, notes) if "html" in ways else "",
            text=written("render.text", self.text, names, notes) if "text" in ways else "",
            json=self.as_json(names, content, notes) if "json" in ways else None,
            missing=tuple(name for name in self.required if not content.get(name)),
        )

    @cached_property
    def personal(self) -> tuple[tuple[str, Template], ...]:
        """The fields that may say something else to each."""
        return tuple((n, one) for n, one in self.fields.items() if one and one.fixed is None)

    @cached_property
    def fixed(self) -> dict[str, str | None]:
        """What all others say, and places for those."""
        mine = dict(self.personal)
        return {n: None if n in mine else self.filled(n, t, {}) for n, t in self.fields.items()}

    def as_json(
        self, names: Mapping[str, Any], content: dict[str, str | None], notes: Notes | None
    ) -> Any:
        if self.json is None:
            return content
        return json.loads(written("render.json", self.json, names, notes))

    def filled(
        self,
        name: str,
        template: Template | None,
        names: Mapping[str, Any],
        notes: Notes | None = None,
    ) -> str | None:
        """A field's value; None when nothing was written there."""
        if template is None:
            return None
        value = written(name, template, names, notes)
        if template.kind == "image" and value.startswith("/assets/"):
            return self.base_url + value
        return one_line(value) if template.kind == "line" else value


def written(name: str, template: Template, names: Mapping[str, Any], notes: Notes | None) -> str:
    try:
        if notes is None or template.is_static or template.source in DEFAULTS:
            return template.render(names)
        frame = Frame(names, traces=True)
        try:
            return template.render_in(frame)
        finally:
            notes.lacking.setdefault(name, []).extend(frame.lacking or ())
            notes.skipped.setdefault(name, []).extend(frame.skipped or ())
    except RenderingFailed as error:
        error.field = name
        raise


def person_names(
    contact: Mapping[str, Any] | None, call: Mapping[str, Any], language: str
) -> dict[str, Any]:
    """What templates may ask of a person and a call: the same for every offer."""
    return {"contact": seen(contact or {}), "call": seen(call), "language": language}


def plan_for(
    offer: OfferShape | FallbackOfferShape,
    space: SpaceShape,
    *,
    language: str | None,
    default_language: str,
    kinds: Mapping[str, Kind] = BUILT_IN_KINDS,
    base_url: str = "",
) -> Plan:
    """The templates of an offer in a space; raises BadContent. Costs no query.

    `kinds` are those of all content fields of the environment, `base_url` goes before pictures
    that we serve.
    """
    own = next((one for one in offer.representations if one.space == space.name), NOTHING_OWN)
    chosen = variant(language, default_language, [own, offer])
    fields = frozenset(kinds)
    pictures = ('"/assets/', f'"{base_url}/assets/')

    def template(name: str) -> Template | None:
        text, kind = text_of(name, chosen, own, offer), kinds.get(name, "text")
        return (
            read(name, text.replace(*pictures) if kind == "html" else text, kind) if text else None
        )

    used = [one.name for one in space.fields] or sorted(own_names(own, offer))
    return Plan(
        fields={name: template(name) for name in used},
        required=tuple(one.name for one in space.fields if one.required),
        html=read("html", (space.render.html or DEFAULT_HTML).replace(*pictures), "html", fields),
        text=read("text", space.render.text or DEFAULT_TEXT, "text", fields),
        json=read("json", space.render.json_, "json", fields) if space.render.json_ else None,
        known={"offer": offer_names(offer), "space": space_names(space)},
        base_url=base_url,
    )


NOTHING_OWN = RepresentationShape(space="none")


def read(name: str, text: str, kind: Kind, fields: frozenset[str] = frozenset()) -> Template:
    try:
        return parse_template(text, kind=kind, fields=fields)
    except BadTemplate as error:
        raise BadContent(name, error) from error


def variant(language: str | None, default: str, written_in: list[Written]) -> str | None:
    """The language of content for somebody; None is the default one."""
    if not language:
        return None
    wanted = language.replace("_", "-")
    short = wanted.split("-")[0].lower()
    known = {code.lower(): code for each in written_in for code in each.translations}
    for code in (wanted.lower(), short):
        if code == default.lower():
            return None
        if code in known:
            return known[code]
    return None


def text_of(name: str, language: str | None, own: Written, offer: Written) -> str:
    """What a field says: in the language if it does, and in this space if it does."""
    if language is not None:
        for each in (own, offer):
            if text := each.translations.get(language, {}).get(name):
                return text
    return own.content.get(name) or offer.content.get(name) or ""


def own_names(own: Written, offer: Written) -> set[str]:
    return {
        name
        for each in (own, offer)
        for content in (each.content, *each.translations.values())
        for name in content
    }


def offer_names(offer: OfferShape | FallbackOfferShape) -> dict[str, Any]:
    names: dict[str, Any] = {"code": offer.code, "label": offer.label, "tags": offer.tags}
    if isinstance(offer, OfferShape):
        names |= {"category": offer.category, "start": offer.start, "end": offer.end}
    return dict(seen(names))


def space_names(space: SpaceShape) -> dict[str, Any]:
    return {"name": space.name, "label": space.label, "channel": space.channel}


def render_representation(
    offer: OfferShape | FallbackOfferShape,
    space: SpaceShape,
    *,
    contact: Mapping[str, Any] | None,
    call: Mapping[str, Any],
    language: str | None,
    default_language: str,
    proposition: Mapping[str, Any] | None = None,
    links: Mapping[str, str] | None = None,
    kinds: Mapping[str, Kind] = BUILT_IN_KINDS,
    base_url: str = "",
    notes: Notes | None = None,
) -> Rendered:
    """What the offer says to somebody in the space; raises RenderingFailed and BadContent."""
    plan = plan_for(
        offer,
        space,
        language=language,
        default_language=default_language,
        kinds=kinds,
        base_url=base_url,
    )
    person = person_names(contact, call, language or default_language)
    return plan.render(person, proposition=seen(proposition or {}), links=links or {}, notes=notes)
