"""The words of rules over contacts: what may be named, what people call it, where it stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from accounts.models import User
from contacts.columns import Column, known
from contacts.models import Audience, AudienceMember
from rules.checking import Checked, check_rule, named_filters
from rules.jsonform import BadJson, from_json
from rules.kinds import Kind
from rules.parsing import parse
from rules.refusals import BadRule
from rules.sql import Surroundings
from rules.tree import Name, Node, walk
from rules.vocabulary import COMMON, Vocabulary, vocabulary
from rules.wording import Labels


@dataclass(frozen=True)
class Datum:
    """Something that a call brings along, as an environment declares it: `call.<name>`."""

    name: str
    kind: Kind
    label: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)  # labels by value


@dataclass(frozen=True)
class Predefined:
    """A rule that an environment gives a name, beside the audiences of all."""

    name: str
    label: str
    rule: str


@dataclass(frozen=True)
class Topics:
    """What a rule may speak of besides people, audiences, the space and the moment."""

    call: Sequence[Datum] = ()
    offer: bool = True  # the offer that is looked at
    propositions: bool = False  # those that a presentation rule counts
    filters: Sequence[Predefined] = ()  # they stand before audiences of the same name
    people: bool = True  # False: of nothing but the offer
    kind: Literal["contact", "visitor"] = "contact"  # who is counted


EVERYWHERE = Topics()


def words(
    *, columns: Mapping[str, Column] | None = None, topics: Topics = EVERYWHERE
) -> Vocabulary:
    """What a rule may name: attributes, call data, predefined filters. Costs two queries."""
    columns = known() if columns is None else columns
    choices = {f"contact.{name}": column.choices for name, column in columns.items()}
    choices |= {f"call.{datum.name}": datum.choices for datum in topics.call}
    filters, lists = predefined()
    own = parsed(topics.filters)
    filters |= own
    lists = {name: number for name, number in lists.items() if name not in own}
    if not topics.people:
        return about_offers(vocabulary(contact={}, filters=filters))
    return vocabulary(
        contact={name: column.kind for name, column in columns.items()},
        call={datum.name: datum.kind for datum in topics.call},
        filters=filters,
        lists=lists,
        choices={name: tuple(values) for name, values in choices.items() if values},
        counts_propositions=topics.propositions,
        about_offers=topics.offer,
    )


def about_offers(known: Vocabulary) -> Vocabulary:
    """What may be asked where only the catalogue is known, and nobody is there."""
    names = {name: kind for name, kind in COMMON.items() if name.startswith("offer.")}
    return replace(known, names=names, lists={})


def parsed(filters: Sequence[Predefined]) -> dict[str, Node]:
    """The trees of rules with names; one that is no rule any more is not there."""
    found: dict[str, Node] = {}
    for each in filters:
        with suppress(BadRule):
            found[each.name] = parse(each.rule)
    return found


def predefined() -> tuple[dict[str, Node], dict[str, int]]:
    """What `filter("…")` may name: the trees of described audiences, the numbers of lists."""
    filters, lists = {}, {}
    for pk, name, kind, tree in Audience.objects.values_list("pk", "name", "kind", "tree"):
        if kind == Audience.Kind.LIST:
            lists[name] = pk
            continue
        with suppress(BadJson):  # written by a later version of the product
            filters[name] = from_json(tree)
    return filters, lists


def check(text: str, *, columns: Mapping[str, Column] | None = None) -> Checked:
    """The rule of a text over contacts; raises BadRule with every mistake in it."""
    return check_rule(parse(text), words(columns=columns))


def labels(
    columns: Mapping[str, Column] | None = None,
    *,
    topics: Topics = EVERYWHERE,
    audiences: Collection[Audience] = (),
) -> Labels:
    """What people call attributes, call data, their values, and audiences that may be seen."""
    columns = known() if columns is None else columns
    names = {f"contact.{c.name}": in_a_sentence(str(c.label)) for c in columns.values()}
    names |= {f"call.{d.name}": in_a_sentence(d.label) for d in topics.call if d.label}
    values = {f"contact.{c.name}": c.choices for c in columns.values() if c.choices}
    values |= {f"call.{d.name}": d.choices for d in topics.call if d.choices}
    seen = {audience.name: audience.label for audience in audiences}
    lists = {audience.name for audience in audiences if not audience.is_rule}
    own = {each.name: each.label for each in topics.filters}
    return Labels(names, values, seen | own, frozenset(lists - set(own)))


def in_a_sentence(label: str) -> str:
    """A label as it stands after other words: only abbreviations keep their capitals."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def surroundings(
    *,
    at: datetime,
    zone: str,
    columns: Mapping[str, Column] | None = None,
    values: Mapping[str, Any] | None = None,
) -> Surroundings:
    """What names mean in SQL; `@.` stands for the contacts' table."""
    columns = known() if columns is None else columns
    places = {f"contact.{c.name}": f'@."{c.column}"' for c in columns.values()}
    return Surroundings(
        places, now=at, zone=zone, values=values or {}, membership=membership("@.id")
    )


def membership(contact: str, table: str = AudienceMember._meta.db_table) -> str:
    """Whether somebody is on a list, whose number stands at {}."""
    return (
        f"EXISTS (SELECT 1 FROM {table} AS member"  # noqa: S608 (our words)
        f" WHERE member.audience_id = {{}} AND member.contact_id = {contact})"
    )


# --- who names whom ---


def named_attributes(tree: Node) -> set[str]:
    """The attributes of contacts that a tree names itself, without those of its filters."""
    return {
        node.path[1]
        for node in walk(tree)
        if isinstance(node, Name) and node.path[0] == "contact" and len(node.path) > 1
    }


def audiences_naming(
    *, attribute: str | None = None, audience: str | None = None, by: User | None
) -> Collection[tuple[str, str]]:
    """The (name, label) of audiences whose rule names an attribute, or another audience.

    Of those that `by` may see; None is the console.
    """
    found = []
    seen = Audience.objects.described() if by is None else Audience.objects.visible_to(by)
    for name, label, tree in seen.described().values_list("name", "label", "tree"):
        node = from_json(tree)
        if attribute in named_attributes(node) or audience in named_filters(node):
            found.append((name, label))
    return sorted(found)


def naming_each_other() -> dict[str, list[tuple[str, str]]]:
    """For each audience that others name: the (name, label) of those others. Costs one query."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, label, tree in Audience.objects.described().values_list("name", "label", "tree"):
        for named in named_filters(from_json(tree)):
            found.setdefault(named, []).append((name, label))
    return found
