"""How far both sides of an offer have come, and who may say yes to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts.journal import Actor
from accounts.models import Role, User
from accounts.rights import Right
from catalog.models import Approval, ApprovalStep, Offer, OfferQuerySet
from catalog.shapes import content_side, digest_of, eligibility_side

Side = ApprovalStep.Side
Act = ApprovalStep.Act
SIDES = (Side.CONTENT, Side.ELIGIBILITY)
BATCH = 5_000
AGREED = (Approval.APPROVED, Approval.LIVE)


class MayNotApprove(Exception):
    """Somebody else has to say yes to this side of this offer."""


def state_field(side: Side) -> str:
    return f"{side.value}_state"


def state_of(offer: Offer, side: Side) -> Approval:
    return Approval(getattr(offer, state_field(side)))


def is_agreed(offer: Offer) -> bool:
    """Both sides are approved or live: nothing more has to be said before it goes live."""
    return all(state_of(offer, side) in AGREED for side in SIDES)


# --- what was meant ---


def side_of(body: dict[str, Any], side: Side) -> dict[str, Any]:
    return content_side(body) if side == Side.CONTENT else eligibility_side(body)


def meant(body: dict[str, Any], side: Side) -> str:
    """The digest of what an approval is about. Taking an offer off line asks for no approval."""
    about = side_of(body, side)
    return digest_of({name: value for name, value in about.items() if name != "enabled"})


# --- editing takes an approval back ---


def reset(offers: OfferQuerySet, side: Side, *, by: Actor, at: datetime) -> int:
    """Put a side of these offers back to "being edited", and write down which approvals that ends.

    Belongs in the transaction that edits. Says how many were waiting, approved or live until now.
    """
    state = state_field(side)
    held = (
        Offer.objects.filter(pk__in=offers.order_by().values("pk"))
        .exclude(**{state: Approval.EDITING})
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    states = dict(held.values_list("pk", state))
    if not states:
        return 0
    this = Offer.objects.filter(pk__in=list(states))
    this.update(
        **{state: Approval.EDITING, f"{side.value}_deadline": None, "publishing_errors": {}}
    )
    asked = [pk for pk, was in states.items() if was in {Approval.PENDING, Approval.APPROVED}]
    note_steps(asked, side, Act.RESET, by=by, at=at)
    return len(states)


def note_steps(
    offer_pks: Iterable[int],
    side: Side,
    act: Act,
    *,
    by: Actor,
    at: datetime,
    comment: str = "",
) -> None:
    """Write down one act for many offers; what it was about is not said."""
    ApprovalStep.objects.bulk_create(
        [step(pk, side, act, digest="", by=by, at=at, comment=comment) for pk in offer_pks],
        batch_size=BATCH,
    )


def step(
    offer_pk: int, side: Side, act: Act, *, digest: str, by: Actor, at: datetime, comment: str = ""
) -> ApprovalStep:
    return ApprovalStep(
        offer_id=offer_pk,
        side=side,
        act=act,
        digest=digest,
        comment=comment,
        by=by if isinstance(by, User) else None,
        by_name="" if by is None else str(by)[:200],
        at=at,
    )


def last_approvals(offer_pks: Iterable[int]) -> dict[tuple[int, str], ApprovalStep]:
    """The last approval of each side of these offers, by (offer, side). Costs one query."""
    steps = (
        ApprovalStep.objects.filter(offer__in=list(offer_pks), act=Act.APPROVED)
        .order_by("offer", "side", "-at", "-pk")
        .distinct("offer", "side")
    )
    return {(each.offer_id, each.side): each for each in steps}


# --- who may say yes ---


def may_approve(offer: Offer, side: Side, by: Actor) -> bool:
    return why_not(offer, side, by) is None


def why_not(offer: Offer, side: Side, by: Actor) -> str | None:
    """Why somebody may not approve or reject this side; None when they may.

    The console (None) may everything. A program may only where nobody in particular is asked for:
    it is nobody whom a template could name, nor somebody other than the author.
    """
    if by is None:
        return None
    named = has_reviewers(offer)
    if not isinstance(by, User):
        if named or offer.environment.four_eyes:
            return _("This offer wants the approval of a person.")
        return None
    if not by.is_administrator and not (
        is_reviewer(offer, by) if named else Right.APPROVE_OFFER in by.rights
    ):
        return (
            _("Only the reviewers of its template may approve this offer.")
            if named
            else _("You may not approve offers.")
        )
    if offer.environment.four_eyes and by.pk in {offer.author_id, edited_by(offer, side)}:
        return _("In this environment nobody approves what they wrote themselves.")
    return None


def edited_by(offer: Offer, side: Side) -> int | None:
    key: int | None = getattr(offer, f"{side.value}_edited_by_id")
    return key


def has_reviewers(offer: Offer) -> bool:
    template = offer.template
    return template is not None and (
        template.reviewers.exists() or template.reviewer_roles.exists()
    )


def is_reviewer(offer: Offer, user: User) -> bool:
    template = offer.template
    return template is not None and (
        template.reviewers.filter(pk=user.pk).exists()
        or template.reviewer_roles.filter(users=user).exists()
    )


def reviewers_of(offer: Offer, side: Side) -> list[User]:
    """The people whom this side of an offer waits for: those who may approve it and see it."""
    active = User.objects.active().prefetch_related("roles").order_by("email")
    template = offer.template
    if template is not None and has_reviewers(offer):
        named = template.reviewers.through.objects.filter(
            offertemplate=template, user=OuterRef("pk")
        )
        by_role = Role.objects.filter(
            pk__in=template.reviewer_roles.values("pk"), users=OuterRef("pk")
        )
        people = list(active.filter(Exists(named) | Exists(by_role)))
    else:
        may = [role.pk for role in Role.objects.all() if Right.APPROVE_OFFER in role.granted]
        people = list(active.filter(roles__in=may).distinct())
    return [
        person
        for person in people
        if may_approve(offer, side, person)
        and Offer.objects.visible_to(person).filter(pk=offer.pk).exists()
    ]
