"""Sentences that are kept for others to read, each in the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from django.conf import settings
from django.db.models import TextField
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.utils import translation

T = TypeVar("T")


def in_every_language(say: Callable[[], T]) -> dict[str, T]:
    """What is said, under the code of each language; to be kept in a JSON column."""
    said = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            said[code] = say()
    return said


def in_this_language(said: Mapping[str, str]) -> str:
    """A kept sentence as the reader has it; in another language when it lacks theirs."""
    return next((said[code] for code in codes() if code in said), "")


def column_in_this_language(name: str) -> Combinable:
    """The same of a column, for the database to search and to sort by."""
    return Coalesce(*[KT(f"{name}__{code}") for code in codes()], output_field=TextField())


def codes() -> list[str]:
    """The reader's language first."""
    known = [code for code, _name in settings.LANGUAGES]
    return sorted(known, key=lambda code: code != translation.get_language())
