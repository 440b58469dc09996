"""Is content of the fields that there are, and can each be kept as its type asks?"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils.translation import gettext as _

from catalog.cleaning import Cleaned, clean_field
from catalog.problems import Problem
from catalog.rendering import BadTemplate, Kind
from catalog.rendering.representing import KIND_OF_TYPE
from catalog.shapes import FallbackOfferShape, OfferShape, RepresentationShape
from catalog.surroundings import Surroundings

Content = Mapping[str, str]


def check_content(content: Content, path: str, around: Surroundings) -> list[Problem]:
    found = []
    for name, value in content.items():
        place = f"{path}.{name}"
        kind = around.fields.get(name)
        if kind is None:
            found.append(unknown_field(name, place, around))
        else:
            found += check_kept(value, place, KIND_OF_TYPE[kind], around)
    return found


def check_kept(
    text: str | None,
    path: str,
    kind: Kind,
    around: Surroundings,
    fields: frozenset[str] = frozenset(),
) -> list[Problem]:
    """Why a text cannot be kept, or what is taken out of it. `fields` as in `parse_template`."""
    if not text:
        return []
    try:
        cleaned = clean_once(around, text, kind, fields=fields)
    except BadTemplate as refusal:
        return [refused(refusal, path, kind)]
    if not cleaned.removed:
        return []
    message = _("This is taken out: %(what)s.") % {"what": ", ".join(cleaned.removed)}
    return [Problem(path, "taken_out", message, "warning")]


def clean_once(
    around: Surroundings, text: str, kind: Kind, *, fields: frozenset[str] = frozenset()
) -> Cleaned:
    """What `clean_field` says, which the surroundings remember if they have been asked to."""
    if around.cleaned is None:
        return clean_field(text, kind, fields=fields)
    key = (kind, text, fields)
    if key not in around.cleaned:
        around.cleaned[key] = clean_field(text, kind, fields=fields)
    cleaned: Cleaned = around.cleaned[key]
    return cleaned


def refused(refusal: BadTemplate, path: str, kind: Kind) -> Problem:
    if kind in {"url", "image"}:
        return Problem(path, "bad_address", refusal.message)
    known = {"line": refusal.line, "column": refusal.column, "message": refusal.message}
    message = _("Line %(line)s, column %(column)s: %(message)s") % known
    return Problem(path, "bad_template", message)


def unknown_field(name: str, path: str, around: Surroundings) -> Problem:
    return Problem(
        path,
        "unknown_field",
        _("There is no content field “%(name)s”. There are %(known)s.")
        % {"name": name, "known": ", ".join(around.fields)},
    )


def check_translations(
    translations: Mapping[str, Content], path: str, around: Surroundings
) -> list[Problem]:
    return [
        problem
        for code, content in translations.items()
        for problem in check_content(content, f"{path}.{code}", around)
    ]


# --- is everything there that a space asks for? ---


def missing_fields(content: Content, own: Content, required: Collection[str]) -> list[str]:
    """The fields that a space requires and that neither the offer nor its own content fills."""
    return [name for name in required if not (own.get(name) or content.get(name) or "").strip()]


def missing_in(
    shape: OfferShape | FallbackOfferShape,
    representation: RepresentationShape,
    around: Surroundings,
) -> list[str]:
    place = around.places.get(representation.space)
    required = place.required if place else ()
    return missing_fields(shape.content, representation.content, required)


def check_representations(
    shape: OfferShape | FallbackOfferShape, around: Surroundings
) -> list[Problem]:
    """Each space at most once, of this environment, with what it asks for."""
    found: list[Problem] = []
    seen: set[str] = set()
    for number, one in enumerate(shape.representations):
        path = f"representations[{number}]"
        found += check_place(one.space, f"{path}.space", around)
        if one.space in seen:
            found.append(
                Problem(
                    f"{path}.space",
                    "space_twice",
                    _("There are two representations for the space “%(space)s”.")
                    % {"space": one.space},
                )
            )
        seen.add(one.space)
        found += check_content(one.content, f"{path}.content", around)
        found += check_translations(one.translations, f"{path}.translations", around)
        found += [
            Problem(
                f"{path}.content.{name}",
                "required_missing",
                _("The space “%(space)s” requires the field “%(field)s”.")
                % {"space": one.space, "field": name},
                "warning",
            )
            for name in missing_in(shape, one, around)
        ]
    return found


def check_place(name: str | None, path: str, around: Surroundings) -> list[Problem]:
    """A space of this environment."""
    if name is None:
        return []
    place = around.places.get(name)
    if place is None:
        message = _("There is no space “%(name)s”.") % {"name": name}
        return [Problem(path, "unknown_space", message)]
    if place.environment != around.environment:
        message = _("The space “%(name)s” belongs to the environment “%(environment)s”.") % {
            "name": name,
            "environment": place.environment,
        }
        return [Problem(path, "space_elsewhere", message)]
    return []
