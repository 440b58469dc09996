"""What keys of programs are told of the catalogue."""

from __future__ import annotations

from collections.abc import Collection

from accounts.spacesknown import ask_which_spaces_are
from catalog.models import Space


@ask_which_spaces_are
def spaces_among(names: Collection[str]) -> set[str]:
    return set(Space.objects.filter(name__in=names).values_list("name", flat=True))
