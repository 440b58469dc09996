"""How many people a rule of an environment describes, alone and within what surrounds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from catalog.models import Environment
from catalog.wordbook import topics_of
from contacts.discretion import Figure
from contacts.ruleblocks import read_rule
from contacts.rulecounting import TooSlow, Withheld, count
from contacts.rulewords import words_for
from rules.checking import check_rule
from rules.parsing import parse
from rules.refusals import BadRule


@dataclass(frozen=True)
class Population:
    """The numbers of a rule; none where it means nothing, or where counting takes too long.

    Nor where they would tell personal data to this person.
    """

    all: Figure | None = None
    rule: Figure | None = None
    within: Figure | None = None  # together with the filter of the environment
    left_out: tuple[str, ...] = ()  # what only a call tells


def population_of(
    environment: Environment, rule: str, *, user: User, at: datetime, zone: Any
) -> Population:
    words = words_for(user, topics=topics_of(environment))
    try:
        tree = parse(rule)
        around = [parse(environment.filter)] if environment.filter else []
        for each in (tree, *around):
            check_rule(each, words.vocabulary)
        blocks = read_rule(tree, words.vocabulary, zone)
        found = count(words, blocks, around=around, at=at, zone=zone)
    except (BadRule, TooSlow, Withheld):
        return Population()
    return Population(found.all, found.rule, found.within, found.left_out)
