"""Where an offer stands: how far both sides are, what is missing, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from catalog.approving import SIDES, Act, Side, state_of, why_not
from catalog.contents import missing_in
from catalog.contentwords import content_settings
from catalog.describing import fallback_offer_shape, offer_shape
from catalog.gathering import key_of
from catalog.models import Approval, ApprovalStep, Offer, PlannedRelease
from catalog.problems import Problem
from catalog.readiness import Obstacle, doubts, in_the_way
from catalog.surroundings import Surroundings


@dataclass(frozen=True)
class SideNow:
    """One side of an offer, as a person finds it."""

    side: Side
    state: Approval
    missing: Sequence[Obstacle]
    deadline: datetime | None
    last: ApprovalStep | None
    why_not: str  # the person may not approve it

    @property
    def may_approve(self) -> bool:
        return not self.why_not

    @property
    def is_open(self) -> bool:
        """Is it to be finished and submitted?"""
        return self.state in {Approval.EDITING, Approval.REJECTED}

    @property
    def is_pending(self) -> bool:
        return self.state == Approval.PENDING

    @property
    def is_settled(self) -> bool:
        return self.state in {Approval.APPROVED, Approval.LIVE}

    @property
    def was_rejected(self) -> bool:
        return self.state == Approval.REJECTED

    @property
    def can_be_approved(self) -> bool:
        return self.may_approve and not self.is_settled and not self.missing

    @property
    def can_be_submitted(self) -> bool:
        return self.is_open and not self.missing


@dataclass(frozen=True)
class Situation:
    """Both sides, and what follows."""

    offer: Offer
    content: SideNow
    eligibility: SideNow
    doubts: Sequence[Problem]

    @property
    def sides(self) -> tuple[SideNow, SideNow]:
        return self.content, self.eligibility

    @property
    def planned(self) -> PlannedRelease | None:
        plan = self.offer.planned
        return plan if plan is not None and plan.state == PlannedRelease.State.WAITING else None

    @property
    def is_as_live(self) -> bool:
        """Is what is live what stands in design?"""
        return all(each.state == Approval.LIVE for each in self.sides)

    @property
    def has_changes(self) -> bool:
        return self.offer.is_live and not self.is_as_live

    @property
    def is_agreed(self) -> bool:
        """Both approved, and not live yet."""
        return all(each.is_settled for each in self.sides) and not self.is_as_live

    @property
    def is_held_up(self) -> bool:
        return self.is_agreed and bool(self.offer.publishing_error) and self.planned is None

    @property
    def missing(self) -> list[Obstacle]:
        return [one for each in self.sides if not each.is_settled for one in each.missing]

    @property
    def can_be_submitted(self) -> bool:
        """Some side is finished and waits for nobody yet, and no open side lacks anything."""
        open_sides = [each for each in self.sides if each.is_open]
        return bool(open_sides) and all(each.can_be_submitted for each in open_sides)

    @property
    def to_approve(self) -> list[SideNow]:
        return [each for each in self.sides if each.is_pending and each.may_approve]


def situation_of(offer: Offer, user: User, around: Surroundings) -> Situation:
    """Of an offer read `with_parts()`. The number of queries is constant."""
    last = last_steps(offer)
    found = {side: side_now(offer, side, user, around, last.get(side)) for side in SIDES}
    return Situation(offer, found[Side.CONTENT], found[Side.ELIGIBILITY], doubts(offer, around))


def side_now(
    offer: Offer, side: Side, user: User, around: Surroundings, last: ApprovalStep | None
) -> SideNow:
    missing = list(in_the_way(offer, side, around=around))
    if side == Side.CONTENT and state_of(offer, side) not in {Approval.APPROVED, Approval.LIVE}:
        missing += to_be_enabled(offer, around, missing)
    return SideNow(
        side,
        state_of(offer, side),
        missing,
        offer.content_deadline if side == Side.CONTENT else offer.eligibility_deadline,
        last,
        why_not(offer, side, user) or "",
    )


def to_be_enabled(offer: Offer, around: Surroundings, known: Sequence[Obstacle]) -> list[Obstacle]:
    """What keeps every representation from being enabled: they are complete, or there are none."""
    lacking = lacking_by_space(offer, around)
    if lacking and any(not fields for fields in lacking.values()):
        return []
    kind, name = key_of(offer)
    told = {one.problem.path for one in known}
    if not lacking:
        found = [Problem("representations", "no_representation", _("It appears in no space yet."))]
    else:
        words = {each.name: each.label for each in content_settings(offer.environment).fields}
        spaces = {each.space.name: each.space.label for each in offer.representations.all()}
        found = [
            Problem(
                f"representations.{space}",
                "required_missing",
                _("The space “%(space)s” requires: %(fields)s.")
                % {
                    "space": spaces[space],
                    "fields": ", ".join(words.get(one, one) for one in fields),
                },
            )
            for space, fields in lacking.items()
        ]
    return [Obstacle(kind, name, offer.label, each) for each in found if each.path not in told]


def lacking_by_space(offer: Offer, around: Surroundings) -> dict[str, list[str]]:
    """The required fields that each representation lacks; an empty list: it is complete."""
    shape = fallback_offer_shape(offer) if offer.is_fallback else offer_shape(offer)
    return {one.space: missing_in(shape, one, around) for one in shape.representations}


def last_steps(offer: Offer) -> dict[str, ApprovalStep]:
    """The last act of each side; a reminder changes nothing. Costs one query."""
    acts = offer.approval_steps.exclude(act=Act.REMINDED)
    steps = acts.order_by("side", "-at", "-pk").distinct("side")
    return {step.side: step for step in steps}
