"""What an offer would say, to somebody or nobody, without anything being written.

The design side is made from rows, the live side from the revisions of the current release; both are
rendered by what renders decisions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from catalog.contentwords import ContentSettings, content_settings
from catalog.describing import fallback_offer_shape, offer_shape, space_shape
from catalog.models import Channel, Environment, Offer, Revision, Space
from catalog.models.content import BUILT_IN_FIELDS
from catalog.rendering import (
    KIND_OF_TYPE,
    BadContent,
    Kind,
    Notes,
    Rendered,
    RenderingFailed,
    render_representation,
)
from catalog.shapes import FallbackOfferShape, OfferShape, SpaceShape, shape_of
from contacts.columns import known
from contacts.disclosing import MASK
from contacts.facts import read_person
from contacts.models import Contact
from offers_site.http import Side

# Links of a preview lead nowhere, and look as they will.
TOLD_AS_TEXT = {Channel.CALL_CENTER, Channel.SMS, Channel.PUSH}
LINKS = {name: f"{settings.BASE_URL}/o/preview/{name}" for name in ("click", "accept", "reject")}


@dataclass(frozen=True)
class Subject:
    """What is previewed: an offer's form, its spaces', and the fields' kinds, of one side."""

    offer: OfferShape | FallbackOfferShape
    spaces: Mapping[str, SpaceShape]
    kinds: Mapping[str, Kind]
    labels: Mapping[str, str]
    language: str


@dataclass(frozen=True)
class Person:
    """For whom: what is known of them, as far as the reader may see it."""

    title: str = ""
    key: str = ""
    known: Mapping[str, Any] = field(default_factory=dict)

    @property
    def language(self) -> str | None:
        return self.known.get("language")


@dataclass(frozen=True)
class Previewed:
    """One representation: what came out, or why nothing did, and what to know about it."""

    space: SpaceShape
    rendered: Rendered | None = None
    failure: str = ""
    missing: Sequence[str] = ()
    lacking: Sequence[tuple[str, Sequence[str]]] = ()
    skipped: Sequence[tuple[str, Sequence[str]]] = ()

    @property
    def subject_line(self) -> str:
        content = self.rendered.content if self.rendered else {}
        return content.get("title") or ""

    @property
    def is_read_as_text(self) -> bool:
        """Somebody says it or reads it plain: there is no page to show, unless one was made."""
        return self.space.channel in TOLD_AS_TEXT and not self.space.render.html

    @property
    def facts(self) -> list[tuple[str, str]]:
        content = self.rendered.content if self.rendered else {}
        return [(name, value or "") for name, value in content.items() if name != "html"]


# --- what ---


def subject_of(offer: Offer, side: Side) -> Subject | None:
    """The offer on a side; None when it is not live."""
    return design_subject(offer) if side == "design" else live_subject(offer)


def design_subject(offer: Offer) -> Subject:
    settings_ = content_settings(offer.environment)
    shape = fallback_offer_shape(offer) if offer.is_fallback else offer_shape(offer)
    return subject_with(shape, settings_, spaces_of(offer.environment, shape))


def subject_with(
    shape: OfferShape | FallbackOfferShape,
    settings_: ContentSettings,
    spaces: Mapping[str, SpaceShape],
) -> Subject:
    """A form as it would be in design, saved or not."""
    labels = {each.name: each.label for each in settings_.fields}
    return Subject(shape, spaces, settings_.kinds, labels, settings_.language)


def spaces_of(
    environment: Environment, shape: OfferShape | FallbackOfferShape
) -> dict[str, SpaceShape]:
    names = [one.space for one in shape.representations]
    rows = Space.objects.filter(environment=environment, name__in=names).select_related(
        "default_category", "anonymous_space", "fallback_offer"
    )
    found = {row.name: space_shape(row) for row in rows}
    return {name: found[name] for name in names if name in found}


