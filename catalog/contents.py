"""Is content of the fields that there are, and does each hold what its type asks for?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from catalog.problems import Problem
from catalog.shapes import FallbackOfferShape, OfferShape, RepresentationShape
from catalog.surroundings import Surroundings

PERSONALISED = re.compile(r"\{\{|\{%")
NOT_IN_ADDRESSES = re.compile(r"[\x00-\x20\x7f\\\"<>^`|]")
OUR_OWN = re.compile(r"/(?![/\\])")  # a picture that we serve

Content = Mapping[str, str]


def check_content(content: Content, path: str, around: Surroundings) -> list[Problem]:
    found = []
    for name, value in content.items():
        place = f"{path}.{name}"
        kind = around.fields.get(name)
        if kind is None:
            found.append(unknown_field(name, place, around))
            continue
        if kind in {"url", "image"} and value:
            found += check_address(value, place, is_picture=kind == "image")
        found += check_template(value, place)
    return found


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


def check_address(value: str, path: str, *, is_picture: bool) -> Iterator[Problem]:
    """An address leads to http or https. Of one that is personalised the beginning says so."""
    start, *personal = PERSONALISED.split(value.strip(), maxsplit=1)
    if is_picture and OUR_OWN.match(start) and not NOT_IN_ADDRESSES.search(start):
        return
    if not is_address(start, whole=not personal):
        yield Problem(
            path,
            "bad_address",
            _("Expected an address that begins with https:// or http://, not “%(value)s”.")
            % {"value": value[:100]},
        )


def is_address(text: str, *, whole: bool) -> bool:
    if NOT_IN_ADDRESSES.search(text) or not re.match(r"https?://", text, re.IGNORECASE):
        return False
    try:
        host = urlsplit(text).netloc
    except ValueError:
        return False
    return bool(host) or not whole


def check_template(text: str | None, path: str) -> list[Problem]:
    """The mistakes of the template language in a text."""
    return []


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
