"""Why each offer of an environment is, or is not, in an answer: as programs and pages read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contacts.values import to_json
from decisioning.asks import Decided
from decisioning.engine.compiled import Facts
from decisioning.engine.values import Answer, Explained, Step
from decisioning.live import Live
from decisioning.showing import Showing
from rules.explaining import explain

REASONS: Mapping[Step, str | Promise] = {
    Step.SCOPE: _("The call asks for other categories or themes."),
    Step.REPRESENTATION: _("It has no content that can be shown in this space."),
    Step.DISABLED: _("It, or a category above it, is off line."),
    Step.DATES: _("Its dates do not include this moment."),
    Step.CATEGORY_DATES: _("The dates of a category above it do not include this moment."),
    Step.ENVIRONMENT_FILTER: _("The filter of the environment leaves this person out."),
    Step.CATEGORY_FILTER: _("The filter of a category above it leaves this person out."),
    Step.OFFER_FILTER: _("Its filter leaves this person out."),
    Step.CONTEXT: _("None of its contexts gives it a weight for this person here."),
    Step.PRESENTATION_RULE: _("A presentation rule keeps it back."),
    Step.CAP: _("One of its caps is used up."),
    Step.DIVERSITY: _("The answer has as many of its category as the space allows."),
    Step.DUPLICATE: _("Another slot of the call shows it."),
    Step.RANK: _("Others are better, and no more were asked for."),
    Step.SELECTED: _("It is proposed."),
}


def explained(answer: Answer, decided: Decided, showing: Showing) -> list[dict[str, Any]]:
    """One entry for every offer of the environment, those that were chosen first."""
    live = showing.live_now(decided.release)
    facts = facts_of(answer, decided, showing, live)
    return [entry(one, live, facts, showing) for one in answer.explained]


def facts_of(answer: Answer, decided: Decided, showing: Showing, live: Live) -> Facts:
    space = live.spaces[answer.space]
    return {
        "contact": decided.person.facts,
        "call": showing.slots[answer.slot].call,
        "space": {"name": space.name, "channel": space.channel},
        "identification": {"": showing.identification},
        "offer": {},
    }


def entry(one: Explained, live: Live, facts: Facts, showing: Showing) -> dict[str, Any]:
    weighed = one.weight is not None
    return {
        "offer": one.offer,
        "step": str(one.step),
        "reason": str(REASONS[one.step]),
        "rule": one.subject or None,
        "count": one.count,
        "limit": one.limit,
        "window": [to_json(each) for each in one.window] if one.window else None,
        "failed": failed(one, live, facts, showing),
        "weight": float(one.weight) if one.weight is not None else None,
        "factors": {
            "context": one.context,
            "formula": float(one.formula) if one.formula is not None else None,
            "multipliers": [
                {"category": name, "multiplier": float(value)} for name, value in one.multipliers
            ],
        }
        if weighed
        else None,
        "rank": one.rank,
    }


def failed(one: Explained, live: Live, facts: Facts, showing: Showing) -> list[dict[str, Any]]:
    """The fewest conditions that would have to change, with what the person has."""
    if one.test is None:
        return []
    offer = live.engine.release.by_code[one.offer]
    told = {**facts, "offer": offer.facts}
    found = explain(one.test, told, showing.at, live.engine.release.zone)
    return [
        {
            "text": change.condition.text,
            "value": value_of(change.condition.values),
            "must_hold": change.must_hold,
        }
        for change in found.changes
    ]


def value_of(values: Mapping[str, Any]) -> Any:
    """What the person has: the value itself where the condition looks at one alone."""
    plain = {name: to_json(value) for name, value in values.items()}
    return next(iter(plain.values())) if len(plain) == 1 else plain