def live_subject(offer: Offer) -> Subject | None:
    kinds = Revision.Kind
    revisions = Revision.objects.filter(environment=offer.environment).of_release(
        offer.environment.release_number
    )
    own = kinds.FALLBACK_OFFER if offer.is_fallback else kinds.OFFER
    body = revisions.filter(kind=own, name=offer.code).values_list("body", flat=True).first()
    if body is None:
        return None
    shape = shape_of(own.value, body)
    if not isinstance(shape, OfferShape | FallbackOfferShape):
        return None
    names = [one.space for one in shape.representations]
    wanted = {kinds.SPACE: names, kinds.ENVIRONMENT: [offer.environment.name]}
    spaces: dict[str, SpaceShape] = {}
    language = offer.environment.language
    field_kinds, labels = built_in()
    for kind, name, each in revisions.filter(kind__in=[*wanted, kinds.CONTENT_FIELD]).values_list(
        "kind", "name", "body"
    ):
        if kind == kinds.SPACE and name in names:
            spaces[name] = SpaceShape.model_validate(shape_of(kind, each))
        elif kind == kinds.ENVIRONMENT:
            language = each["language"]
        elif kind == kinds.CONTENT_FIELD:
            field_kinds[name], labels[name] = KIND_OF_TYPE[each["type"]], each["label"]
    ordered = {name: spaces[name] for name in names if name in spaces}
    return Subject(shape, ordered, field_kinds, labels, language)


def built_in() -> tuple[dict[str, Kind], dict[str, str]]:
    return (
        {name: KIND_OF_TYPE[kind.value] for name, (kind, _label) in BUILT_IN_FIELDS.items()},
        {name: str(label) for name, (_kind, label) in BUILT_IN_FIELDS.items()},
    )


# --- for whom ---


def person_of(contact: Contact, *, personal: bool) -> Person:
    """Somebody as the reader may see them: personal data masked for those who may not."""
    columns = known()
    facts = read_person(contact.pk, columns)
    if not personal:
        facts = {
            name: MASK if columns[name].is_personal else value for name, value in facts.items()
        }
    title = contact.name if personal and contact.name else contact.key
    return Person(title, contact.key, facts)


def sample_of(environment: Environment, name: str) -> dict[str, Any]:
    """The call data of an example; without one, call data are absent."""
    found = (each["data"] for each in environment.samples if each["name"] == name)
    return dict(next(found, {}))


# --- what comes out ---


def preview(
    subject: Subject,
    spaces: Collection[str],
    *,
    person: Person | None,
    call: Mapping[str, Any],
    language: str | None,
    base_url: str = "",
) -> list[Previewed]:
    """Each of the representations, in the order of the offer. Costs no query."""
    return [
        preview_one(subject, space, person, call, language, base_url)
        for name, space in subject.spaces.items()
        if name in spaces
    ]


def preview_one(
    subject: Subject,
    space: SpaceShape,
    person: Person | None,
    call: Mapping[str, Any],
    language: str | None,
    base_url: str,
) -> Previewed:
    notes = Notes()
    try:
        rendered = render_representation(
            subject.offer,
            space,
            contact=person.known if person else None,
            call=call,
            language=language or (person.language if person else None),
            default_language=subject.language,
            proposition={"rank": 1, "status": "generated", "space": space.name},
            links=LINKS,
            kinds=subject.kinds,
            base_url=base_url,
            notes=notes,
        )
    except RenderingFailed as error:
        return Previewed(space, failure=failure_of(subject, error), **told(subject, notes))
    except BadContent as error:
        message = _("%(field)s: %(message)s")
        label = subject.labels.get(error.name, error.name)
        return Previewed(space, failure=message % {"field": label, "message": error.error})
    missing = [subject.labels.get(name, name) for name in rendered.missing]
    return Previewed(space, rendered, missing=missing, **told(subject, notes))


def failure_of(subject: Subject, error: RenderingFailed) -> str:
    label = subject.labels.get(error.field, error.field)
    return _("%(field)s gives nothing usable here: the offer would be left out.") % {"field": label}


def told(subject: Subject, notes: Notes) -> dict[str, Any]:
    def by_label(found: Mapping[str, Sequence[str]]) -> list[tuple[str, list[str]]]:
        return [
            (subject.labels.get(name, name), list(dict.fromkeys(words)))
            for name, words in found.items()
            if words
        ]

    return {"lacking": by_label(notes.lacking), "skipped": by_label(notes.skipped)}
