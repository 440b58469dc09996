"""The spaces of an offer on the pages that edit what it says there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.forms.content import EVERYWHERE, ContentForm, Place
from catalog.models import Environment, Offer, Space
from catalog.problems import Problem
from catalog.shapes import FallbackOfferShape, OfferShape

OfferForm = OfferShape | FallbackOfferShape


@dataclass(frozen=True)
class SpaceOnPage:
    """A space in the pane: can it be added, or is the offer there already?"""

    space: Space
    is_in: bool
    is_enabled: bool = False


def chosen_spaces(environment: Environment, shape: OfferForm, data: Any) -> list[Space]:
    """The spaces that the page edits, in order: of the form, or as the page says."""
    names = [one.space for one in shape.representations]
    if data is not None:
        names = [*data.getlist("content-spaces"), *data.getlist("space-add")]
        gone = set(data.getlist("space-remove"))
        names = [name for name in names if name not in gone]
    found = {
        space.name: space
        for space in Space.objects.filter(
            environment=environment, name__in=[name for name in names if "\0" not in name]
        )
    }
    return [found[name] for name in dict.fromkeys(names) if name in found]


def places_of_form(
    environment: Environment, chosen: Sequence[Space], offer: Offer | None = None
) -> list[SpaceOnPage]:
    """All spaces of the environment, those without this offer first to be added."""
    inside = {space.pk for space in chosen}
    enabled: set[int] = set()
    if offer is not None:
        enabled = {one.space_id for one in offer.representations.all() if one.is_enabled}
    spaces = Space.objects.filter(environment=environment).order_by("label", "pk")
    return [SpaceOnPage(space, space.pk in inside, space.pk in enabled) for space in spaces]


def content_problems(
    form: ContentForm, problems: Iterable[Problem]
) -> Iterator[tuple[str | None, str]]:
    """Each problem with the key of its field; None where it is about no field of the page."""
    spaces = [space.name for space in form.settings.spaces]
    default = form.settings.language
    for problem in problems:
        key = key_of(problem.path, spaces, default)
        yield (key if key in form.fields else None), problem.message


def key_of(path: str, spaces: Sequence[str], default: str) -> str:
    """`representations[0].translations.fr.title` as the form names it."""
    space, rest = EVERYWHERE, path
    found = re.match(r"representations\[(\d+)\]\.(.*)", path)
    if found:
        number = int(found[1])
        space, rest = (spaces[number] if number < len(spaces) else ""), found[2]
    if rest.startswith("content."):
        return Place(space, default, rest.removeprefix("content.")).key
    parts = rest.split(".")
    if len(parts) == 3 and parts[0] == "translations":
        return Place(space, parts[1], parts[2]).key
    return ""
