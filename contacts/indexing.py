"""Indexes for the attributes that rules ask for, where they pay."""

from __future__ import annotations

from django.db import connection

from contacts import columns
from contacts.models import Attribute, Audience
from contacts.vocabulary import named_attributes
from rules.jsonform import from_json
from rules.kinds import BOOL

ENOUGH_PEOPLE = 50_000  # below, reading everything is as fast
ENOUGH_VALUES = 100  # fewer leave too many people for each value


def index_what_pays() -> list[str]:
    """Index the attributes that audiences ask for and that single out few people; their names."""
    asked: set[str] = set()
    for tree in Audience.objects.described().values_list("tree", flat=True):
        asked |= named_attributes(from_json(tree))
    made = []
    for attribute in Attribute.objects.in_use().filter(name__in=asked, is_indexed=False):
        if pays(attribute):
            columns.index(attribute)
            Attribute.objects.filter(pk=attribute.pk).update(is_indexed=True)
            made.append(attribute.name)
    return made


def pays(attribute: Attribute) -> bool:
    """Whether most questions about it leave few people, as far as the statistics tell."""
    if attribute.rule_kind == BOOL:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.reltuples, s.n_distinct, cardinality(s.most_common_elem_freqs)"
            " FROM pg_class c JOIN pg_stats s ON s.tablename = c.relname"
            " WHERE c.oid = to_regclass(%s) AND s.attname = %s",
            [columns.TABLE, attribute.column],
        )
        found = cursor.fetchone()
    if found is None:
        return False
    people, distinct, elements = found
    values = distinct if distinct >= 0 else -distinct * people
    if attribute.rule_kind.is_list:
        values = elements or 0
    return bool(people >= ENOUGH_PEOPLE and values >= ENOUGH_VALUES)
