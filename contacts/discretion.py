"""What numbers tell to those who may not see personal data.

A count is an answer about people: whoever may ask "how many have this address" of everybody has
found out whose it is. So without the right to see personal data

- nobody writes a rule that compares what names a person, such as an address;
- such rules are not counted, nor are those that ask for other personal data of one key;
- rules that ask for other personal data, such as an age, are counted roughly;
- who the people are is not shown for either.

Whether something is known at all may be asked: pages show that to everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from contacts.columns import Column
from contacts.models import Audience
from contacts.vocabulary import words
from rules.checking import check_rule
from rules.jsonform import BadJson, from_json
from rules.refusals import BadRule
from rules.tree import Call, Name, Node, children

IDENTIFYING = frozenset({"email", "phone", "first_name", "last_name", "address1", "address2"})
PINPOINTING = frozenset({"key", "created_at"})  # not secret, but they single one person out
FEWEST = 20  # fewer than that are not told apart


class Discretion(Enum):
    """How much a person is told of those whom a rule describes."""

    OPEN = "open"  # everything
    ROUGH = "rough"  # about how many
    CLOSED = "closed"  # nothing


@dataclass(frozen=True)
class Figure:
    """A number of people: exact, about, or only that they are `fewer` than it."""

    number: int
    about: bool = False
    fewer: bool = False

    def __str__(self) -> str:
        number = number_format(self.number)
        if self.fewer:
            return _("fewer than %(number)s") % {"number": number}
        return _("about %(number)s") % {"number": number} if self.about else number

    @property
    def rough(self) -> Figure:
        """As much as may be told of it: two digits, and nothing of small groups."""
        if self.number < FEWEST:
            return Figure(FEWEST, fewer=True)
        digits = max(len(str(self.number)), 3)
        return Figure(int(round(self.number, 2 - digits)), about=True)


def discretion_of(trees: Iterable[Node], columns: Mapping[str, Column]) -> Discretion:
    """Of trees that are asked together, with their filters written out."""
    asked = {name for tree in trees for name in attributes_compared(tree)}
    personal = {name for name in asked if is_personal(name, columns)}
    if not personal:
        return Discretion.OPEN
    if personal & IDENTIFYING or asked & PINPOINTING:
        return Discretion.CLOSED
    return Discretion.ROUGH


def is_personal(name: str, columns: Mapping[str, Column]) -> bool:
    """What is not known any more is taken for personal."""
    return name not in columns or columns[name].is_personal


def attributes_compared(tree: Node) -> Iterator[str]:
    return (node.path[1] for node in names_compared(tree) if len(node.path) > 1)


def names_compared(tree: Node) -> Iterator[Name]:
    """The attributes of contacts whose value a tree asks for, not only whether there is one."""
    if isinstance(tree, Name):
        if tree.path[0] == "contact":
            yield tree
    elif not (isinstance(tree, Call) and tree.function == "has"):
        for part in children(tree):
            yield from names_compared(part)


def identifying_names(tree: Node) -> list[Name]:
    """The places where a tree asks for what names a person."""
    return [name for name in names_compared(tree) if set(name.path[1:]) & IDENTIFYING]


def why_closed() -> str:
    return _(
        "You may not see personal data, and these numbers could tell it: the rule asks for what "
        "names a person, or for personal data of single people."
    )


def why_nobody() -> str:
    return _("You may not see personal data: who these people are is not shown.")


# --- audiences ---


def discretions_of(
    audiences: Collection[Audience], columns: Mapping[str, Column]
) -> dict[str, Discretion]:
    """By name of the audience. Costs two queries, whatever their number."""
    known = words(columns=columns) if audiences else None
    found = {}
    for audience in audiences:
        found[audience.name] = Discretion.OPEN
        if audience.is_rule and known is not None:
            try:
                tree = check_rule(from_json(audience.tree), known).tree
            except (BadRule, BadJson):
                found[audience.name] = Discretion.CLOSED
            else:
                found[audience.name] = discretion_of([tree], columns)
    return found
