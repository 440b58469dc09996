"""Stored decisions, explained again from what was stored with them, however much later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from catalog.models import Environment
from catalog.models.spaces import Status
from decisioning.engine.values import Question
from decisioning.live import NothingLive, live_for
from decisioning.models import Interaction
from decisioning.offered import Offered
from decisioning.reasons import Explanation, Teller, Told, explanations_of
from decisioning.replaying import line_of, lines, question_from, replayed
from decisioning.seeing import Eyes, eyes_of


class Untellable(Exception):
    """What it was decided from is not kept any more. The message says why."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one offer in a decision, and in which spaces."""

    spaces: tuple[str, ...]
    told: Told | None  # None: the release did not know it, or the reader may not see it


@dataclass(frozen=True, slots=True)
class Fates:
    """The same of a whole decision, or why it cannot be told."""

    each: tuple[Fate, ...] = ()
    untellable: str = ""


@dataclass(frozen=True, slots=True)
class Retold:
    """A decision with everything that it was made from."""

    one: Interaction
    eyes: Eyes
    question: Question

    def explanations(self, *, offer: str = "", step: str = "") -> list[Explanation]:
        return explanations_of(self.question, self.eyes, offer=offer, step=step)

    def fates(self, code: str) -> tuple[Fate, ...]:
        """What became of an offer, once where several slots say the same. Costs no query."""
        question = replace(self.question, explain=True)
        decision = self.eyes.live.engine.decide(question)
        found: dict[object, tuple[Told | None, dict[str, None]]] = {}
        for answer in decision.answers:
            told = told_of(code, Teller(answer, question, self.eyes))
            key = told and (told.why, told.rank, told.needs)
            _told, spaces = found.setdefault(key, (told, {}))
            spaces[self.eyes.space(answer.space)] = None
        return tuple(Fate(tuple(spaces), told) for told, spaces in found.values())

    def is_as_it_was(self, stored: list[Offered]) -> bool:
        """Whether it comes out again as it was stored."""
        return lines(map(line_of, stored)) == replayed(self.one, self.eyes.live)

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The slots of the call as they were asked for, with names for people."""
        return [
            {
                "slot": slot.slot,
                "space": self.eyes.space(slot.space),
                "count": slot.count,
                "categories": [self.eyes.category(name) for name in slot.categories],
                "themes": slot.themes,
            }
            for slot in self.question.slots
        ]

    @property
    def history(self) -> list[dict[str, Any]]:
        """The past propositions that its rules could look at, the newest first."""
        past = sorted(self.question.history, key=lambda each: each.at, reverse=True)
        return [
            {
                "at": each.at,
                "offer": self.eyes.offer(each.offer, is_fallback=each.is_fallback),
                "space": self.eyes.space(each.space),
                "status": Status(each.status).word,
                "status_label": Status(each.status).label,
            }
            for each in past
            if self.eyes.may_see_offer(each.offer, is_fallback=each.is_fallback)
        ]


def told_of(code: str, teller: Teller) -> Told | None:
    """What became of an offer; one that may not be seen is like one that there never was."""
    chosen = next((one for one in teller.answer.propositions if one.offer == code), None)
    if chosen is not None:
        return teller.chosen(chosen) if teller.may_see(chosen) else None
    found = teller.explained.get(code)
    return teller.left(found) if found and teller.eyes.may_see_offer(code) else None


class Reader:
    """Reads stored decisions with the eyes of one person; each release is looked at once."""

    def __init__(self, user: User, environments: Mapping[int, Environment]) -> None:
        self.user = user
        self.environments = environments
        self.eyes: dict[tuple[int, int], Eyes] = {}

    def retold(self, one: Interaction) -> Retold:
        """A decision with its inputs; raises Untellable."""
        if one.inputs is None:
            raise Untellable(
                _("The person was erased, and with them what the decision was made from.")
            )
        try:
            eyes = self.eyes_for(one)
            return Retold(one, eyes, question_from(one, eyes.live))
        except NothingLive:
            raise Untellable(_("The release that decided is not kept any more.")) from None

    def fates(self, one: Interaction, code: str) -> Fates:
        try:
            return Fates(self.retold(one).fates(code))
        except Untellable as reason:
            return Fates(untellable=str(reason))

    def eyes_for(self, one: Interaction) -> Eyes:
        key = (one.environment_id, one.release)
        if key not in self.eyes:
            live = live_for(*key)
            self.eyes[key] = eyes_of(self.user, live, self.environments[one.environment_id])
        return self.eyes[key]
