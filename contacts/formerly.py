"""What the rules of former releases name, though it is not in use any more.

A decision is explained from the release that made it, however long ago. What was declared then
stands in the journal, which nobody changes.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from accounts.models import JournalEntry
from contacts.columns import Column, column_of
from contacts.models import Attribute
from rules.kinds import DECLARABLE
from rules.sql import type_of


def former_columns(names: Collection[str]) -> dict[str, Column]:
    """Attributes that were retired, with their values; of those that were purged all are missing.

    Costs two queries at most, and none without names.
    """
    if not names:
        return {}
    rows = Attribute.objects.filter(name__in=names).exclude(retired_at=None)
    found = {each.name: column_of(each) for each in rows}
    purged = set(names) - found.keys()
    declared = declarations("attribute.declared", "contacts.attribute", purged)
    for name, kind in declared.values_list("subject_key", "after__type"):
        if kind in DECLARABLE:
            nothing = f"NULL::{type_of(DECLARABLE[kind])}"
            column = Column(name, "", DECLARABLE[kind], name, is_personal=True, expression=nothing)
            found[name] = column
    return found


def former_lists(names: Collection[str]) -> dict[str, int]:
    """The numbers of lists that were deleted, by name."""
    if not names:
        return {}
    deleted = declarations("audience.deleted", "contacts.audience", names)
    numbers = deleted.values_list("subject_key", "before__number")
    return {name: number for name, number in numbers if isinstance(number, int)}


def declarations(verb: str, kind: str, names: Collection[str]) -> QuerySet[JournalEntry]:
    """The last of several counts, so it comes last."""
    entries = JournalEntry.objects.filter(verb=verb, subject_type=kind, subject_key__in=names)
    return entries.order_by("at", "id")
